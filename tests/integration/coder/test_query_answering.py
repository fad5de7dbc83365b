"""A physician reads and answers what they were asked: the second door to the same use case."""

import base64
import json

import httpx
import pytest

from services.coder.work_item import State
from shared.contracts.topics import Topic
from shared.fhir.issues import errors_of
from shared.fhir.parse import parse_resource
from shared.fhir.validation import validate_resource
from tests.builders.queries import query
from tests.integration.coder.conftest import Desk
from tests.integration.coder.test_query_api import BODY, as_person, draft, http, issue_codes

__all__ = ["http"]


@pytest.fixture
async def asked(desk: Desk, http: httpx.AsyncClient) -> str:
    """The address of a query that was sent to doc."""
    chart = await desk.open_chart()
    written = await draft(http, chart.chart_id)
    assert (await http.post(f"{written}/send", json={})).status_code == 200
    return f"/v1/my-queries/{written.rpartition('/')[2]}"


async def test_the_addressee_reads_it_with_its_patient_and_nobody_else_does(
    http: httpx.AsyncClient, asked: str
) -> None:
    answer = await http.get(asked, headers=as_person("doc"))
    shown = answer.json()
    assert answer.headers["ETag"].startswith('"')
    assert shown["patient"]["reference"].startswith("Patient/")
    assert shown["encounter_on"] == "2026-09-01"
    assert not {"chart_id", "claim", "codes", "written_by"} & set(shown)
    assert not {"J18.9", "DRG", "icd10cm"} & set(answer.text.split('"'))
    assert issue_codes(await http.get(asked, headers=as_person("doris"))) == ["not-found"]
    refused = await http.post(f"{asked}/answer", json={"option": 1}, headers=as_person("doris"))
    assert issue_codes(refused) == ["not-found"]


async def test_a_draft_is_nobodys(desk: Desk, http: httpx.AsyncClient) -> None:
    written = await draft(http, (await desk.open_chart()).chart_id)
    url = f"/v1/my-queries/{written.rpartition('/')[2]}"
    assert issue_codes(await http.get(url, headers=as_person("doc"))) == ["not-found"]


async def test_an_answer_wakes_the_chart_and_its_addendum_goes_to_the_record(
    desk: Desk, http: httpx.AsyncClient, asked: str
) -> None:
    said = {"option": 1, "words": "Seen on the film."}
    key = as_person("doc", **{"Idempotency-Key": "answer-1"})
    answers = [await http.post(f"{asked}/answer", json=said, headers=key) for _ in "12"]
    assert [each.json()["state"] for each in answers] == ["answered", "answered"]
    assert answers[0].json()["answer"] == "Bacterial pneumonia, organism not identified. Seen on the film."
    assert await desk.pool.fetchval("select state from coder.work_item") == State.OPEN
    (report,) = await desk.published(Topic.FHIR_DIAGNOSTIC_REPORT)
    assert not errors_of(validate_resource(parse_resource(report)))
    addendum = json.loads(report)
    text = base64.b64decode(addendum["presentedForm"][0]["data"]).decode()
    assert "Clarification of pneumonia: Bacterial pneumonia, organism not identified. Seen on the film." in text
    assert "Other" not in text
    assert (addendum["performer"], addendum["encounter"]) == (
        [{"reference": "Practitioner/doc"}],
        {"reference": "Encounter/enc-1"},
    )
    stored = await desk.pool.fetchrow("select addendum, answer from coder.query")
    assert stored is not None
    assert stored["addendum"] == f"DiagnosticReport/{addendum['id']}"
    events = await desk.pool.fetch("select event, actor from coder.query_event order by position")
    assert [(row["event"], row["actor"]) for row in events][-2:] == [
        ("answered", "Practitioner/doc"),
        ("addendum", "Practitioner/doc"),
    ]
    again = await http.post(f"{asked}/answer", json={"option": 2, "words": "x"}, headers=as_person("doc"))
    assert issue_codes(again) == ["query-state"]


@pytest.mark.parametrize(
    ("said", "place"), [({}, "option"), ({"words": "x"}, "option"), ({"option": 9}, "option"), ({"option": 2}, "words")]
)
async def test_an_answer_that_answers_nothing_is_refused(
    http: httpx.AsyncClient, asked: str, said: dict[str, object], place: str
) -> None:
    refused = await http.post(f"{asked}/answer", json=said, headers=as_person("doc"))
    assert (refused.status_code, issue_codes(refused)) == (422, ["invalid-content"])
    assert refused.json()["issue"][0]["expression"] == [place]
    assert (await http.get(asked, headers=as_person("doc"))).json()["state"] == "sent"


async def test_an_open_question_is_answered_in_words(desk: Desk, http: httpx.AsyncClient) -> None:
    content = query(form="open", options=()).model_dump(mode="json")
    written = await draft(http, (await desk.open_chart()).chart_id, BODY | {"content": content})
    assert (await http.post(f"{written}/send", json={})).status_code == 200
    url = f"/v1/my-queries/{written.rpartition('/')[2]}/answer"
    assert (await http.post(url, json={}, headers=as_person("doc"))).status_code == 422
    answered = await http.post(url, json={"words": "Klebsiella, by culture."}, headers=as_person("doc"))
    assert answered.json()["answer"] == "Klebsiella, by culture."
