"""What the codes of refusals mean, and what a refusal is joined to."""

import json

import pytest

from services.claims.denials.denial import describe_denial, read_denial, read_refusal
from services.claims.denials.reasons import UNKNOWN_REJECTION, Kind, Step, explain_refused_void, explain_rejection
from services.claims.responses import read_answer
from tests.builders import as_bytes, claim_response
from tests.unit.claims.denials.test_denial import sent_bundle


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("A7-562", "Information is invalid. Somebody's National Provider Identifier."),
        ("A3", "The payer returned the claim as one that it cannot process."),
        ("A7-9999", "Information is invalid."),
        ("IK4-7", "A code is not of its list."),
        ("TA1-025", "The payer has an interchange of this number."),
        ("business-rule", "A rule of the payer refuses the claim."),
        ("http-413", "The claim is larger than the payer takes."),
        ("562", UNKNOWN_REJECTION),
        ("", UNKNOWN_REJECTION),
    ],
)
def test_a_code_is_said_in_words(code: str, words: str) -> None:
    meant = explain_rejection(code)
    assert (meant.kind, meant.step, meant.words) == (Kind.REJECTION, Step.RESUBMIT, words)


@pytest.mark.parametrize(("code", "words"), [("18", "has this claim"), ("A4", "does not find"), ("", "not in our")])
def test_a_refused_void_is_settled_whatever_the_code(code: str, words: str) -> None:
    meant = explain_refused_void(code, ())
    assert (meant.kind, meant.step) == (Kind.VOID, Step.SETTLE)
    assert words in meant.words


def test_a_refusal_of_the_claim_is_joined_to_every_line_and_told_once() -> None:
    denial = read_refusal(sent_bundle(), ["invalid", "code-invalid"], ())
    assert [(line.line, line.adjustment.reason) for line in denial.lines] == [
        (1, "invalid"),
        (2, "invalid"),
        (1, "code-invalid"),
        (2, "code-invalid"),
    ]
    assert denial.lines[0].origin.suggestion_id is not None
    told = [(finding.edit, finding.expression) for finding in describe_denial(denial)]
    assert told == [("rejected-invalid", "Claim"), ("rejected-code-invalid", "Claim")]


def test_an_error_about_one_line_is_told_at_the_line() -> None:
    error = {"itemSequence": 2, "code": {"coding": [{"code": "a001"}]}}
    denial = read_denial(sent_bundle(), read_answer(as_bytes(claim_response(outcome="error", error=[error]))), ())
    (finding,) = describe_denial(denial)
    assert (denial.kind, finding.edit, finding.expression) == (Kind.REJECTION, "rejected-a001", "Claim.item[1]")


def test_a_denied_void_is_no_denial_of_its_lines() -> None:
    bundle = json.loads(sent_bundle())
    bundle["entry"][0]["resource"]["status"] = "cancelled"
    denied = as_bytes(claim_response(outcome="error"))
    denial = read_denial(json.dumps(bundle).encode(), read_answer(denied), ())
    assert (denial.kind, denial.leading.reason.step) == (Kind.VOID, Step.SETTLE)
