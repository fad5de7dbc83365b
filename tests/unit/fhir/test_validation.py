"""Validation finds what the library finds, and what it does not."""

from collections.abc import Callable
from typing import Any

import pytest

from shared.fhir.issues import errors_of
from shared.fhir.validation import validate
from tests.builders import Resource, as_text, claim, coverage, diagnostic_report, encounter, observation, patient


def rules(resource: Resource) -> set[str]:
    return {issue.rule for issue in validate(as_text(resource))}


def nested(levels: int) -> Resource:
    extension: Resource = {"url": "https://e.example/x", "valueString": "deep"}
    for _ in range(levels):
        extension = {"url": "https://e.example/x", "extension": [extension]}
    return patient(extension=[extension])


def change_claim(change: Callable[[Resource], Any]) -> Resource:
    resource = claim(diagnoses=("J18.9", "I10"), services=("99213", "71046"))
    change(resource)
    return resource


@pytest.mark.parametrize("resource", [encounter(), diagnostic_report(), claim(), coverage(), observation()])
def test_what_is_valid_has_no_issue(resource: Resource) -> None:
    assert validate(as_text(resource)) == ()


@pytest.mark.parametrize(
    ("resource", "rule"),
    [
        ({"resourceType": "Encountre", "id": "x"}, "unknown-resource-type"),
        ({"resourceType": "Coding", "code": "x"}, "unknown-resource-type"),
        ({"resourceType": "os.path", "id": "x"}, "unknown-resource-type"),
        (encounter(banana=1), "extra_forbidden"),
        (encounter(status="banana"), "required-binding"),
        (encounter(statusHistory=[{"status": "banana", "period": {"start": "2026-01-01"}}]), "required-binding"),
        (diagnostic_report(status="banana"), "required-binding"),
        (patient(gender="banana"), "required-binding"),
        (encounter(id="x" * 65), "id-format"),
        (encounter(subject={"reference": "Practitioner/1"}), "reference-target"),
        (encounter(subject={"type": "Practitioner", "identifier": {"value": "1"}}), "reference-target"),
        (diagnostic_report(encounter={"reference": "https://s.example/Patient/1"}), "reference-target"),
        (patient(name=[{"family": "a\0b"}]), "nul-character"),
        (nested(70), "too-deep"),
        (patient(contained=[{"resourceType": "Banana", "id": "x"}]), "unreadable"),
    ],
)
def test_what_the_library_lets_pass_is_found(resource: Resource, rule: str) -> None:
    assert rule in rules(resource)


@pytest.mark.parametrize("status", ["corrected", "appended", "entered-in-error", "unknown", "cancelled"])
def test_codes_that_the_library_abbreviates_are_known(status: str) -> None:
    assert rules(diagnostic_report(status=status)) == set()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda each: each.update(insurance=[]), "insurance-missing"),
        (lambda each: each["insurance"][0].update(focal=False), "one-focal-insurance"),
        (lambda each: each["insurance"].append({**each["insurance"][0], "sequence": 2}), "one-focal-insurance"),
        (lambda each: each["diagnosis"][1].update(sequence=1), "duplicate-sequence"),
        (lambda each: each["item"][1].update(sequence=1), "duplicate-sequence"),
        (lambda each: each["item"][0].update(diagnosisSequence=[3]), "dangling-sequence"),
        (lambda each: each["item"][0].update(careTeamSequence=[1]), "dangling-sequence"),
        (lambda each: each["item"][0].update(informationSequence=[1]), "dangling-sequence"),
        (lambda each: each.update(status="banana"), "required-binding"),
        (lambda each: each["insurance"][0]["coverage"].update(reference="Patient/1"), "reference-target"),
    ],
)
def test_a_claim_that_cannot_be_billed_is_found(change: Callable[[Resource], Any], rule: str) -> None:
    assert rule in rules(change_claim(change))


def test_an_empty_array_is_a_warning_which_intake_lets_pass() -> None:
    issues = validate(as_text(coverage(extension=[])))
    assert [(issue.rule, issue.expression) for issue in issues] == [("empty-element", "Coverage.extension")]
    assert errors_of(issues) == ()


def test_a_null_element_is_a_warning() -> None:
    (issue,) = validate('{"resourceType": "Patient", "id": "x", "meta" : null}')
    assert (issue.rule, issue.severity, issue.expression) == ("empty-element", "warning", "Patient.meta")


def test_a_required_element_that_is_null_is_missing() -> None:
    assert errors_of(validate(as_text(encounter()).replace('"finished"', "null")))
    assert errors_of(validate(as_text({**encounter(), "class": None})))


def test_issues_never_quote_the_resource() -> None:
    secret = "Ms Secret"
    broken = patient(name=[{"family": secret, "secret": secret}], gender=secret, birthDate=secret)
    issues = validate(as_text(broken))
    assert issues
    assert all(secret not in f"{issue.message}{issue.rule}" for issue in issues)


def test_text_that_is_no_resource_is_an_issue_and_no_exception() -> None:
    assert [issue.rule for issue in validate("{")] == ["not-json"]
    assert [issue.rule for issue in validate("{}")] == ["no-resource-type"]
