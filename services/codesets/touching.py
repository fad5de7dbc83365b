"""Which of the changed codes a rule names: one by one, by range, or by the category above them; pure.

Invariant: a range is inclusive and of prefixes, as everywhere: "E11.0-E11.6" has E11.65 in it, "I10" only itself.
"""

import tomllib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

from shared.codesets.kinds import System

_PARTS = {
    System.ICD10CM: ("diagnoses",),
    System.CPT: ("services", "other_services"),
    System.HCPCS: ("services", "other_services"),
}


class ChangedCodes:
    """The codes that a release touches, to be asked for what falls in a range."""

    def __init__(self, codes: Iterable[str]) -> None:
        self._codes = sorted(codes)

    def find(self, ranges: Iterable[str]) -> tuple[str, ...]:
        """The codes in any of the ranges, such as "E11.0-E11.9" or "I10"."""
        return tuple(dict.fromkeys(code for text in ranges for code in self._find_range(text)))

    def find_below(self, code: str) -> tuple[str, ...]:
        """The codes that are `code` or stand below it."""
        return self.find([code])

    def _find_range(self, text: str) -> Iterator[str]:
        first, _, last = text.partition("-")
        last = last or first
        at = bisect_left(self._codes, first)
        yield from takewhile(lambda code: code[: len(last)] <= last, self._codes[at:])


def find_payer_rules(
    text: str, system: System, changed: ChangedCodes
) -> list[tuple[str, Sequence[str], Sequence[str]]]:
    """The rules of a payer-rules file (docs/edits.md) that name changed codes: id, payers, codes."""
    rules: list[Mapping[str, Any]] = tomllib.loads(text).get("rule", [])
    found = ((rule, changed.find(_list_ranges(rule, system))) for rule in rules)
    return [(rule["id"], rule.get("payers", ()), codes) for rule, codes in found if codes]


def _list_ranges(rule: Mapping[str, Any], system: System) -> Iterator[str]:
    for clause in ("when", "require", "forbid"):
        for part in _PARTS.get(system, ()):
            yield from rule.get(clause, {}).get(part, ())
