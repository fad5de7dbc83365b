"""A record's value becomes arrivals with the facts that charts need, or a refusal without content."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.intake import Arrival, Refusal, examine
from shared.contracts.topics import Topic
from tests.builders import (
    Resource,
    as_bytes,
    bundle,
    coverage,
    diagnostic_report,
    document_reference,
    encounter,
    observation,
    patient,
)


def arrive(resource: Resource) -> Arrival:
    arrivals = examine(Topic.FHIR_RESOURCE, as_bytes(resource))
    assert isinstance(arrivals, tuple), arrivals
    return arrivals[0]


@pytest.mark.parametrize(
    ("resource", "patient_id", "encounter_id"),
    [
        (encounter(), "pt-1", "enc-1"),
        (diagnostic_report(), "pt-1", "enc-1"),
        (diagnostic_report(encounter_id=None), "pt-1", None),
        (document_reference(), "pt-1", "enc-1"),
        (coverage(), "pt-1", None),
        (patient(), "pt-1", None),
        (observation(subject={"reference": "Group/1"}), None, "enc-1"),
        (diagnostic_report(encounter={"reference": "https://s.example/fhir/Encounter/7"}), "pt-1", "7"),
    ],
)
def test_links_are_found(resource: Resource, patient_id: str | None, encounter_id: str | None) -> None:
    arrival = arrive(resource)
    assert (arrival.patient_id, arrival.encounter_id) == (patient_id, encounter_id)


def test_an_encounter_brings_its_period_and_class() -> None:
    facts = arrive(encounter(end="2026-09-01")).encounter
    assert facts is not None
    assert facts.encounter_class == "AMB"
    assert facts.ended_at is not None
    assert facts.ended_at.isoformat() == "2026-09-01T23:59:59+00:00"


def test_references_inside_a_transaction_are_resolved() -> None:
    visit_id, patient_id = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
    visit = encounter(visit_id, subject={"reference": f"urn:uuid:{patient_id}"})
    arrivals = examine(Topic.FHIR_ENCOUNTER, as_bytes(bundle(visit, patient(patient_id), bundle_type="transaction")))
    assert isinstance(arrivals, tuple)
    assert arrivals[0].patient_id == patient_id
    assert f"Patient/{patient_id}" in arrivals[0].refers_to


@pytest.mark.parametrize(
    ("doc_status", "status"), [("final", "final"), ("preliminary", "preliminary"), (None, "current")]
)
def test_a_document_has_the_status_of_what_it_refers_to(doc_status: str | None, status: str) -> None:
    assert arrive(document_reference(docStatus=doc_status)).status == status


def test_a_resource_that_was_cut_down_is_refused() -> None:
    tagged = encounter(meta={"tag": [{"code": "SUBSETTED"}]})
    assert examine(Topic.FHIR_ENCOUNTER, as_bytes(tagged)) == Refusal("subsetted", "meta.tag")


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda children: st.lists(children, max_size=2) | st.dictionaries(st.text(max_size=3), children, max_size=2),
    max_leaves=4,
)


@given(st.sampled_from(["meta", "period", "subject", "class", "status", "participant", "contained", "id"]), _JUNK)
def test_junk_in_any_element_is_refused_and_raises_nothing(element: str, junk: object) -> None:
    result = examine(Topic.FHIR_ENCOUNTER, as_bytes({**encounter(), element: junk}))
    assert isinstance(result, tuple | Refusal)


@given(_JUNK, _JUNK)
def test_junk_in_meta_is_refused_and_raises_nothing(tag: object, version: object) -> None:
    meta = {"tag": tag, "versionId": version, "lastUpdated": version}
    assert isinstance(examine(Topic.FHIR_RESOURCE, as_bytes(patient(meta=meta))), tuple | Refusal)


def test_a_refusal_names_the_place_and_not_the_content() -> None:
    broken = encounter(status="Ms Secret")
    refusal = examine(Topic.FHIR_ENCOUNTER, as_bytes(broken))
    assert refusal == Refusal("invalid-resource", "Encounter.status")


def test_a_bundle_with_one_expected_resource_may_bring_others() -> None:
    both = bundle(encounter(), patient())
    assert isinstance(examine(Topic.FHIR_ENCOUNTER, as_bytes(both)), tuple)
    assert examine(Topic.FHIR_DIAGNOSTIC_REPORT, as_bytes(both)) == Refusal("unexpected-type", "resourceType")


def test_a_bundle_is_refused_whole_when_one_resource_is_invalid() -> None:
    assert isinstance(examine(Topic.FHIR_RESOURCE, as_bytes(bundle(patient(), encounter(status="x")))), Refusal)
