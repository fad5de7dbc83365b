"""The simulated clinician: answers what is asked, in FHIR that the coder can read, and becomes part of the record."""

import base64
import json
from typing import Any

import pytest

from services.coder.queries.exchange import build_request, read_answer
from services.coder.queries.life import QueryState
from services.simulators.physician import answer_request, choose_answer
from shared.fhir.issues import errors_of
from shared.fhir.validation import validate
from tests.unit.coder.queries.test_exchange import NOW, QUERY_ID, dispatch


def request_of(**more: Any) -> dict[str, Any]:
    return build_request(dispatch(**more), NOW)


def test_an_answer_is_one_that_the_coder_service_reads() -> None:
    answered = answer_request(request_of())
    assert answered is not None
    bundle, addendum = answered
    assert errors_of(validate(json.dumps(bundle))) == ()
    assert errors_of(validate(json.dumps(addendum))) == ()
    answer = read_answer(json.dumps(bundle).encode())
    assert (answer.query_id, answer.answered_by) == (QUERY_ID, "Practitioner/dr-1")
    assert answer.addendum == f"DiagnosticReport/{addendum['id']}"
    text = base64.b64decode(addendum["presentedForm"][0]["data"]).decode()
    assert "Clarification of pneumonia: Bacterial pneumonia, organism not identified" in text
    assert addendum["encounter"] == {"reference": "Encounter/e1"}


def test_the_same_request_gets_the_same_answer() -> None:
    assert answer_request(request_of()) == answer_request(request_of())


@pytest.mark.parametrize("state", [QueryState.WITHDRAWN, QueryState.UNANSWERED, QueryState.ANSWERED])
def test_what_asks_nothing_any_more_gets_no_answer(state: QueryState) -> None:
    assert answer_request(request_of(state=state)) is None


@pytest.mark.parametrize(
    ("payloads", "answer"),
    [
        (["Title", "[ ] Other (please specify)", "[ ] Right", "[ ] Unable to determine"], "Right"),
        (["Title", "[ ] Other (please specify)", "[ ] Unable to determine"], "Clinically unable to determine."),
        (["Title", "an open question"], "Clinically unable to determine."),
    ],
)
def test_the_first_clinical_answer_is_chosen_and_an_open_question_left_open(payloads: list[str], answer: str) -> None:
    assert choose_answer(payloads) == answer
