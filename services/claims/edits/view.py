"""A Claim as the edits read it: parsed once, typed, every element with its path; pure.

Place in the flow: `ClaimUnderEdit.view` makes one a claim, and all rules read it. Invariant: an element that the claim
does not have, or has as null, is an empty value here; that it is missing is for the completeness edits to say.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from shared.codesets.icd10cm import dot_code
from shared.fhir import systems

Element = dict[str, Any]
"""A FHIR element as a JSON reader gives it; its members differ by type."""

PROFESSIONAL, INSTITUTIONAL = "professional", "institutional"
_STAY_CLASSES = frozenset({"IMP", "ACUTE", "NONAC"})
_SERVICE_SYSTEMS = frozenset({systems.CPT, systems.HCPCS})
_DIAGNOSES = frozenset({systems.ICD10CM})
_PROCEDURES = frozenset({systems.ICD10PCS})
_PLACES = frozenset({systems.PLACE_OF_SERVICE})
_HOME = "01"
_ONE = Decimal(1)
_DAY_LENGTH = len("2026-01-01")
_READINGS_KEPT = 16_384
# Claims have the same codes and units over and over.
_dot = lru_cache(maxsize=_READINGS_KEPT)(dot_code)
_read_number = lru_cache(maxsize=_READINGS_KEPT)(Decimal)


class Diagnosis(NamedTuple):
    """A diagnosis by its dotted ICD-10-CM code, which is '' where it has none."""

    path: str
    sequence: int
    code: str
    on_admission: str


class Procedure(NamedTuple):
    """An inpatient procedure by its ICD-10-PCS code."""

    path: str
    code: str


class Line(NamedTuple):
    """A billed service: CPT or HCPCS code, modifiers, day, two-digit place, units, and the diagnoses it points to."""

    path: str
    code: str
    modifiers: tuple[str, ...]
    day: date | None
    place: str
    units: Decimal
    diagnoses: tuple[Diagnosis, ...]

    @property
    def number(self) -> int:
        """The first five characters of a CPT code as a number, -1 for HCPCS and other codes with a letter."""
        return int(self.code) if self.code.isdigit() else -1


@dataclass(frozen=True, slots=True)
class Person:
    """What the edits need of the patient."""

    born: date | None = None
    died: date | None = None
    gender: str = ""

    def age_on(self, day: date) -> int | None:
        """Completed years on `day`, None without a date of birth."""
        if self.born is None:
            return None
        return day.year - self.born.year - ((day.month, day.day) < (self.born.month, self.born.day))


class ClaimView(NamedTuple):
    """One claim. `started` and `ended` are the first and last day of service; diagnoses are in order of sequence.

    `coded` are the diagnoses that have a code; `age` is the patient's in completed years on the first day.
    """

    kind: str
    is_stay: bool
    started: date | None
    ended: date | None
    created: date | None
    discharge_status: str
    is_replacement: bool
    patient: Person
    age: int | None
    diagnoses: tuple[Diagnosis, ...]
    coded: tuple[Diagnosis, ...]
    procedures: tuple[Procedure, ...]
    lines: tuple[Line, ...]

    @property
    def first_listed(self) -> Diagnosis | None:
        """The principal or first-listed diagnosis: the one with the lowest sequence."""
        return self.diagnoses[0] if self.diagnoses else None


def read_claim(claim: Element, patient: Element, encounter: Element, service_date: date | None) -> ClaimView:
    """Read a Claim that is valid FHIR; `patient` and `encounter` are empty where the Bundle has none."""
    period = claim.get("billablePeriod") or {}
    started = read_day(period.get("start")) or service_date
    diagnoses = tuple(sorted(_read_diagnoses(claim), key=attrgetter("sequence")))
    procedures = tuple(_read_procedures(claim))
    person = _read_person(patient)
    return ClaimView(
        kind=_code_of(claim.get("type")),
        is_stay=_is_stay(claim, encounter, procedures),
        started=started,
        ended=read_day(period.get("end")) or started,
        created=read_day(claim.get("created")),
        discharge_status=_read_discharge(claim),
        is_replacement=bool(claim.get("related")),
        patient=person,
        age=person.age_on(started) if started else None,
        diagnoses=diagnoses,
        coded=tuple(diagnosis for diagnosis in diagnoses if diagnosis.code),
        procedures=procedures,
        lines=tuple(_read_lines(claim, diagnoses, started)),
    )


def read_day(text: object) -> date | None:
    """The calendar day of a FHIR date or dateTime as it is written; None for a month, a year or nothing."""
    return date.fromisoformat(text[:10]) if isinstance(text, str) and len(text) >= _DAY_LENGTH else None


def each_path(claim: Element, name: str) -> Iterator[tuple[str, Element]]:
    """Yield the FHIRPath and the element of each repetition of one of the Claim's elements."""
    for position, element in enumerate(claim.get(name) or ()):
        yield f"Claim.{name}[{position}]", element


def _is_stay(claim: Element, encounter: Element, procedures: tuple[Procedure, ...]) -> bool:
    if _code_of(claim.get("type")) != INSTITUTIONAL:
        return False
    # Without the Encounter in the Bundle: ICD-10-PCS is for inpatients only (45 CFR 162.1002), and so is on-admission.
    return (
        encounter["class"].get("code") in _STAY_CLASSES
        if encounter.get("class")
        else bool(procedures) or any(each.get("onAdmission") for each in claim.get("diagnosis") or ())
    )


def _read_diagnoses(claim: Element) -> Iterator[Diagnosis]:
    for path, each in each_path(claim, "diagnosis"):
        code = _code_of(each.get("diagnosisCodeableConcept"), _DIAGNOSES)
        admission = _code_of(each["onAdmission"]).upper() if "onAdmission" in each else ""
        yield Diagnosis(path, each.get("sequence") or 0, _dot(code) if code else "", admission)


def _read_procedures(claim: Element) -> Iterator[Procedure]:
    for path, each in each_path(claim, "procedure"):
        code = _code_of(each.get("procedureCodeableConcept"), _PROCEDURES)
        if code:
            yield Procedure(path, code.upper())


def _read_lines(claim: Element, diagnoses: Iterable[Diagnosis], started: date | None) -> Iterator[Line]:
    by_sequence = {diagnosis.sequence: diagnosis for diagnosis in diagnoses}
    for path, item in each_path(claim, "item"):
        yield Line(
            path,
            _code_of(item.get("productOrService"), _SERVICE_SYSTEMS).upper(),
            tuple([_code_of(modifier).upper() for modifier in item["modifier"] or ()]) if "modifier" in item else (),
            _read_line_day(item) or started,
            _code_of(item.get("locationCodeableConcept"), _PLACES),
            _read_units(item.get("quantity")),
            tuple([by_sequence[at] for at in item.get("diagnosisSequence") or () if at in by_sequence]),
        )


def _read_line_day(item: Element) -> date | None:
    return read_day(item.get("servicedDate")) or read_day((item.get("servicedPeriod") or {}).get("start"))


def _read_units(quantity: Element | None) -> Decimal:
    """A line without units is one unit."""
    value = quantity.get("value") if quantity else None
    return _ONE if value is None else _read_number(str(value))


def _read_discharge(claim: Element) -> str:
    """The patient discharge status (NUBC), 'home' where the claim has none."""
    for info in claim.get("supportingInfo") or ():
        if _code_of(info.get("category")) == "discharge":
            return _code_of(info.get("code")) or _HOME
    return _HOME


def _read_person(patient: Element) -> Person:
    return Person(
        born=read_day(patient.get("birthDate")),
        died=read_day(patient.get("deceasedDateTime")),
        gender=patient.get("gender") or "",
    )


def _code_of(concept: Mapping[str, Any] | None, wanted: frozenset[str] = frozenset()) -> str:
    """The first code of a CodeableConcept, of one of the `wanted` systems where these are given; else ''."""
    for coding in (concept.get("coding") or ()) if concept else ():
        if not wanted or coding.get("system") in wanted:
            return str(coding.get("code") or "")
    return ""
