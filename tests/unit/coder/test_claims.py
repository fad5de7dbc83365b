"""Draft and final Claims: valid FHIR, whole, and only what was suggested or decided."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from services.coder.chart_facts import read_facts
from services.coder.claim_draft import build_draft
from services.coder.coding import Coding
from services.coder.decisions import ChosenCode
from services.coder.engine.model import Assertion, CodedFact, CodeSystem, Suggestion
from shared.contracts.messages import ChartCoded, ChartReady
from shared.fhir import systems
from shared.fhir.extensions import read_suggestion
from shared.fhir.references import find_references
from shared.fhir.validation import validate
from shared.proof.coding import CODING_PROOF
from shared.proof.keys import generate_signing_key
from tests.builders import coverage, encounter, organization, patient, practitioner, version_of
from tests.builders.charts import CHART_ID, ENGINE_VERSION, answer_of, ready_chart, suggestion
from tests.builders.claims import accepted, added, coded_from
from tests.builders.given import (
    device_use_statement,
    immunization,
    medication_administration,
    procedure,
    supply_delivery,
)

KEY = generate_signing_key()
NOW = datetime(2026, 9, 2, 8, 0, tzinfo=UTC)


def draft_of(chart: ChartReady, *suggestions: Suggestion) -> dict[str, Any]:
    draft = build_draft(chart, read_facts(chart), answer_of(*suggestions), created=NOW)
    assert validate(draft.claim.body) == ()
    claim: dict[str, Any] = json.loads(draft.claim.body)
    return claim


def coded_of(chart: ChartReady, *codings: Coding, coding_version: int = 1) -> ChartCoded:
    coded = coded_from(chart, codings, KEY, coding_version)
    assert validate(coded.claim.body) == ()
    assert validate(coded.provenance.body) == ()
    return coded


def claim_of(chart: ChartReady, *codings: Coding) -> dict[str, Any]:
    claim: dict[str, Any] = json.loads(coded_of(chart, *codings).claim.body)
    return claim


def test_a_draft_carries_every_suggestion_with_what_speaks_for_it() -> None:
    offer = suggestion("J22", selected=False, assertion=Assertion.UNCERTAIN, missing=(), why="")
    claim = draft_of(ready_chart(), suggestion(), offer, suggestion("99213", "cough", system=CodeSystem.CPT))
    assert claim["status"] == "draft"
    first, second = claim["diagnosis"]
    read = read_suggestion(first)
    assert read is not None
    assert (read.confidence, read.assertion, read.selected) == (0.9, "present", True)
    assert (read.why, read.missing) == ("named in the impression", ("organism",))
    (span,) = suggestion().evidence
    (cited,) = read.evidence
    assert (cited.document, cited.version) == ("DiagnosticReport/dr-1", 1)
    assert (cited.start, cited.end, cited.sha256) == (span.start, span.end, span.sha256)
    other = read_suggestion(second)
    assert other is not None
    assert (other.selected, other.assertion) == (False, "uncertain")
    assert read_suggestion(claim["item"][0]) is not None


def test_a_draft_of_a_chart_that_lacks_its_parties_is_still_valid_and_says_so() -> None:
    claim = draft_of(ready_chart(context=()))
    absent = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
    }
    assert claim["patient"] == claim["provider"] == claim["insurance"][0]["coverage"] == absent
    assert list(find_references(claim)) == []


def test_a_draft_without_suggestions_is_valid() -> None:
    assert "diagnosis" not in draft_of(ready_chart())


def test_the_same_chart_version_has_the_same_draft_id_and_another_version_another() -> None:
    first, same, other = (draft_of(ready_chart(CHART_ID, version))["id"] for version in (1, 1, 2))
    assert first == same != other


def test_a_final_claim_has_the_header_of_its_chart() -> None:
    claim = claim_of(ready_chart(CHART_ID), accepted())
    assert claim["status"] == "active"
    assert claim["use"] == "claim"
    assert claim["type"]["coding"][0]["code"] == "professional"
    assert claim["patient"] == {"reference": "Patient/pt-1"}
    assert claim["insurer"] == {"reference": "Organization/payer-1"}
    assert claim["provider"] == {"reference": "Organization/hospital"}
    assert claim["billablePeriod"] == {"start": "2026-09-01T10:00:00Z", "end": "2026-09-01T10:30:00Z"}
    assert claim["insurance"] == [{"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/cov-1"}}]
    assert claim["careTeam"][0]["provider"] == {"reference": "Practitioner/dr-1"}
    assert claim["identifier"] == [{"system": systems.CHART_IDENTIFIER, "value": str(CHART_ID)}]


@pytest.mark.parametrize(
    ("encounter_class", "claim_type"),
    [("AMB", "professional"), ("EMER", "professional"), ("VR", "professional")]
    + [(stay, "institutional") for stay in ("IMP", "OBSENC", "ACUTE")],
)
def test_the_encounter_class_decides_the_claim_type(encounter_class: str, claim_type: str) -> None:
    claim = claim_of(ready_chart(encounter_class=encounter_class), accepted())
    assert claim["type"]["coding"][0]["code"] == claim_type


def test_diagnoses_services_and_procedures_go_where_a_claim_has_them() -> None:
    claim = claim_of(
        ready_chart(),
        added("99213", CodeSystem.CPT),
        accepted(),
        added("E11.9", on_admission="y"),
        added("J1885", CodeSystem.HCPCS),
        added("0BH17EZ", CodeSystem.ICD10PCS),
    )
    assert [each["diagnosisCodeableConcept"]["coding"][0]["code"] for each in claim["diagnosis"]] == ["J18.9", "E11.9"]
    assert [each["sequence"] for each in claim["diagnosis"]] == [1, 2]
    assert claim["diagnosis"][0]["type"][0]["coding"][0]["code"] == "principal"
    assert "type" not in claim["diagnosis"][1]
    assert claim["diagnosis"][1]["onAdmission"]["coding"][0]["code"] == "y"
    lines = [(each["productOrService"]["coding"][0]["system"], each["sequence"]) for each in claim["item"]]
    assert lines == [(systems.CPT, 1), (systems.HCPCS, 2)]
    assert all(each["diagnosisSequence"] == [1, 2] for each in claim["item"])
    assert claim["item"][0]["servicedDate"] == "2026-09-01"
    assert claim["procedure"][0]["procedureCodeableConcept"]["coding"][0]["code"] == "0BH17EZ"
    elements = [*claim["diagnosis"], *claim["item"], *claim["procedure"]]
    assert all([part["url"] for part in each["extension"]] == [CODING_PROOF] for each in elements)


def test_a_line_points_to_at_most_four_diagnoses() -> None:
    diagnoses = [added(code) for code in ("I10", "E11.9", "J18.9", "R05.9", "M54.50")]
    claim = claim_of(ready_chart(), *diagnoses, added("99213", CodeSystem.CPT))
    assert claim["item"][0]["diagnosisSequence"] == [1, 2, 3, 4]


def test_every_reference_of_the_claim_names_a_supporting_resource_and_each_travels_once() -> None:
    coded = coded_of(ready_chart(), accepted(), added("99213", CodeSystem.CPT))
    travelling = Counter(version.reference for version in coded.supporting)
    assert set(find_references(json.loads(coded.claim.body))) - set(travelling) == {"Practitioner/ann"}
    assert set(travelling) == {
        "Patient/pt-1",
        "Encounter/enc-1",
        "Coverage/cov-1",
        "Organization/payer-1",
        "Organization/hospital",
        "Practitioner/dr-1",
        "DiagnosticReport/dr-1",
    }
    assert set(travelling.values()) == {1}


def test_uncited_reports_and_unnamed_resources_stay_in_the_hospital() -> None:
    bystanders = (version_of(patient("pt-9")), version_of(coverage("cov-9", patient_id="pt-9")))
    chart = ready_chart()
    chart = chart.model_copy(update={"context": (*chart.context, *bystanders)})
    references = {version.reference for version in coded_of(chart, added("I10")).supporting}
    assert references.isdisjoint({"Patient/pt-9", "Coverage/cov-9", "DiagnosticReport/dr-1"})


def test_what_was_given_stays_in_the_hospital_though_a_line_rests_on_it() -> None:
    chart = ready_chart()
    given = [medication_administration(), supply_delivery(), device_use_statement(), immunization(), procedure()]
    chart = chart.model_copy(update={"context": (*chart.context, *(version_of(each) for each in given))})
    fact = CodedFact("MedicationAdministration/ma-1", systems.RXNORM, "35827")
    line = suggestion("J1885", system=CodeSystem.HCPCS, facts=(fact,), units=2, modifiers=("JZ",))
    coded = coded_of(chart, accepted(), accepted(line))
    assert json.loads(coded.claim.body)["item"][0]["quantity"] == {"value": 2}
    assert not {version.resource_type for version in coded.supporting} & {each["resourceType"] for each in given}


def test_whom_supporting_resources_name_travels_too() -> None:
    hospital = organization("hospital", partOf={"reference": "https://ehr.example/fhir/Organization/group"})
    context = (patient(), coverage(), organization(), hospital, organization("group"), practitioner())
    chart = ready_chart(context=tuple(version_of(each) for each in context))
    assert "Organization/group" in {version.reference for version in coded_of(chart, accepted()).supporting}


def test_supporting_resources_keep_the_senders_text() -> None:
    visit = encounter(length={"value": 30.50, "unit": "min"})
    text = json.dumps(visit, indent=1).replace("30.5", "30.50")
    version = version_of(visit).of("Encounter", "enc-1", text)
    coded = coded_of(ready_chart(encounter=version), accepted())
    assert version in coded.supporting


def test_provenance_names_who_decided_the_engine_and_the_words() -> None:
    chart = ready_chart()
    coded = coded_of(chart, accepted(by="Practitioner/bob"), added("99213", CodeSystem.CPT))
    provenance = json.loads(coded.provenance.body)
    assert provenance["target"] == [{"reference": coded.claim.reference}]
    agents = [(each["type"]["coding"][0]["code"], each["who"]["reference"]) for each in provenance["agent"]]
    assert agents == [("author", "Practitioner/bob"), ("author", "Practitioner/ann"), ("assembler", "#engine")]
    (device,) = provenance["contained"]
    assert [version["value"] for version in device["version"]] == [
        ENGINE_VERSION.engine,
        ENGINE_VERSION.code_set,
        ENGINE_VERSION.lexicon,
    ]
    assert [each["what"]["reference"] for each in provenance["entity"]] == ["DiagnosticReport/dr-1"]


def test_each_coding_version_has_a_claim_of_its_own() -> None:
    first, second = (
        coded_of(ready_chart(CHART_ID), accepted(), coding_version=number).claim.resource_id for number in (1, 2)
    )
    assert first != second


def a_line(**more: Any) -> Coding:
    return accepted(suggestion("99213", "cough", system=CodeSystem.CPT, **more))


def test_a_line_taken_as_suggested_carries_modifiers_units_place_and_its_own_diagnoses() -> None:
    line = a_line(modifiers=("25", "LT"), units=2, place_of_service="10", justified_by=("E11.9", "I10"))
    item = claim_of(ready_chart(), accepted(), added("E11.9"), line)["item"][0]
    assert [each["coding"][0] for each in item["modifier"]] == [
        {"system": systems.CPT, "code": "25"},
        {"system": systems.HCPCS, "code": "LT"},
    ]
    assert item["quantity"] == {"value": 2}
    assert item["locationCodeableConcept"]["coding"][0] == {"system": systems.PLACE_OF_SERVICE, "code": "10"}
    assert item["diagnosisSequence"] == [2]


def test_a_line_whose_diagnoses_were_rejected_points_to_those_that_stayed() -> None:
    item = claim_of(ready_chart(), accepted(), added("E11.9"), a_line(justified_by=("I10",)))["item"][0]
    assert item["diagnosisSequence"] == [1, 2]


def test_a_changed_line_keeps_nothing_of_the_suggested_service() -> None:
    suggested = a_line(modifiers=("25",), place_of_service="10", units=2)
    changed = Coding(ChosenCode(CodeSystem.CPT, "99214", ""), suggested.decision, suggested.suggestion)
    item = claim_of(ready_chart(), accepted(), changed)["item"][0]
    assert item["quantity"] == {"value": 1}
    assert "modifier" not in item
    assert "locationCodeableConcept" not in item
