"""ICD-10-CM by code: titles, hierarchy, 7th characters, notes, and whether a code may be reported on a date.

Place in the flow: the engine proposes from it, the edits check against it. Codes are dotted ("E11.9"); a code with its
7th character ("S42.201A") is derived from its node, never stored. Invariant: `is_billable` agrees with the official
order file of the same release.
"""

import re
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path

from shared.codesets.cache import hash_content, load_or_build
from shared.codesets.icd10cm_tabular import TabularRows, find_packaged_tabular, parse_tabular
from shared.codesets.icd10cm_validity import Validity, load_validity

_FORMAT = "3"


class NoteKind(StrEnum):
    """The kinds of instructional notes of the Tabular List."""

    INCLUDES = "includes"
    INCLUSION = "inclusion"
    EXCLUDES1 = "excludes1"
    EXCLUDES2 = "excludes2"
    USE_ADDITIONAL = "use_additional"
    CODE_FIRST = "code_first"
    CODE_ALSO = "code_also"
    NOTES = "notes"


def dot_code(code: str) -> str:
    """The code with its dot and in capitals: "e119" and "E11.9" become "E11.9"."""
    bare = code.strip().upper().replace(".", "")
    return f"{bare[:3]}.{bare[3:]}" if len(bare) > 3 else bare


class CodeSet:
    """One release of ICD-10-CM. Look-ups raise KeyError for a code that the release does not have."""

    def __init__(self, rows: TabularRows, content_hash: str) -> None:
        self.release = rows["release"]
        self.content_hash = content_hash
        self._titles = rows["titles"]
        self._names = rows["names"]
        self._parents = rows["parents"]
        self._notes = rows["notes"]
        self._sevenths = rows["sevenths"]
        self._index = {name: index for index, name in enumerate(self._names)}
        self._billable: dict[str, bool] = {}
        self._children: dict[int, list[int]] = {}
        for index, parent in enumerate(self._parents):
            self._children.setdefault(parent, []).append(index)

    def __contains__(self, code: str) -> bool:
        return code in self._index or self._split(code) is not None

    def _split(self, code: str) -> tuple[str, str] | None:
        """A 7-character code's node and its 7th character, when both exist."""
        if len(code) != 8:
            return None
        node = code[:-1]
        while node not in self._index and node.endswith("X"):
            node = node[:-1].rstrip(".")
        if node in self._index and self.is_leaf(node) and code[-1] in self.seventh_characters(node):
            return node, code[-1]
        return None

    def node_of(self, code: str) -> str:
        """The code without its 7th character and placeholders."""
        if code in self._index:
            return code
        split = self._split(code)
        if split is None:
            raise KeyError(code)
        return split[0]

    def title(self, code: str) -> str:
        """The official title; a 7th character adds its meaning after a comma."""
        if code in self._index:
            return self._titles[self._index[code]]
        split = self._split(code)
        if split is None:
            raise KeyError(code)
        return f"{self.title(split[0])}, {self.seventh_characters(split[0])[split[1]]}"

    def nodes(self) -> Iterator[str]:
        """All categories and codes before the 7th character, in tabular order."""
        return (name for name in self._names if name[0].isalpha() and "-" not in name)

    def is_leaf(self, node: str) -> bool:
        """Whether the Tabular List divides `node` no further, 7th characters aside."""
        return self._index[node] not in self._children

    def children(self, node: str) -> tuple[str, ...]:
        """The nodes directly below."""
        return tuple(self._names[i] for i in self._children.get(self._index[node], ()))

    def leaves(self, node: str) -> tuple[str, ...]:
        """All nodes below (or `node` itself) that are divided no further."""
        below = self.children(node)
        return tuple(leaf for child in below for leaf in self.leaves(child)) if below else (node,)

    def ancestors(self, code: str) -> tuple[str, ...]:
        """From the nearest node above to the chapter; for a 7-character code its node comes first."""
        node = self.node_of(code)
        found = [] if node == code else [node]
        index = self._parents[self._index[node]]
        while index >= 0:
            found.append(self._names[index])
            index = self._parents[index]
        return tuple(found)

    def category(self, code: str) -> str:
        """The 3-character category."""
        return code[:3]

    def chapter(self, code: str) -> str:
        """The chapter's number, as text."""
        return self.ancestors(code)[-1]

    def seventh_characters(self, node: str) -> dict[str, str]:
        """The 7th characters that `node` takes, from the nearest table at or above it; empty when it takes none."""
        table = next((self._sevenths[n] for n in (node, *self.ancestors(node)) if n in self._sevenths), {})
        if node.startswith("S06") and node[6:7] in {"7", "8"}:
            # The note at S06: a patient who died before regaining consciousness has no later encounter.
            return {"A": table["A"]}
        return table

    def with_seventh(self, node: str, character: str) -> str:
        """`node` with placeholders and the 7th character: ("W19", "A") gives "W19.XXXA"."""
        return dot_code(node.replace(".", "").ljust(6, "X") + character)

    def is_billable(self, code: str) -> bool:
        """Whether `code` is complete: a leaf, with its 7th character where one is required."""
        known = self._billable.get(code)
        if known is None:
            known = self._find_billable(code)
            if known:
                # Only what the release has is kept, so that no caller can fill the memory.
                self._billable[code] = known
        return known

    def _find_billable(self, code: str) -> bool:
        if code in self._index:
            return code[:1].isalpha() and "-" not in code and self.is_leaf(code) and not self.seventh_characters(code)
        return self._split(code) is not None

    def billable_codes(self) -> Iterator[str]:
        """Every complete code, in tabular order."""
        for node in self.nodes():
            if self.is_leaf(node):
                sevenths = self.seventh_characters(node)
                yield from (self.with_seventh(node, c) for c in sevenths) if sevenths else (node,)

    def is_valid(self, code: str, on: date | None) -> bool:
        """Whether `code` is complete and in force on the date of service; without a date, in this release."""
        return self.is_billable(code) if on is None else self._validity.is_valid(code, on)

    def find_in_force(self, code: str, on: date | None) -> str | None:
        """`code` where it may be reported on the date, else the code above it that was not divided yet; else None."""
        if self.is_valid(code, on):
            return code
        return next(
            (above for above in self.ancestors(code) if above in self._nodes and self.is_valid(above, on)), None
        )

    @cached_property
    def _nodes(self) -> frozenset[str]:
        return frozenset(self.nodes())

    @cached_property
    def _validity(self) -> Validity:
        # Nodes too: one that this release divides may have been a complete code in an earlier year.
        return load_validity(f"{self.content_hash}-nodes", [*self.billable_codes(), *self._undivided_before()])

    def _undivided_before(self) -> Iterator[str]:
        return (node for node in self.nodes() if not self.is_billable(node))

    def notes(self, code: str, kind: NoteKind) -> tuple[str, ...]:
        """The notes that stand at `code` itself."""
        return tuple(self._notes.get(code, {}).get(kind, ()))

    def inherited_notes(self, code: str, kind: NoteKind) -> tuple[str, ...]:
        """The notes at `code` and at everything above it, nearest first, as the conventions apply them."""
        return tuple(note for at in (code, *self.ancestors(code)) for note in self.notes(at, kind))


_TARGETS = re.compile(r"\(([^()]*[A-Z]\d[^()]*)\)")
_CODE = r"([A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?)"
_TARGET = re.compile(rf"{_CODE}(?:\.?-?\s*(?:-|to)\s*{_CODE})?")


def read_targets(note: str) -> tuple[tuple[str, str], ...]:
    """The codes that a note points to, as inclusive (first, last) ranges of code prefixes.

    "gestational diabetes (O24.4-)" gives (("O24.4", "O24.4"),); "... (I20-I25)" gives (("I20", "I25"),).
    """
    found = (m for part in _TARGETS.findall(note) for m in _TARGET.finditer(part))
    return tuple((m[1], m[2] or m[1]) for m in found)


def in_targets(code: str, targets: tuple[tuple[str, str], ...]) -> bool:
    """Whether `code` falls in one of the ranges of code prefixes."""
    # A loop, not any(): a chart asks this hundreds of times.
    for first, last in targets:  # noqa: SIM110 - a generator costs more than what it asks
        if first <= code and code[: len(last)] <= last:
            return True
    return False


@cache
def load_icd10cm(tabular: Path | None = None) -> CodeSet:
    """The release in `tabular`, by default the one that is installed; parsed once, then read from the cache."""
    content = (tabular or find_packaged_tabular()).read_bytes()
    key = hash_content(_FORMAT.encode(), content)
    return CodeSet(load_or_build("icd10cm", key, lambda: parse_tabular(content)), key)
