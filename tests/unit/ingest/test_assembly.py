"""A chart has what its encounter has and refers to, says what is missing, and fits into a record."""

from dataclasses import replace
from uuid import UUID

import pytest

from services.ingest import assembly
from services.ingest.assembly import Material, StoredDocument, StoredResource, assemble_ready, assemble_withdrawn
from services.ingest.intake import examine
from shared.contracts.messages import ChartReady
from shared.contracts.topics import Topic
from shared.fhir.references import ResourceKey, read_reference
from tests.builders import (
    Resource,
    as_bytes,
    composition,
    condition,
    coverage,
    diagnostic_report,
    encounter,
    observation,
    organization,
    patient,
    practitioner,
)
from tests.builders.given import medication_administration

CHART_ID = UUID(int=7)
PATIENT = ResourceKey("Patient", "pt-1")


def stored(resource: Resource) -> StoredResource:
    """Put a resource through intake, as the database would give it back."""
    arrivals = examine(Topic.FHIR_RESOURCE, as_bytes(resource))
    assert isinstance(arrivals, tuple)
    (arrival,) = arrivals
    text = arrival.document
    return StoredResource(
        key=arrival.key,
        version=arrival.version.label,
        status=arrival.status,
        refers_to=tuple(key for each in arrival.refers_to if (key := read_reference(each))),
        body=arrival.body,
        document=StoredDocument(1, text.kind, text.title, text.authored_at, text.text) if text else None,
    )


def material(*own: Resource, coverages: tuple[Resource, ...] = (coverage(),), others: tuple[Resource, ...]) -> Material:
    known = {each.key: each for each in map(stored, others)}
    return Material(stored(encounter()), tuple(map(stored, own)), tuple(map(stored, coverages)), known, patient=PATIENT)


FULL = material(
    diagnostic_report(),
    composition(),
    others=(patient(), organization(), organization("hospital"), practitioner()),
)


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        (FULL, set()),
        (replace(FULL, others={}), {"Patient/pt-1", "Organization/payer-1"}),
        (replace(FULL, coverages=()), {"Coverage?beneficiary=Patient/pt-1"}),
        (replace(FULL, coverages=(stored(coverage(status="cancelled")),)), {"Coverage?beneficiary=Patient/pt-1"}),
        (replace(FULL, patient=None), {"Encounter.subject"}),
        (
            replace(FULL, coverages=(stored(coverage(payor=[{"reference": "Patient/pt-1"}])),)),
            set(),
        ),
    ],
)
def test_what_a_claim_cannot_do_without_is_named(changed: Material, missing: set[str]) -> None:
    assert changed.find_missing() == missing


def test_what_a_claim_would_like_is_named_apart() -> None:
    assert replace(FULL, others={}).find_wanted() == {"Practitioner/dr-1", "Organization/hospital"}
    assert FULL.find_wanted() == frozenset()


def test_the_fingerprint_moves_with_what_a_coder_sees() -> None:
    same = FULL.fingerprint(())
    amended = replace(FULL, own=(stored(diagnostic_report(text="Other.", status="amended")),))
    pending = replace(FULL, own=(*FULL.own, stored(diagnostic_report("dr-2", status="preliminary"))))
    with_fact = replace(FULL, own=(*FULL.own, stored(condition())))
    assert same == FULL.fingerprint(())
    assert same == pending.fingerprint(()) == with_fact.fingerprint(())
    given = replace(FULL, own=(*FULL.own, stored(medication_administration())))
    assert len({same, amended.fingerprint(()), given.fingerprint(()), FULL.fingerprint(("Patient/pt-1",))}) == 4


def test_what_was_given_travels_with_the_drug_that_it_refers_to() -> None:
    drug: Resource = {"resourceType": "Medication", "id": "med-1", "code": {"text": "ketorolac"}}
    given = medication_administration(
        medicationCodeableConcept=None, medicationReference={"reference": "Medication/med-1"}
    )
    chart = assemble(material(diagnostic_report(), given, others=(patient(), drug)))
    assert {"MedicationAdministration/ma-1", "Medication/med-1"} <= {each.reference for each in chart.context}


def test_what_others_refer_to_is_followed_one_step_further() -> None:
    role: Resource = {
        "resourceType": "PractitionerRole",
        "id": "role-1",
        "practitioner": {"reference": "Practitioner/dr-2"},
        "organization": {"reference": "Organization/clinic"},
    }
    report = diagnostic_report(performer=[{"reference": "PractitionerRole/role-1"}])
    chart = assemble(
        material(report, others=(patient(), role, practitioner("dr-2"), organization("clinic"), observation("unasked")))
    )
    found = {resource.reference for resource in chart.context}
    assert {"PractitionerRole/role-1", "Practitioner/dr-2", "Organization/clinic"} <= found
    assert "Observation/unasked" not in found


def test_everything_travels_once_as_it_was_sent() -> None:
    chart = assemble(FULL)
    bodies = [resource.body for resource in (*chart.context, *chart.reports)]
    assert len(bodies) == len(set(bodies))
    assert as_bytes(practitioner()).decode() in bodies


def test_what_does_not_fit_is_left_out_largest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    large = replace(FULL, own=(*FULL.own, stored(diagnostic_report("dr-large", "x" * 20_000))))
    monkeypatch.setattr(assembly, "_LARGEST_CHART_BYTES", 30_000)
    chart = assemble(large)
    assert {document.document_id for document in chart.documents} >= {"DiagnosticReport/dr-large"}
    assert [report.reference for report in chart.reports] == ["DiagnosticReport/dr-1"]


def test_a_withdrawn_chart_has_nothing_to_read() -> None:
    chart = assemble_withdrawn(CHART_ID, 2, "encounter-void", FULL)
    assert (chart.status, chart.documents, chart.reports, chart.context) == ("withdrawn", (), (), ())


def assemble(chart: Material) -> ChartReady:
    return assemble_ready(CHART_ID, 1, "complete", chart)
