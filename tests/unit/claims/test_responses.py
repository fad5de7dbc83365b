"""Reading answers: what each kind of ClaimResponse means, and what is none."""

import json
from decimal import Decimal
from typing import Any

import pytest

from services.claims.claim import State
from services.claims.responses import Adjustment, read_answer, read_issue_codes
from shared.contracts.errors import InvalidContent
from shared.fhir import systems
from tests.builders import as_bytes, bundle, claim_response, patient


def adjudication(category: str, amount: float | None = None, reason: str | None = None) -> dict[str, Any]:
    """One adjudication of a line."""
    found: dict[str, Any] = {"category": {"coding": [{"system": systems.ADJUDICATION, "code": category}]}}
    if amount is not None:
        found["amount"] = {"value": amount, "currency": "USD"}
    if reason is not None:
        found["reason"] = {"coding": [{"system": systems.CARC, "code": reason}]}
    return found


def line(number: int, *adjudications: dict[str, Any]) -> dict[str, Any]:
    """One adjudicated line."""
    return {"itemSequence": number, "adjudication": list(adjudications)}


PAID = adjudication("benefit", 80.0)
CONTRACTUAL = adjudication("benefit", 80.0, "45")
NOTHING = adjudication("benefit", 0, "50")
DENIED = adjudication("denialreason", reason="197")


@pytest.mark.parametrize(
    ("elements", "state", "codes"),
    [
        ({}, State.ACCEPTED, ()),
        ({"item": [line(1, PAID)]}, State.ACCEPTED, ()),
        ({"item": [line(1, CONTRACTUAL)]}, State.ACCEPTED, ("45",)),
        ({"item": [line(1, NOTHING)]}, State.DENIED, ("50",)),
        ({"item": [line(1, DENIED), line(2, NOTHING)]}, State.DENIED, ("197", "50")),
        ({"item": [line(1, PAID), line(2, DENIED)]}, State.PARTIALLY_DENIED, ("197",)),
        ({"adjudication": [NOTHING]}, State.DENIED, ("50",)),
        ({"adjudication": [adjudication("benefit", 0)]}, State.ACCEPTED, ()),
        ({"outcome": "queued"}, State.PENDED, ()),
        ({"outcome": "partial"}, State.PENDED, ()),
        ({"outcome": "partial", "item": [line(1, PAID), line(2, DENIED)]}, State.PARTIALLY_DENIED, ("197",)),
        ({"outcome": "error", "error": [{"code": {"coding": [{"code": "a001"}]}}]}, State.REJECTED, ("a001",)),
    ],
)
def test_the_state_follows_from_outcome_and_lines(
    elements: dict[str, Any], state: State, codes: tuple[str, ...]
) -> None:
    answer = read_answer(as_bytes(claim_response(**elements)))
    assert (answer.state, answer.codes) == (state, codes)


def test_the_claim_is_named_by_its_identifier() -> None:
    named = claim_response(request={"identifier": {"system": systems.CLAIM_IDENTIFIER, "value": "c-1"}})
    assert read_answer(as_bytes(named)).request == "c-1"
    assert read_answer(as_bytes(claim_response())).request is None


def test_the_payers_number_is_the_official_one_and_an_old_one_only_helps_to_match() -> None:
    numbers = [
        {"use": "old", "value": "ICN1"},
        {"value": "ICN3"},
        {"use": "official", "value": "ICN2"},
        {"use": "official", "system": systems.CLAIM_IDENTIFIER, "value": "ours"},
    ]
    names = read_answer(as_bytes(claim_response(identifier=numbers))).names
    assert (names.payer_number, names.payer_numbers) == ("ICN2", ("ICN2", "ICN3", "ICN1"))
    assert read_answer(as_bytes(claim_response(identifier=numbers[:1]))).names.payer_number == ""


def test_an_error_is_on_the_line_that_it_names() -> None:
    errors = [{"itemSequence": 2, "code": {"coding": [{"code": "a001"}]}}, {"code": {"coding": [{"code": "a002"}]}}]
    answer = read_answer(as_bytes(claim_response(outcome="error", error=errors)))
    assert [(each.line, each.reason) for each in answer.adjustments] == [(2, "a001"), (None, "a002")]


def test_a_bundle_may_carry_the_answer() -> None:
    body = as_bytes(bundle(patient(), claim_response(outcome="queued")))
    assert read_answer(body).state is State.PENDED
    assert read_answer(body).body == body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        as_bytes(patient()),
        as_bytes(bundle(patient())),
        as_bytes(bundle(claim_response("r-1"), claim_response("r-2"))),
        as_bytes(claim_response(use="preauthorization")),
        as_bytes(claim_response(status="cancelled")),
        as_bytes(claim_response(outcome="banana")),
        as_bytes(claim_response(item="everything")),
        json.dumps({"resourceType": "Bundle", "entry": 7}).encode(),
        json.dumps({"resourceType": "Bundle", "entry": [7, {"resource": 7}]}).encode(),
    ],
)
def test_what_is_no_answer_is_refused_without_a_word_of_its_content(body: bytes) -> None:
    with pytest.raises(InvalidContent) as refusal:
        read_answer(body)
    assert "banana" not in refusal.value.message
    assert "Testperson" not in refusal.value.message


def test_issue_codes_are_kept_and_texts_are_not() -> None:
    issue = {"severity": "error", "code": "business-rule", "diagnostics": "Ada Testperson is not covered"}
    coded = {**issue, "details": {"text": "Ada", "coding": [{"code": "E-7"}, {"code": "Ada Testperson"}]}}
    outcome = {"resourceType": "OperationOutcome", "issue": [issue, coded]}
    assert read_issue_codes(json.dumps(outcome).encode()) == ("business-rule", "E-7")
    assert read_issue_codes(b"<html>") == ()
    assert read_issue_codes(as_bytes(patient())) == ()


def test_what_was_taken_off_is_kept_line_by_line_with_group_reason_amount_and_remarks() -> None:
    def _coded(system: str, *codes: str) -> dict[str, Any]:
        return {"coding": [{"system": system, "code": code} for code in codes]}

    taken = {
        "category": _coded(systems.ADJUSTMENT_GROUP, "CO"),
        "reason": {"coding": [*_coded(systems.CARC, "97")["coding"], *_coded(systems.RARC, "M15")["coding"]]},
        "amount": {"value": 12.5},
    }
    benefit = {"category": _coded(systems.ADJUDICATION, "benefit"), "reason": _coded(systems.CARC, "50")}
    answer = read_answer(
        as_bytes(
            claim_response(
                identifier=[{"value": "ICN7"}],
                adjudication=[{"category": _coded("urn:other", "x"), "reason": _coded(systems.CARC, "29")}],
                item=[
                    {"itemSequence": 2, "noteNumber": [1, 2], "adjudication": [taken]},
                    {"itemSequence": 5, "adjudication": [{**benefit, "amount": {"value": 0}}]},
                ],
                processNote=[{"number": 1, "text": "N130 see the plan"}, {"number": 2, "text": "Call us"}],
                payment={"type": _coded("urn:x", "complete"), "amount": {"value": 80.25}},
            )
        )
    )
    assert answer.adjustments == (
        Adjustment(None, "", "29"),
        Adjustment(2, "CO", "97", Decimal("12.5"), ("M15", "N130")),
        Adjustment(5, "", "50"),
    )
    assert (answer.paid, answer.payer_claim_number) == (Decimal("80.25"), "ICN7")
