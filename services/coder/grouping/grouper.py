"""The grouper as the coder service sees it: a stay in, its MS-DRG out.

Place in the flow: `msdrg_grouper` implements it; pure. Invariant: a group is of the version in force on the day of
discharge, and a day for which no version is known has no group.
Source: CMS, Definitions of Medicare Code Edits and MS-DRG Definitions Manual, by fiscal year.
"""

from dataclasses import dataclass
from datetime import date
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StayDiagnosis:
    """An ICD-10-CM code, and whether it was present on admission: Y, N, U, W, or '' where that is not stated."""

    code: str
    on_admission: str = ""


@dataclass(frozen=True, slots=True)
class Stay:
    """What a grouper needs to know of a coding; the principal diagnosis comes first.

    `gender` is FHIR's; `discharge_status` is the NUBC's two digits, such as 01 for home.
    """

    discharged: date
    diagnoses: tuple[StayDiagnosis, ...]
    procedures: tuple[str, ...] = ()
    age: int | None = None
    gender: str = ""
    discharge_status: str = "01"


@dataclass(frozen=True, slots=True)
class DiagnosisWeight:
    """What the grouper made of a diagnosis: its `severity` is MCC, CC or ''.

    `excluded` is whether the principal diagnosis keeps it from counting; `acquired` names the hospital-acquired
    condition that does, '' where none does.
    """

    code: str
    severity: str = ""
    excluded: bool = False
    acquired: str = ""

    @property
    def counts(self) -> bool:
        """Whether it may raise the group."""
        return bool(self.severity) and not self.excluded and not self.acquired


@dataclass(frozen=True, slots=True)
class Group:
    """An MS-DRG: three digits, of a version such as 43.1. `problem` says why there is none to pay, as 999 has it.

    `secondary` are the other diagnoses in the stay's order, `operating` the procedures that the group rests on.
    """

    version: str
    drg: str
    title: str
    category: str
    category_title: str
    problem: str = ""
    secondary: tuple[DiagnosisWeight, ...] = ()
    operating: tuple[str, ...] = ()


class Grouper(Protocol):
    """Groups stays; safe to call from several threads."""

    def group(self, stay: Stay) -> Group | None:
        """Group a stay; None for a day of discharge whose version it does not have."""
        ...
