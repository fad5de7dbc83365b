"""The numbers of service lines, which never change once a claim with them may have been sent; pure.

Place in the flow: `drafting` reads the lines of a chart's earlier codings, `claim_frame` numbers the lines of the new
one with them. Invariants: a line keeps its number through all codings of its chart; the number of a line that is gone
is never given to another one. Payers' answers and replacements name lines by it (FHIR R4 Claim.item.sequence).
"""

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class LineKey(NamedTuple):
    """By what a line is known again: its code, then its modifiers."""

    code: str
    modifiers: tuple[str, ...] = ()


EarlierLines = Sequence[tuple[int, LineKey]]
"""Every line that a coding of the chart has had with its number, the newest coding first."""


def read_lines(claims: Iterable[str]) -> EarlierLines:
    """Read the lines of final Claims, newest first, as this service wrote them."""
    items = (item for claim in claims for item in json.loads(claim).get("item", ()))
    return [(item["sequence"], LineKey(_code_of(item["productOrService"]), _modifiers_of(item))) for item in items]


def number_lines(lines: Sequence[LineKey], earlier: EarlierLines) -> list[int]:
    """Return a number for each line: that of the same line before, else of its code before, else a new one."""
    unused = 1 + max((number for number, _ in earlier), default=0)
    given: dict[int, int] = {}
    for is_same in (LineKey.__eq__, _has_same_code):
        for place, line in enumerate(lines):
            taken = set(given.values())
            known = (number for number, key in earlier if is_same(key, line) and number not in taken)
            if place not in given and (number := next(known, None)):
                given[place] = number
    for place in range(len(lines)):
        if place not in given:
            given[place], unused = unused, unused + 1
    return [given[place] for place in range(len(lines))]


def _has_same_code(one: LineKey, other: LineKey) -> bool:
    return one.code == other.code


def _code_of(concept: dict[str, list[dict[str, str]]]) -> str:
    return concept["coding"][0]["code"]


def _modifiers_of(item: dict[str, list[dict[str, list[dict[str, str]]]]]) -> tuple[str, ...]:
    return tuple(_code_of(modifier) for modifier in item.get("modifier", ()))
