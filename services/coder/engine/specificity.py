"""Moves a recognised code to the most specific one that the words support, and names the details that stay open.

Place in the flow: after concept recognition and assertion, mention by mention. Example: "pain in the knee ... the right
knee" gives M25.569, then M25.561; "fracture of the wrist" gets "A" as its 7th character while it is being treated.
Invariant: the code only ever moves to one whose additional words stand in the text; the classification's own default
(displaced, closed, initial encounter) is the one thing that is assumed, and laterality never is.
"""

import re
from collections.abc import Callable, Collection, Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from services.coder.engine.page import Page
from services.coder.engine.tokens import read_words
from shared.codesets.icd10cm import CodeSet

_SIDES = re.compile(r"\b(right|left|bilateral|unspecified)\b", re.IGNORECASE)
_SIDE_WORDS = {
    "right": "right",
    "rt": "right",
    "left": "left",
    "lt": "left",
    "bilateral": "bilateral",
    "bilaterally": "bilateral",
    "both": "bilateral",
}
# Each word looks back for its beginning: a pattern that begins with letters is found quickly, one with \b is not.
_SIDE = "|".join(rf"{word}(?<!\w{word})" for word in _SIDE_WORDS)
_SIDE_PATTERN = re.compile(rf"({_SIDE})\b")
_SITED = 4
"""How many words behind a side it may be the side of."""
_TIES = frozenset({" ", "-"})
_NOUN_AFTER_UNSPECIFIED = re.compile(r"\bunspecified (?:side|site)\b")
_LATER = re.compile(
    r"\b(?:follow[- ]?up (?:of|for|visit for)|healing|healed|status[- ]post|s/p|post[- ]?op(?:erative)?|cast removal|"
    r"aftercare|weeks? (?:out|after|ago)|months? (?:out|after|ago))\b",
    re.IGNORECASE,
)
_SEQUELA = re.compile(r"\b(?:sequelae?|late effects?|residuals?) (?:of|from)\b", re.IGNORECASE)
_OPEN_DETAILS = (
    (re.compile(r"unspecified trimester"), "trimester"),
    (re.compile(r"stage unspecified|unspecified stage"), "stage"),
    (re.compile(r"unspecified site|site not specified|unspecified part|unspecified joint"), "site"),
    (re.compile(r"unspecified (?:as acute|severity)|severity unspecified"), "severity"),
    (re.compile(r"unspecified type|unspecified organism"), "type"),
)


class Specific(NamedTuple):
    """A code as specific as the words allow, with the details that they leave open."""

    code: str
    missing: tuple[str, ...]


class _Known(NamedTuple):
    """What is known of a node without a text: all but its side and its 7th character, where it takes them."""

    specific: Specific
    sevenths: dict[str, str]
    is_side_open: bool


class Specifier:
    """Knows the families of codes that differ by side alone, and the 7th characters."""

    def __init__(self, codes: CodeSet) -> None:
        self._codes = codes
        self._family_of, self._families = _find_families(codes)
        self._known: dict[str, _Known] = {}

    def refine(self, code: str, context: Callable[[], str]) -> Specific:
        """Refine `code`, a node of the release, by the words of `context`: its sentence, asked for only when needed."""
        known = self._describe(code)
        if known.is_side_open:
            known = self._describe(self._take_side(code, find_side(context())))
        if not known.sevenths:
            return known.specific
        seventh = _choose_seventh(known.sevenths, context())
        return Specific(self._codes.with_seventh(known.specific.code, seventh), known.specific.missing)

    def take_sides(self, code: str, sides: Collection[str]) -> tuple[str, ...]:
        """The codes for a condition on `sides` whose `code` leaves the side open; both sides are two codes at times."""
        node = self._codes.node_of(code)
        family = self.side_family(node)
        if family.get("unspecified") != node or not sides:
            return (code,)
        both = "bilateral" in sides or {"left", "right"} <= set(sides)
        wanted = ("bilateral",) if both and "bilateral" in family else ("right", "left") if both else tuple(sides)
        suffix = code[-1] if code != node else ""
        nodes = [family[side] for side in wanted if side in family]
        return tuple(self._codes.with_seventh(n, suffix) if suffix else n for n in nodes) or (code,)

    def _describe(self, node: str) -> "_Known":
        """What is known of a node without a text; kept, since a note names the same few codes again and again."""
        found = self._known.get(node)
        if found is None:
            sevenths = self._codes.seventh_characters(node) if self._codes.is_leaf(node) else {}
            is_side_open = self.side_family(node).get("unspecified") == node
            found = self._known[node] = _Known(Specific(node, self._name_missing(node)), sevenths, is_side_open)
        return found

    def _name_missing(self, node: str) -> tuple[str, ...]:
        if not self._codes.is_leaf(node):
            return ("type",)
        side = ("laterality",) if self.side_family(node).get("unspecified") == node else ()
        return side + name_open_details(self._codes.title(node))

    def side_family(self, code: str) -> dict[str, str]:
        """The codes that differ from `code` by side alone, by side; empty when side does not matter."""
        return self._families.get(self._family_of.get(code, ""), {})

    def _take_side(self, code: str, side: str | None) -> str:
        family = self.side_family(code)
        if not family or side is None or family.get("unspecified") != code:
            return code
        return family.get(side, code)


def _find_families(codes: CodeSet) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Leaves under one parent whose titles agree once the word for the side is blanked."""
    families: dict[str, dict[str, str]] = {}
    for node in codes.nodes():
        if len(node) > 4 and codes.is_leaf(node):
            title = codes.title(node)
            sides = _SIDES.findall(title)
            if sides:
                shape = _SIDES.sub("~", title).lower().rstrip("s")
                families.setdefault(f"{node[:-1]}|{shape}", {}).setdefault(_family_side(sides), node)
    kept = {key: family for key, family in families.items() if len(family) > 1}
    return {code: key for key, family in kept.items() for code in family.values()}, kept


def _family_side(sides: list[str]) -> str:
    named = [side.lower() for side in sides if side.lower() != "unspecified"]
    return named[0] if named else "unspecified"


@cache
def load_specifier(codes: CodeSet) -> Specifier:
    """The specifier of a release, made once a process."""
    return Specifier(codes)


def find_sited_sides(page: Page) -> dict[str, set[str]]:
    """Which sides a page names with which words: "right distal radius" gives right to "distal" and "radius"."""
    found: dict[str, set[str]] = {}
    words, gaps = page.folded_words, {number: gap for number, _, gap in page.gaps}
    reached = 0
    for at in [at for at, word in enumerate(words) if word in _SIDE_WORDS]:
        if at >= reached and gaps.get(at + 1, " ") in _TIES:
            reached = at + 1
            while reached < len(words) and reached <= at + _SITED and words[reached].isalpha():
                reached += 1
                if reached in gaps:
                    break
            for word in read_words(" ".join(page.words[at + 1 : reached])):
                found.setdefault(word, set()).add(_SIDE_WORDS[words[at]])
    return found


def find_side(context: str) -> str | None:
    """The one side that `context` names; None when it names none or, other than as both, several."""
    sides = {_SIDE_WORDS[word] for word in _SIDE_PATTERN.findall(context.lower())}
    if "bilateral" in sides or sides == {"left", "right"}:
        return "bilateral" if "bilateral" in sides else None
    return sides.pop() if sides else None


def _choose_seventh(sevenths: dict[str, str], context: str) -> str:
    """Active treatment unless the words say otherwise (Guidelines I.C.19.a); else the one that means unspecified."""
    if "A" in sevenths:
        if "S" in sevenths and _SEQUELA.search(context):
            return "S"
        return "D" if "D" in sevenths and _LATER.search(context) else "A"
    unspecified = (c for c, meaning in sevenths.items() if "unspecified" in meaning)
    return next(unspecified, min(sevenths))


@cache
def name_open_details(title: str) -> tuple[str, ...]:
    """The details that a title itself calls unspecified."""
    lower = title.lower()
    return tuple(detail for pattern, detail in _OPEN_DETAILS if pattern.search(lower))


def drop_less_specific(codes: CodeSet, found: Iterable[str]) -> frozenset[str]:
    """Of `found`, the codes that say less than another of them: the category's or subcategory's unspecified code."""
    present = set(found)
    vague = {c for c in present if _is_vague(codes, c)}
    return frozenset(c for c in vague if any(o != c and o not in vague and o[:3] == c[:3] for o in present))


@lru_cache(maxsize=50_000)
def _is_vague(codes: CodeSet, code: str) -> bool:
    return "unspecified" in codes.title(code).lower() or not codes.is_billable(code)


_CONTEXT_REACH = 240
_SENTENCE_END = re.compile(r"[.!;?](?=\s)|\n")
_TO_LAST_END = re.compile(r"(?s).*(?:[.!;?](?=\s)|\n)")


def find_context(text: str, start: int, end: int) -> str:
    """The sentence around a span, at most 240 characters to either side."""
    first, last = max(0, start - _CONTEXT_REACH), min(len(text), end + _CONTEXT_REACH)
    before, after = _TO_LAST_END.match(text, first, start), _SENTENCE_END.search(text, end, last)
    return text[before.end() if before else first : after.start() if after else last]
