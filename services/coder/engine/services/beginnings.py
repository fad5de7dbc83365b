"""How the text that a regular expression matches can begin: its first characters, in small letters.

Place in the flow: `words` tries a pattern only where a word of a note begins so; pure. Invariant: whatever a pattern
matches begins with one of its beginnings; one that may begin with anything has the beginning "".
"""

import re
from collections.abc import Iterable

LENGTH = 3
"""Characters that are told apart."""
_ELEMENT = re.compile(
    r"(?P<quantifier>[?*+]|\{\d*,?\d*\})|(?P<group>\((?:\?:|\?P<\w+>|\?=|\?!|\?<=|\?<!)?)|(?P<end>\))|(?P<or>\|)"
    r"|(?P<set>\[(?:\\.|[^\]])+\])|\\(?P<escaped>.)|(?P<any>\.)|(?P<literal>[^\\])"
)
_DIGITS = frozenset("0123456789")
_WIDTHLESS = ("(?=", "(?!", "(?<=", "(?<!")
_NOTHING = frozenset({""})
_SIGNS = {"?": (0, 1), "*": (0, LENGTH), "+": (1, LENGTH)}
_ANYTHING = "\0"
"""Ends a beginning of which nothing more is known."""


def list_beginnings(pattern: str) -> frozenset[str]:
    """The beginnings of what `pattern` matches, of at most `LENGTH` characters.

    Known are literals, sets, groups, looking around, alternatives and quantifiers, not flags and back references; what
    is not known raises ValueError.
    """
    elements = list(_ELEMENT.finditer(pattern))
    if sum(len(each[0]) for each in elements) != len(pattern):
        raise ValueError(f"a pattern that is not understood: {pattern}")
    found, reached = _read_alternatives(elements, 0)
    if reached != len(elements):
        raise ValueError(f"a bracket too many: {pattern}")
    return frozenset(each.rstrip(_ANYTHING) for each in found)


def _read_alternatives(elements: list[re.Match[str]], place: int) -> tuple[frozenset[str], int]:
    """What the alternatives from `place` begin with, and where they end."""
    found: frozenset[str] = frozenset()
    current, before_last, last = _NOTHING, _NOTHING, None
    while place < len(elements) and elements[place].lastgroup != "end":
        each = elements[place]
        if each.lastgroup == "or":
            found, current, last = found | current, _NOTHING, None
        elif each.lastgroup != "quantifier":
            last, place = _read_element(elements, place)
            before_last, current = current, _join(current, last)
        elif last is not None:
            current = _join(before_last, _repeat(last, each[0]))
        else:
            raise ValueError("a quantifier in a pattern with nothing before it, or a flag")
        place += 1
    return found | current, place


def _read_element(elements: list[re.Match[str]], place: int) -> tuple[frozenset[str], int]:
    """What one element begins with, and where it ends."""
    each = elements[place]
    if each.lastgroup == "group":
        inner, end = _read_alternatives(elements, place + 1)
        if end == len(elements):
            raise ValueError("a bracket that is not closed")
        return (_NOTHING if each[0] in _WIDTHLESS else inner), end
    if each.lastgroup == "escaped":
        return _read_escaped(each["escaped"]), place
    if each.lastgroup == "literal" and each[0] not in "^$":
        return frozenset({each[0].lower()}), place
    return _read_set(each[0]), place


def _read_escaped(letter: str) -> frozenset[str]:
    if letter in "bB":
        return _NOTHING
    if letter == "d":
        return _DIGITS
    return frozenset({_ANYTHING if letter.isalnum() else letter})


def _read_set(written: str) -> frozenset[str]:
    """The characters of a set that lists them, such as [- ]; anything of one that tells them otherwise."""
    inside = written[1:-1]
    if not inside or inside[0] == "^" or "\\" in inside or "-" in inside[1:-1]:
        return frozenset({_ANYTHING})
    return frozenset(inside.lower())


def _repeat(element: frozenset[str], quantifier: str) -> frozenset[str]:
    least, most = _SIGNS.get(quantifier) or _read_bounds(quantifier)
    times, found = _NOTHING, _NOTHING if not least else frozenset[str]()
    for count in range(1, min(most, LENGTH) + 1):
        times = _join(times, element)
        if count >= min(least, LENGTH):
            found |= times
    return found


def _read_bounds(quantifier: str) -> tuple[int, int]:
    """The bounds of {2}, {1,3}, {,3} and {2,}."""
    first, comma, last = quantifier[1:-1].partition(",")
    return int(first or 0), int(last or LENGTH) if comma else int(first)


def _join(before: Iterable[str], after: frozenset[str]) -> frozenset[str]:
    return frozenset(
        each if len(each) >= LENGTH or each.endswith(_ANYTHING) else (each + more)[:LENGTH]
        for each in before
        for more in after
    )
