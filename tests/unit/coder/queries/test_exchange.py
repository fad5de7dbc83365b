"""What goes to clinicians is valid FHIR that says nothing of billing; what comes back names its query or is refused."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.coder.queries.exchange import Dispatch, build_request, read_answer
from services.coder.queries.life import QueryState
from shared.contracts.errors import InvalidContent
from shared.fhir.issues import errors_of
from shared.fhir.validation import validate
from tests.builders.queries import query

NOW = datetime(2026, 9, 2, 8, 0, tzinfo=UTC)
QUERY_ID = UUID("7c2a0a52-6d51-5a0e-9d0a-0d8f0f1c9b12")


def dispatch(state: QueryState = QueryState.SENT, **more: Any) -> Dispatch:
    fields: dict[str, Any] = {
        "query_id": QUERY_ID,
        "content": query(),
        "state": state,
        "chart_id": uuid4(),
        "claim_id": "claim-1",
        "patient": "Patient/p1",
        "encounter": "Encounter/e1",
        "requester": "Practitioner/ann",
        "addressee": "Practitioner/dr-1",
        "authored_at": NOW,
        "due_at": NOW + timedelta(days=7),
    }
    return Dispatch(**{**fields, **more})


@pytest.mark.parametrize("state", [each for each in QueryState if each is not QueryState.DRAFT])
@pytest.mark.parametrize("patient", ["Patient/p1", None])
def test_a_request_is_valid_fhir_in_every_state(state: QueryState, patient: str | None) -> None:
    bundle = build_request(dispatch(state, patient=patient, urgent=True), NOW)
    assert errors_of(validate(json.dumps(bundle))) == ()
    task, request = (entry["resource"] for entry in bundle["entry"])
    assert (task["resourceType"], request["resourceType"]) == ("Task", "CommunicationRequest")
    assert task["focus"] == {"reference": "Claim/claim-1"}
    assert task["id"] == request["id"] == str(QUERY_ID)


def test_the_clinician_reads_title_indicators_with_source_and_date_question_and_answers() -> None:
    _, request = (entry["resource"] for entry in build_request(dispatch(), NOW)["entry"])
    said = [payload["contentString"] for payload in request["payload"]]
    assert said[0] == "Clarification of pneumonia"
    assert said[1] == '1. "community-acquired pneumonia" (DiagnosticReport/dr-1#0, 2026-09-01).'
    assert said[3].startswith("Can the organism")
    assert said[-1] == "[ ] Unable to determine"


def communication(reference: str = f"CommunicationRequest/{QUERY_ID}", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Communication",
        "id": "c1",
        "status": "completed",
        "basedOn": [{"reference": reference}],
        "sender": {"reference": "Practitioner/dr-1"},
        "payload": [{"contentString": "Gram-negative pneumonia"}],
        **more,
    }


def bundled(*resources: dict[str, Any]) -> bytes:
    entries = [{"fullUrl": f"urn:uuid:{uuid4()}", "resource": each} for each in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


ADDENDUM = {
    "resourceType": "DocumentReference",
    "id": "add-1",
    "status": "current",
    "content": [{"attachment": {"contentType": "text/plain", "data": "R3JhbQ=="}}],
}


@pytest.mark.parametrize("reference", [f"CommunicationRequest/{QUERY_ID}", f"https://ehr.example/fhir/Task/{QUERY_ID}"])
def test_an_answer_names_its_query_and_its_addendum(reference: str) -> None:
    answer = read_answer(bundled(communication(reference), ADDENDUM))
    assert (answer.query_id, answer.answered_by) == (QUERY_ID, "Practitioner/dr-1")
    assert answer.addendum == "DocumentReference/add-1"
    alone = read_answer(json.dumps(communication(reference)).encode())
    assert (alone.query_id, alone.addendum) == (QUERY_ID, None)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "not-json"),
        (b"{}", "no-resource-type"),
        (b'{"resourceType": "Communication"}', "invalid-content"),
        (json.dumps(communication(status="in-progress")).encode(), "invalid-content"),
        (json.dumps(communication("Claim/c1")).encode(), "unknown-query"),
        (json.dumps(communication("Task/c1")).encode(), "unknown-query"),
        (bundled(ADDENDUM), "invalid-content"),
    ],
)
def test_what_is_no_answer_is_refused_by_a_code(value: bytes | None, code: str) -> None:
    with pytest.raises(InvalidContent) as refused:
        read_answer(value)
    assert refused.value.code == code
