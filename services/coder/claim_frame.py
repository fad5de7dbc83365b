"""The parts that a draft and a final Claim share: header, parties, diagnoses, procedures and lines.

Place in the flow: `claim_draft` and `claim_final` build on it; pure. Invariants: sequences count from 1, those of lines
with gaps where an earlier coding had lines that are gone; every reference comes from `ChartFacts`, so it names a
resource that travels with the chart. Source: FHIR R4 Claim.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid5

from services.coder.chart_facts import ChartFacts
from services.coder.coding import PLAIN_LINE, LineDetails
from services.coder.decisions import ChosenCode
from services.coder.engine.model import CodeSystem
from services.coder.line_numbers import EarlierLines, LineKey, number_lines
from shared.contracts.messages import ChartReady
from shared.fhir import systems

Element = dict[str, Any]
"""A FHIR element as decoded JSON; its values differ by name."""

INSTITUTIONAL_CLASSES = frozenset({"IMP", "ACUTE", "NONAC", "OBSENC", "SS"})
"""Encounter classes of a stay, which the hospital bills as an institution (v3-ActEncounterCode)."""

MAX_POINTERS = 4
"""A service line may point to at most four diagnoses (NUCC 1500 form, box 24E; X12 837P SV107)."""

_SYSTEM_URIS = {
    CodeSystem.ICD10CM: systems.ICD10CM,
    CodeSystem.ICD10PCS: systems.ICD10PCS,
    CodeSystem.CPT: systems.CPT,
    CodeSystem.HCPCS: systems.HCPCS,
}
_ABSENT: Element = {
    "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"},
    ]
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A code on its way onto the claim, with the extensions that its element gets.

    `line` is what a service line says beside its code.
    """

    chosen: ChosenCode
    extensions: Sequence[Element] = ()
    line: LineDetails = PLAIN_LINE


def identify_claim(chart_id: UUID, name: str) -> str:
    """Return the same Claim id for the same coding, however often it is built."""
    return str(uuid5(chart_id, name))


def build_claim(
    chart: ChartReady,
    facts: ChartFacts,
    entries: Sequence[Entry],
    *,
    claim_id: str,
    status: Literal["draft", "active"],
    created: datetime,
    supporting_info: Sequence[Element] = (),
    earlier_lines: EarlierLines = (),
) -> Element:
    """Build a Claim of use `claim`; parties that the chart does not carry are marked as unknown."""
    diagnoses = _of_systems(entries, CodeSystem.ICD10CM)
    claim: Element = {
        "resourceType": "Claim",
        "id": claim_id,
        "identifier": [{"system": systems.CHART_IDENTIFIER, "value": str(chart.chart_id)}],
        "status": status,
        "type": _concept(systems.CLAIM_TYPE, _type_of(chart)),
        "use": "claim",
        "patient": _reference(facts.patient),
        "billablePeriod": json.loads(chart.encounter.body).get("period"),
        "created": created.isoformat(timespec="seconds"),
        "insurer": _reference(facts.insurer) if facts.insurer else None,
        "provider": _reference(facts.provider),
        "priority": _concept(systems.PROCESS_PRIORITY, "normal"),
        "careTeam": _build_care_team(facts),
        "supportingInfo": list(supporting_info),
        "diagnosis": [_build_diagnosis(number, entry) for number, entry in enumerate(diagnoses, 1)],
        "procedure": _build_procedures(chart, _of_systems(entries, CodeSystem.ICD10PCS)),
        "insurance": [{"sequence": 1, "focal": True, "coverage": _reference(facts.coverage)}],
        "item": _build_items(chart, _of_systems(entries, CodeSystem.CPT, CodeSystem.HCPCS), diagnoses, earlier_lines),
    }
    return {name: value for name, value in claim.items() if value}


def _type_of(chart: ChartReady) -> str:
    return "institutional" if chart.encounter_class in INSTITUTIONAL_CLASSES else "professional"


def _of_systems(entries: Sequence[Entry], *wanted: CodeSystem) -> list[Entry]:
    return [entry for entry in entries if entry.chosen.system in wanted]


def _build_care_team(facts: ChartFacts) -> list[Element]:
    """The attending practitioner is responsible; the others took part."""
    return [
        {
            "sequence": number,
            "provider": _reference(practitioner),
            "responsible": number == 1,
            "role": _concept(systems.CARE_TEAM_ROLE, "primary" if number == 1 else "other"),
        }
        for number, practitioner in enumerate(facts.care_team, 1)
    ]


def _build_diagnosis(number: int, entry: Entry) -> Element:
    diagnosis: Element = {
        **_extended(entry),
        "sequence": number,
        "diagnosisCodeableConcept": _coded(entry.chosen),
    }
    if number == 1:
        diagnosis["type"] = [_concept(systems.DIAGNOSIS_TYPE, "principal")]
    if entry.chosen.on_admission:
        diagnosis["onAdmission"] = _concept(systems.DIAGNOSIS_ON_ADMISSION, entry.chosen.on_admission)
    return diagnosis


def _build_procedures(chart: ChartReady, entries: Sequence[Entry]) -> list[Element]:
    day: Element = {"date": chart.service_date.isoformat()} if chart.service_date else {}
    return [
        {**_extended(entry), "sequence": number, **day, "procedureCodeableConcept": _coded(entry.chosen)}
        for number, entry in enumerate(entries, 1)
    ]


def _build_items(
    chart: ChartReady, entries: Sequence[Entry], diagnoses: Sequence[Entry], earlier: EarlierLines
) -> list[Element]:
    numbers = number_lines([LineKey(entry.chosen.code, entry.line.modifiers) for entry in entries], earlier)
    day: Element = {"servicedDate": chart.service_date.isoformat()} if chart.service_date else {}
    return [
        {
            **_extended(entry),
            "sequence": number,
            **_point(entry, diagnoses),
            "productOrService": _coded(entry.chosen),
            **_modify(entry),
            **day,
            **_place(entry),
            "quantity": {"value": entry.line.units},
            "encounter": [_reference(chart.encounter.reference)],
        }
        for number, entry in zip(numbers, entries, strict=True)
    ]


def _point(entry: Entry, diagnoses: Sequence[Entry]) -> Element:
    """Point to the diagnoses that justify the line; where none of them is on the claim, to the first ones."""
    sequences = {diagnosis.chosen.code: number for number, diagnosis in enumerate(diagnoses, 1)}
    justifying = [sequences[code] for code in entry.line.justified_by if code in sequences]
    pointers = (justifying or list(sequences.values()))[:MAX_POINTERS]
    return {"diagnosisSequence": pointers} if pointers else {}


def _modify(entry: Entry) -> Element:
    modifiers = entry.line.modifiers
    return {"modifier": [_concept(_modifier_system(modifier), modifier) for modifier in modifiers]} if modifiers else {}


def _modifier_system(modifier: str) -> str:
    """Numeric modifiers are CPT's, those with a letter HCPCS Level II's."""
    return systems.CPT if modifier.isdigit() else systems.HCPCS


def _place(entry: Entry) -> Element:
    place = entry.line.place_of_service
    return {"locationCodeableConcept": _concept(systems.PLACE_OF_SERVICE, place)} if place else {}


def _extended(entry: Entry) -> Element:
    return {"extension": list(entry.extensions)} if entry.extensions else {}


def _coded(chosen: ChosenCode) -> Element:
    coding = {"system": _SYSTEM_URIS[chosen.system], "code": chosen.code}
    return {"coding": [{**coding, "display": chosen.display} if chosen.display else coding]}


def _concept(system: str, code: str) -> Element:
    return {"coding": [{"system": system, "code": code}]}


def _reference(reference: str | None) -> Element:
    return {"reference": reference} if reference else _ABSENT
