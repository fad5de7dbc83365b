"""The `DiagnosisBook` of ICD-10-CM's Tabular List: notes and titles, read once a code and kept; pure.

Invariant: what it says of a code depends on nothing but the release, so what is kept is never stale.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from services.claims.edits.reference import Exclusion, Fault
from shared.codesets.icd10cm import CodeSet, NoteKind, in_targets, read_targets

_SIDE = re.compile(r"\b(right|left|bilateral)\b", re.IGNORECASE)
_OPEN_SIDE = re.compile(r"\bunspecified\b", re.IGNORECASE)


class Targets:
    """The codes that notes point to: prefixes, tested at C speed, and the few true ranges."""

    def __init__(self, notes: Iterable[str]) -> None:
        found = [target for note in notes for target in read_targets(note)]
        self._prefixes = tuple(first for first, last in found if first == last)
        self._ranges = tuple(target for target in found if target[0] != target[1])

    def names(self, code: str) -> bool:
        """Whether one of the notes points to `code`."""
        return code.startswith(self._prefixes) or (self._ranges != () and in_targets(code, self._ranges))


@dataclass(frozen=True, slots=True)
class _CodeNotes:
    excluded: Targets
    """At the code or its category, and at its block or chapter."""
    at_code: Targets
    first: Targets
    side: str
    has_sided_sibling: bool


_NOTHING = Targets(())
_UNKNOWN = _CodeNotes(_NOTHING, _NOTHING, _NOTHING, "", False)


class TabularBook:
    """See `reference.DiagnosisBook`."""

    def __init__(self, codes: CodeSet) -> None:
        self._codes = codes
        self._known: dict[str, _CodeNotes] = {}

    def find_fault(self, code: str) -> Fault:
        """Why `code`, which is not in force, is not."""
        if self._codes.is_billable(code):
            return Fault.NOT_IN_FORCE
        if code not in self._codes:
            return Fault.LACKS_SEVENTH if self._has_wrong_seventh(code) else Fault.NOT_IN_FORCE
        return Fault.LACKS_SEVENTH if self._codes.is_leaf(code) else Fault.NOT_SPECIFIC

    def _has_wrong_seventh(self, code: str) -> bool:
        """Whether `code` continues a node that takes 7th characters, but not with one of them."""
        shorter = (code[:length].rstrip(".") for length in range(len(code) - 1, 2, -1))
        nodes = [node for node in shorter if node in self._codes and self._codes.is_leaf(node)]
        return any(self._codes.seventh_characters(node) for node in nodes)

    def excludes(self, code: str, other: str) -> Exclusion | None:
        """Whether an Excludes1 note at or above one of the codes names the other; the nearest counts."""
        one, two = self._notes_of(code), self._notes_of(other)
        if not one.excluded.names(other) and not two.excluded.names(code):
            return None
        is_near = one.at_code.names(other) or two.at_code.names(code)
        return Exclusion.CODE if is_near else Exclusion.CHAPTER

    def comes_after(self, code: str, other: str) -> bool:
        """Whether a 'code first' note at or above `code` names `other`."""
        return self._notes_of(code).first.names(other)

    def side_of(self, code: str) -> str:
        """The side that the title names, '' for none or several."""
        return self._notes_of(code).side

    def has_sided_sibling(self, code: str) -> bool:
        """Whether the title leaves the side open that a title beside it names."""
        return self._notes_of(code).has_sided_sibling

    def _notes_of(self, code: str) -> _CodeNotes:
        found = self._known.get(code)
        if found is None:
            found = self._known[code] = self._read(code) if code in self._codes else _UNKNOWN
        return found

    def _read(self, code: str) -> _CodeNotes:
        above = (code, *self._codes.ancestors(code))
        near = [name for name in above if "-" not in name and not name.isdigit()]
        return _CodeNotes(
            excluded=self._targets(above, NoteKind.EXCLUDES1),
            at_code=self._targets(near, NoteKind.EXCLUDES1),
            first=self._targets(above, NoteKind.CODE_FIRST),
            side=_read_side(self._codes.title(self._codes.node_of(code))),
            has_sided_sibling=self._leaves_side_open(self._codes.node_of(code)),
        )

    def _targets(self, names: Iterable[str], kind: NoteKind) -> Targets:
        return Targets(note for name in names for note in self._codes.notes(name, kind))

    def _leaves_side_open(self, node: str) -> bool:
        title = self._codes.title(node)
        if _read_side(title) or not _OPEN_SIDE.search(title):
            return False
        siblings = {self._codes.title(name) for name in self._codes.children(self._codes.ancestors(node)[0])}
        # "Pain in unspecified knee" is "Pain in right knee" but for that word.
        return any(title[: m.start()] + "right" + title[m.end() :] in siblings for m in _OPEN_SIDE.finditer(title))


def _read_side(title: str) -> str:
    sides = {side.lower() for side in _SIDE.findall(title)}
    return sides.pop() if len(sides) == 1 else ""
