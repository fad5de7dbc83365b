"""Which service codes and modifiers are in force on a day, of what is loaded of HCPCS Level II and CPT; pure.

Place in the flow: `service.rule_tables` fills it, edits of validity ask. Invariant: of a day, or a kind of code, for
which nothing is loaded it says nothing.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache

from services.claims.edits.rows import ReferenceRow, read_days

Days = Sequence[tuple[date, date]]
_HCPCS = re.compile(r"[A-CE-V]\d{4}")
"""Without dental codes, which the ADA keeps and CMS does not publish."""
_CPT = re.compile(r"\d{4}[0-9A-Z]")
_HCPCS_MODIFIER = re.compile(r"(?!P[1-6])[A-Z][0-9A-Z]")
"""P1 to P6, the physical status, are CPT's."""
_KEPT = 32_768
"""Codes times days that are worked on at one time."""


class CodeDays:
    """The days on which each code of one system is in force, and those for which a whole release is loaded."""

    def __init__(self, days: Mapping[str, Days], loaded: Days) -> None:
        self._days = days
        self._loaded = loaded

    def lacks(self, code: str, on: date) -> bool:
        """Whether the release of the day is loaded and the code is not in force."""
        return _hold(self._loaded, on) and not _hold(self._days.get(code, ()), on)


def _hold(days: Days, on: date) -> bool:
    return any(first <= on <= last for first, last in days)


_NOTHING = CodeDays({}, ())


class ServiceBook:
    """What is in force of HCPCS Level II and of CPT; either may be absent."""

    def __init__(self, hcpcs: CodeDays = _NOTHING, cpt: CodeDays = _NOTHING) -> None:
        self._hcpcs = hcpcs
        self._cpt = cpt
        # The services of a hospital are few.
        self.lacks_service = lru_cache(maxsize=_KEPT)(self._lacks_service)

    def _lacks_service(self, code: str, on: date) -> bool:
        """Whether a service code cannot be billed on a day."""
        if _HCPCS.fullmatch(code):
            return self._hcpcs.lacks(code, on)
        return bool(_CPT.fullmatch(code)) and self._cpt.lacks(code, on)

    def lacks_modifier(self, modifier: str, on: date) -> bool:
        """Whether a HCPCS Level II modifier cannot be billed on a day; nothing is loaded of CPT's."""
        return bool(_HCPCS_MODIFIER.fullmatch(modifier)) and self._hcpcs.lacks(modifier, on)


def index_code_days(rows: Iterable[ReferenceRow], loaded: Days) -> CodeDays:
    """Index the entries of whole releases by code; `loaded` are the days of each."""
    days: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for row in rows:
        days[row.code].append(read_days(row))
    return CodeDays(days, loaded)
