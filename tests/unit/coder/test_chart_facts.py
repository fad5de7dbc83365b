"""What the claim and the engine learn from the structured resources."""

from datetime import UTC, date, datetime

import pytest

from services.coder.chart_facts import ChartResources, read_engine_chart, read_facts
from services.coder.engine.model import ReportFact, Setting
from tests.builders import (
    condition,
    coverage,
    diagnostic_report,
    encounter,
    organization,
    patient,
    practitioner,
    version_of,
)
from tests.builders.charts import ready_chart

CONTEXT = tuple(version_of(each) for each in (patient(), organization(), organization("hospital"), practitioner()))


def test_facts_of_a_whole_chart_name_resources_that_travel_with_it() -> None:
    facts = read_facts(ready_chart())
    assert facts.patient == "Patient/pt-1"
    assert facts.patient_age_years == 46
    assert facts.patient_sex == "female"
    assert facts.coverage == "Coverage/cov-1"
    assert facts.insurer == "Organization/payer-1"
    assert facts.provider == "Organization/hospital"
    assert facts.care_team == ("Practitioner/dr-1",)


def test_what_does_not_travel_with_the_chart_is_none() -> None:
    facts = read_facts(ready_chart(context=()))
    assert (facts.patient, facts.coverage, facts.insurer, facts.provider) == (None, None, None, None)
    assert facts.care_team == ()
    assert facts.patient_age_years is None


def test_the_attending_practitioner_stands_in_for_an_unknown_organization() -> None:
    chart = ready_chart(encounter=version_of(encounter(organization_id="elsewhere")))
    assert read_facts(chart).provider == "Practitioner/dr-1"


def test_the_attending_practitioner_comes_first_and_each_comes_once() -> None:
    def took_part(role: str, who: str) -> dict[str, object]:
        return {"type": [{"coding": [{"code": role}]}], "individual": {"reference": f"Practitioner/{who}"}}

    visit = encounter(participant=[took_part("ADM", "dr-2"), took_part("ATND", "dr-1"), took_part("DIS", "dr-2")])
    chart = ready_chart(
        encounter=version_of(visit), context=(*CONTEXT, version_of(practitioner("dr-2")), version_of(coverage()))
    )
    assert read_facts(chart).care_team == ("Practitioner/dr-1", "Practitioner/dr-2")


@pytest.mark.parametrize(
    ("coverages", "chosen"),
    [
        ([coverage("old", end="2026-03-31"), coverage("now")], "Coverage/now"),
        ([coverage("last-day", end="2026-09-01"), coverage("later", start="2026-09-02")], "Coverage/last-day"),
        ([coverage("cancelled", status="cancelled"), coverage("old", end="2026-03-31")], "Coverage/old"),
        ([coverage("second", order=2), coverage("first", order=1)], "Coverage/first"),
        ([coverage("of-another", patient_id="pt-2")], None),
        ([], None),
    ],
)
def test_focal_coverage(coverages: list[dict[str, object]], chosen: str | None) -> None:
    chart = ready_chart(context=(*CONTEXT, *(version_of(each) for each in coverages)))
    assert read_facts(chart).coverage == chosen


@pytest.mark.parametrize(
    "reference", ["Patient/pt-1", "https://ehr.example/fhir/Patient/pt-1", "Patient/pt-1/_history/3", "urn:uuid:pt-1"]
)
def test_a_resource_is_found_by_every_form_of_reference(reference: str) -> None:
    found = ChartResources(ready_chart()).find(reference)
    assert found is not None
    assert found.reference == "Patient/pt-1"


@pytest.mark.parametrize("reference", ["Patient/other", "Practitioner/pt-1", "#pt-1", "", "urn:uuid:other"])
def test_another_reference_finds_nothing(reference: str) -> None:
    assert ChartResources(ready_chart()).find(reference) is None


def test_the_engine_gets_texts_setting_and_codes_that_arrived_structured() -> None:
    visit = encounter(
        reasonCode=[{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I10"}], "text": "pressure"}],
        diagnosis=[{"condition": {"reference": "Condition/cond-1"}}],
    )
    chart = ready_chart(
        encounter=version_of(visit), setting="emergency", context=(*CONTEXT, version_of(condition(code="E11.9")))
    )
    engine_chart = read_engine_chart(chart, read_facts(chart))
    assert [document.text for document in engine_chart.documents] == [chart.documents[0].text]
    assert engine_chart.setting is Setting.EMERGENCY
    assert engine_chart.service_date == date(2026, 9, 1)
    assert [(fact.path, fact.code, fact.display) for fact in engine_chart.coded_facts] == [
        ("Encounter.reasonCode", "I10", "pressure"),
        ("Encounter.diagnosis.condition", "E11.9", ""),
    ]


def test_the_engine_gets_reports_encounter_class_payer_and_stay() -> None:
    category = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "LAB"}]}]
    result = {
        "resourceType": "Observation",
        "id": "sodium",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2951-2"}]},
    }
    report = diagnostic_report(
        "dr-1",
        loinc="51990-0",
        title="Chemistry",
        category=category,
        result=[{"reference": "Observation/sodium"}, {"reference": "Observation/elsewhere"}],
        performer=[{"reference": "Organization/hospital"}],
        resultsInterpreter=[{"reference": "Practitioner/dr-1"}],
    )
    context = (*CONTEXT, version_of(coverage()), version_of(result))
    chart = ready_chart(reports=(version_of(report),), context=context)

    engine_chart = read_engine_chart(chart, read_facts(chart))

    assert engine_chart.reports == (
        ReportFact(
            path="DiagnosticReport/dr-1",
            loinc="51990-0",
            title="Chemistry",
            categories=("LAB",),
            components=("2951-2",),
            performers=("Organization/hospital",),
            interpreters=("Practitioner/dr-1",),
            document_ids=("DiagnosticReport/dr-1#0",),
            performed_at=datetime(2026, 9, 1, 10, 15, tzinfo=UTC),
        ),
    )
    assert (engine_chart.encounter_class, engine_chart.payer) == ("AMB", "Test Payer")
    assert (engine_chart.admitted_on, engine_chart.discharged_on) == (date(2026, 9, 1), date(2026, 9, 1))


@pytest.mark.parametrize(
    ("kind", "is_new"),
    [("Office visit, new patient", True), ("Follow-up encounter", False), ("Encounter for symptom", None)],
)
def test_the_encounters_type_may_tell_whether_the_patient_is_new(kind: str, is_new: bool | None) -> None:
    chart = ready_chart(encounter=version_of(encounter(type=[{"text": kind}])))
    assert read_engine_chart(chart, read_facts(chart)).is_new_patient is is_new
