"""Builds claims under edit from a few words each, with small tables of reference data in the official files' terms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

import orjson

from services.claims.edits import (
    BilledService,
    ClaimUnderEdit,
    Edit,
    EditContext,
    MedicareCodeEditor,
    ReferenceData,
    TabularBook,
    index_coverage,
    index_pairs,
    index_unit_limits,
)
from services.claims.edits.service_book import ServiceBook, index_code_days
from services.claims.payers import PayerLimits
from shared.codesets.icd10cm import load_icd10cm
from shared.fhir import systems
from tests.builders import Resource, claim, encounter, organization, patient
from tests.builders.x12_claims import x12_parties

DAY = date(2026, 9, 1)
BASE = "https://hospital.example/fhir"


@dataclass(frozen=True)
class Row:
    """A row of an official file, as its reader gives it."""

    code: str
    facts: Mapping[str, object]
    starts: date | None = None
    ends: date | None = None


PAIRS = (
    Row("80053", {"other": "80048", "modifier": "0"}, date(2010, 1, 1)),
    Row("11042", {"other": "97597", "modifier": "1"}, date(2010, 1, 1)),
    Row("11043", {"other": "97598", "modifier": "1"}, date(2026, 7, 1), date(2026, 9, 30)),
    Row("20610", {"other": "76942", "modifier": "9"}, date(2010, 1, 1)),
)
UNITS = (
    Row("97110", {"units": 8, "indicator": "1"}),
    Row("27447", {"units": 2, "indicator": "2"}),
    Row("80061", {"units": 1, "indicator": "3"}),
)
COVERAGE = (
    Row("82306", {"diagnoses": ["E55", "M80-M81"], "payer": ""}, date(2020, 1, 1)),
    Row("83036", {"diagnoses": ["E08-E13"], "payer": "acme"}, date(2020, 1, 1)),
)
HCPCS = (
    *(Row(code, {}, date(2000, 1, 1)) for code in ("A0001", "E0601", "J1885", "G0008", "RT", "LT", "GA", "TC", "GC")),
    *(Row(code, {}, date(2000, 1, 1)) for code in ("XE", "QK", "GT")),
    Row("Q9999", {}, date(2026, 4, 1), date(2026, 6, 30)),
    Row("ZZ", {}, date(2026, 4, 1), date(2026, 6, 30)),
)
LOADED = (date(2000, 1, 1), date(2026, 12, 31))


def reference(editor: MedicareCodeEditor | None) -> ReferenceData:
    """All tables, with the editor that the caller has opened."""
    return ReferenceData(
        diagnoses=_book(),
        editor=editor,
        pairs=index_pairs(PAIRS),
        unit_limits=index_unit_limits(UNITS),
        coverage=index_coverage(COVERAGE),
        services=ServiceBook(index_code_days(HCPCS, [LOADED])),
    )


@cache
def _book() -> TabularBook:
    return TabularBook(load_icd10cm())


def _concept(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


# `more: Any`: the elements of an item differ by type, and tests break them on purpose.
def line(
    code: str, *modifiers: str, units: float = 1, place: str = "", points: Sequence[int] = (1,), **more: Any
) -> Resource:
    """Build an item without its sequence, on the claim's day."""
    elements: Resource = {
        "diagnosisSequence": list(points),
        "productOrService": _concept(systems.CPT, code),
        "modifier": [_concept("https://modifiers.example", modifier) for modifier in modifiers],
        "locationCodeableConcept": _concept(systems.PLACE_OF_SERVICE, place) if place else None,
        "quantity": {"value": units},
        **more,
    }
    return {name: value for name, value in elements.items() if value}


@dataclass(frozen=True)
class Claimed:
    """One claim in few words. `elements` replace elements of the Claim; None removes one."""

    diagnoses: tuple[str, ...] = ("J18.9",)
    lines: tuple[Resource, ...] = (line("99213"),)
    day: date | None = DAY
    born: str = "1980-03-21"
    gender: str = "female"
    stay: bool = False
    kind: str = ""
    procedures: tuple[str, ...] = ()
    payer: str = "medicare"
    channel: str = "kafka"
    sent: date | None = date(2026, 9, 2)
    billed: tuple[BilledService, ...] = ()
    rules: tuple[Edit, ...] = ()
    patient: Mapping[str, Any] = field(default_factory=dict)
    limits: PayerLimits = field(default_factory=PayerLimits)
    elements: Mapping[str, Any] = field(default_factory=dict)

    def under_edit(self, tables: ReferenceData) -> ClaimUnderEdit:
        """The claim as its Bundle, against these tables."""
        context = EditContext(tables, self.payer, self.channel, self.sent, self.billed, self.rules)
        return ClaimUnderEdit(orjson.dumps(self._bundle()), self.limits, self.day, context)

    def _bundle(self) -> Resource:
        about = patient(gender=self.gender, birth_date=self.born)
        person = {name: value for name, value in {**about, **self.patient}.items() if value}
        stay = encounter(encounter_class="IMP" if self.stay else "AMB")
        parties = x12_parties() if self.channel == "x12" else [organization("hospital")]
        resources = [self._claim(), person, stay, *parties]
        entries = [{"fullUrl": f"{BASE}/{r['resourceType']}/{r['id']}", "resource": r} for r in resources]
        return {"resourceType": "Bundle", "type": "collection", "entry": entries}

    def _claim(self) -> Resource:
        day = {"servicedDate": self.day.isoformat()} if self.day else {}
        elements: Resource = {
            "item": [{"sequence": number, **day, **each} for number, each in enumerate(self.lines, 1)],
            "procedure": [
                {"sequence": number, "procedureCodeableConcept": _concept(systems.ICD10PCS, code)}
                for number, code in enumerate(self.procedures, 1)
            ],
            **self.elements,
        }
        kind = self.kind or ("institutional" if self.stay else "professional")
        built = {**claim(diagnoses=self.diagnoses, claim_type=kind), **elements}
        return {name: value for name, value in built.items() if value}
