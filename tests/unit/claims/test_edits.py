"""Every edit, for and against; a sound claim has no finding."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.claims.build import BundleFrame, build_bundle
from services.claims.edits import EDITS, ClaimUnderEdit, is_sendable, scrub_claim
from services.claims.payers import PayerLimits
from shared.fhir import systems
from tests.builders import claim
from tests.unit.claims.codings import coded_chart

FRAME = BundleFrame(UUID(int=1), datetime(2026, 9, 2, tzinfo=UTC), "https://hospital.example/fhir")
UNCODED = {"sequence": 1, "diagnosisCodeableConcept": {"text": "chest pain"}}
INSURANCE = {"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/cov-1"}}
ABSENT = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}


def subject_of(limits: PayerLimits | None = None, **elements: Any) -> ClaimUnderEdit:
    """A built claim with some elements changed, by the builder or in place; None removes one."""
    in_place = {name: value for name, value in elements.items() if isinstance(value, dict)}
    built = claim(**{name: value for name, value in elements.items() if name not in in_place})
    coded = coded_chart(final_claim={**built, **in_place})
    return ClaimUnderEdit(build_bundle(coded, FRAME), limits or PayerLimits(), date(2026, 9, 1))


def found(subject: ClaimUnderEdit) -> list[tuple[str, str | None]]:
    """Edit and place of every finding."""
    return [(finding.edit, finding.expression) for finding in scrub_claim(subject)]


def test_a_sound_claim_has_no_finding() -> None:
    assert scrub_claim(subject_of()) == ()
    assert is_sendable(())


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"status": "draft"}, ("claim-status", "Claim.status")),
        ({"use": "preauthorization"}, ("claim-use", "Claim.use")),
        ({"patient": ABSENT}, ("party-missing", "Claim.patient")),
        ({"provider": ABSENT}, ("party-missing", "Claim.provider")),
        ({"diagnoses": (), "item": None}, ("diagnosis-missing", "Claim.diagnosis")),
        ({"diagnosis": [UNCODED]}, ("diagnosis-uncoded", "Claim.diagnosis[0]")),
        ({"coverage_id": "gone"}, ("bundle-rules", "Claim.insurance[0].coverage.reference")),
        ({"status": "banana"}, ("fhir-r4", "Claim.status")),
        ({"patient_id": "gone"}, ("bundle-rules", "Claim.patient.reference")),
        ({"insurance": [{**INSURANCE, "focal": False}]}, ("fhir-r4", "Claim.insurance")),
        ({"insurance": [{**INSURANCE, "coverage": ABSENT}]}, ("party-missing", "Claim.insurance[0].coverage")),
        ({"provider": {"reference": "Coverage/cov-1"}}, ("fhir-r4", "Claim.provider.reference")),
        (
            {"item": [{"sequence": 1, "diagnosisSequence": [9], "productOrService": {"text": "visit"}}]},
            ("fhir-r4", "Claim.item[0].diagnosisSequence"),
        ),
    ],
)
def test_what_makes_a_claim_unsendable(elements: dict[str, Any], expected: tuple[str, str]) -> None:
    findings = scrub_claim(subject_of(**elements))
    assert not is_sendable(findings)
    assert expected in [(finding.edit, finding.expression) for finding in findings]


@pytest.mark.parametrize(("limit", "edits"), [(2, []), (1, [("diagnosis-limit", "Claim.diagnosis[1]")])])
def test_a_payers_limit_of_diagnoses(limit: int, edits: list[tuple[str, str]]) -> None:
    assert found(subject_of(PayerLimits(max_diagnoses=limit), diagnoses=("I10", "J18.9"))) == edits


def test_a_payers_limit_of_size() -> None:
    size = len(subject_of().bundle_bytes)
    assert found(subject_of(PayerLimits(max_bundle_bytes=size))) == []
    assert found(subject_of(PayerLimits(max_bundle_bytes=size - 1))) == [("bundle-size", "Bundle")]


def test_findings_carry_no_content_of_the_claim() -> None:
    secret = {"coding": [{"system": systems.CLAIM_TYPE, "code": "Testperson"}]}
    findings = scrub_claim(subject_of(status="Testperson", type=secret, patient_id="Testperson"))
    assert findings
    assert "Testperson" not in "".join(finding.model_dump_json() for finding in findings)


def test_every_edit_says_what_it_is() -> None:
    assert len({edit.id for edit in EDITS}) == len(EDITS)
    assert all(edit.source and edit.message and edit.fix for edit in EDITS)


@pytest.mark.parametrize(
    ("day", "applies"),
    [(date(2026, 1, 1), True), (date(2025, 12, 31), False), (date(2026, 3, 31), True), (date(2026, 4, 1), False)],
)
def test_an_edit_applies_within_its_dates(day: date, applies: bool) -> None:
    dated = replace(EDITS[0], effective_from=date(2026, 1, 1), effective_until=date(2026, 3, 31))
    subject = replace(subject_of(status="draft", services=()), service_date=day)
    assert bool(scrub_claim(subject, [dated])) is applies
    assert scrub_claim(replace(subject, service_date=None), [dated])
