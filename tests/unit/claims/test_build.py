"""The Bundle: what is in it, that everything resolves, and that bytes stay as they were."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.claims.build import WITHHELD_REFERENCE, BundleFrame, build_bundle
from shared.contracts.messages import ChartCoded, ResourceVersion
from shared.fhir import systems
from shared.fhir.bundle_rules import check_bundle
from shared.fhir.issues import errors_of
from shared.fhir.validation import validate
from tests.builders import as_text, claim, condition, observation, patient
from tests.unit.claims.codings import coded_chart, supporting

CLAIM_ID = UUID("0b3f7d8e-8d53-5c55-9a3e-1d8d7a2f0c11")
FRAME = BundleFrame(CLAIM_ID, datetime(2026, 9, 2, 8, 0, 0, 120_000, tzinfo=UTC), "https://hospital.example/fhir/")


def _build(coded: ChartCoded, frame: BundleFrame = FRAME) -> dict[str, Any]:
    bundle: dict[str, Any] = json.loads(build_bundle(coded, frame))
    return bundle


def _types(bundle: dict[str, Any]) -> list[str]:
    return [entry["resource"]["resourceType"] for entry in bundle["entry"]]


def test_a_bundle_is_what_a_payer_expects() -> None:
    bundle = _build(coded_chart())
    assert check_bundle(bundle) == []
    assert bundle["identifier"] == {"system": systems.CLAIM_IDENTIFIER, "value": str(CLAIM_ID)}
    assert bundle["timestamp"] == "2026-09-02T08:00:00.120+00:00"
    assert _types(bundle)[:2] == ["Claim", "Provenance"]
    assert bundle["entry"][0]["fullUrl"] == "https://hospital.example/fhir/Claim/claim-1"


def test_a_bundle_is_valid_fhir() -> None:
    text = build_bundle(coded_chart(), FRAME).decode()
    assert errors_of(validate(text)) == ()


def test_the_claim_carries_the_identifier_that_answers_name() -> None:
    numbered = claim(identifier=[{"system": systems.CHART_IDENTIFIER, "value": "chart-1"}])
    first, second = _build(coded_chart(final_claim=numbered))["entry"][0]["resource"]["identifier"]
    assert first == {"system": systems.CLAIM_IDENTIFIER, "value": str(CLAIM_ID)}
    assert second["value"] == "chart-1"


def test_a_replacement_names_the_original() -> None:
    original = UUID(int=7)
    frame = BundleFrame(CLAIM_ID, FRAME.built_at, FRAME.base_url, replaces=original)
    bundle = _build(coded_chart(), frame)
    (related,) = bundle["entry"][0]["resource"]["related"]
    assert related["claim"]["identifier"]["value"] == str(original)
    assert related["relationship"]["coding"][0]["code"] == "prior"
    assert check_bundle(bundle) == []


def test_only_what_the_claim_reaches_goes_out() -> None:
    stranger = patient("pt-2")
    bundle = _build(coded_chart(resources=[*supporting(), stranger, condition("cond-9")]))
    assert "Condition" not in _types(bundle)
    assert [entry["resource"]["id"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "Patient"] == [
        "pt-1"
    ]


def test_what_is_offered_twice_goes_out_once() -> None:
    bundle = _build(coded_chart(resources=[*supporting(), *supporting()]))
    assert check_bundle(bundle) == []


def test_a_hospitals_bytes_are_the_payers_bytes() -> None:
    body = '{ "resourceType":"Coverage","id":"cov-1", "status":"active","beneficiary":{"reference":"Patient/pt-1"},'
    body += '"payor":[{"reference":"Organization/payer-1"}],"costToBeneficiary":[{"valueMoney":{"value":878.50}}],'
    body += '"class":[{"value":"caf\\u00e9 – \\"reference\\": \\"Nobody/1\\""}]\n}'
    others = [each for each in supporting() if each["resourceType"] != "Coverage"]
    coded = coded_chart(resources=others)
    coverage = ResourceVersion.of("Coverage", "cov-1", body)
    coded = coded.model_copy(update={"supporting": (*coded.supporting, coverage)})
    assert body.encode() in build_bundle(coded, FRAME)


def test_a_reference_to_what_stays_behind_is_withheld_and_nothing_else_changes() -> None:
    encounter = next(each for each in supporting() if each["resourceType"] == "Encounter")
    expected = as_text(encounter).replace('"reference": "Location/ward-1"', WITHHELD_REFERENCE)
    assert expected != as_text(encounter)
    coded = coded_chart(final_claim=claim(item=[{"sequence": 1, "encounter": [{"reference": "Encounter/enc-1"}]}]))
    assert expected.encode() in build_bundle(coded, FRAME)


def test_a_reference_to_what_travels_along_stays() -> None:
    bundle = build_bundle(coded_chart(resources=[*supporting(), observation()]), FRAME)
    assert b'"result": [{"reference": "Observation/obs-1"}]' in bundle


def test_the_claims_own_dangling_reference_is_kept_for_the_edits() -> None:
    bundle = _build(coded_chart(final_claim=claim(coverage_id="nowhere")))
    assert [issue.expression for issue in check_bundle(bundle)] == [
        "Bundle.entry[0].resource.insurance[0].coverage.reference"
    ]


def test_a_coder_who_is_no_resource_of_the_hospital_gets_an_entry() -> None:
    bundle = _build(coded_chart())
    assert {"resourceType": "Practitioner", "id": "coder-1"} in [entry["resource"] for entry in bundle["entry"]]


@pytest.mark.parametrize("prefix", ["", "https://hospital.example/fhir/"])
def test_references_resolve_relative_and_absolute(prefix: str) -> None:
    text = json.dumps([as_text(each) for each in supporting()])
    resources = [json.loads(each) for each in json.loads(text.replace("Organization/", f"{prefix}Organization/"))]
    assert check_bundle(_build(coded_chart(resources=resources))) == []


ids = st.from_regex(r"[A-Za-z0-9\-.]{1,12}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(names=st.lists(ids, min_size=1, max_size=6, unique=True), note=texts, targets=st.lists(ids, max_size=6))
def test_whatever_the_hospital_links_every_reference_resolves(names: list[str], note: str, targets: list[str]) -> None:
    reports = [
        {
            "resourceType": "DiagnosticReport",
            "id": name,
            "conclusion": note,
            "result": [{"reference": f"Observation/{target}", "display": note} for target in targets],
            "subject": {"reference": "Patient/pt-1"},
        }
        for name in names
    ]
    linked = [
        {"sequence": 1, "category": {}, "valueReference": {"reference": f"DiagnosticReport/{name}"}} for name in names
    ]
    some = [observation(target) for target in dict.fromkeys(targets[::2])]
    coded = coded_chart(final_claim=claim(supportingInfo=linked), resources=[*supporting(), *reports, *some])
    bundle = _build(coded)
    assert check_bundle(bundle) == []
    # By type and id: a report and an observation may have one id.
    sent = {
        (entry["resource"]["resourceType"], entry["resource"]["id"]): entry["resource"] for entry in bundle["entry"]
    }
    assert all(sent["DiagnosticReport", name]["conclusion"] == note for name in names)
