"""Do the codes and days go with who the patient is? Family of edits; pure.

A stay's age and sex are the Medicare Code Editor's business (`inpatient`).
"""

from collections.abc import Iterator
from datetime import date

from services.claims.edits.model import ClaimUnderEdit, Edit, Hit

_OBSTETRIC_AGES = range(9, 65)
_SOURCE = "ICD-10-CM Official Guidelines for Coding and Reporting"


def _find_before_birth(subject: ClaimUnderEdit) -> Iterator[Hit]:
    born = subject.view.patient.born
    if born and subject.view.ended and subject.view.ended < born:
        yield Hit("Claim.patient.resolve().birthDate")


def _find_after_death(subject: ClaimUnderEdit) -> Iterator[Hit]:
    died = subject.view.patient.died
    if died:
        yield from (Hit(line.path) for line in subject.view.lines if line.day and line.day > died)


def _find_obstetric_sex(subject: ClaimUnderEdit) -> Iterator[Hit]:
    if subject.view.patient.gender == "male":
        yield from _obstetric(subject)


def _find_obstetric_age(subject: ClaimUnderEdit) -> Iterator[Hit]:
    age = subject.view.age
    if age is not None and age not in _OBSTETRIC_AGES:
        yield from _obstetric(subject)


def _find_newborn_age(subject: ClaimUnderEdit) -> Iterator[Hit]:
    age = subject.view.age
    if age is not None and age > 0:
        yield from (Hit(each.path) for each in subject.view.coded if each.code.startswith("Z38"))


def _obstetric(subject: ClaimUnderEdit) -> Iterator[Hit]:
    yield from (Hit(each.path) for each in subject.view.coded if each.code.startswith("O"))


DEMOGRAPHICS = (
    Edit(
        "service-before-birth",
        "X12 837, DMG02 against DTP",
        "The service is before the patient's birth.",
        "Correct the date of birth in the source system, or the date of service.",
        _find_before_birth,
        owner="registration",
    ),
    Edit(
        "service-after-death",
        "X12 claim adjustment reason code 13: the date of death precedes the date of service",
        "A service is after the patient's death.",
        "Correct the date of death in the source system, or the date of service.",
        _find_after_death,
        owner="registration",
        needs=frozenset({"death"}),
    ),
    Edit(
        "obstetric-sex",
        f"{_SOURCE}, I.C.15.a; sex conflict, which Medicare has not edited since 2024-10-01",
        "An obstetric diagnosis does not go with the patient's administrative sex.",
        "Check the diagnosis, and the administrative sex in the source system.",
        _find_obstetric_sex,
        effective_until=date(2024, 9, 30),
        needs=frozenset({"no stay"}),
    ),
    Edit(
        "obstetric-age",
        "CMS, Integrated Outpatient Code Editor: maternity diagnoses, ages 9 to 64",
        "An obstetric diagnosis does not go with the patient's age.",
        "Check the diagnosis, and the date of birth in the source system.",
        _find_obstetric_age,
        severity="warning",
        needs=frozenset({"no stay"}),
    ),
    Edit(
        "newborn-age",
        f"{_SOURCE}, I.C.16.a.2: Z38 is for the birth record only",
        "A code of the birth record does not go with the patient's age.",
        "Use the code of the condition, without the birth status.",
        _find_newborn_age,
        needs=frozenset({"no stay"}),
    ),
)
