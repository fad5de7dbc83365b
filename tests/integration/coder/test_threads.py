"""Second opinions over HTTP and in the store: asked, answered, kept with the chart, and on no claim."""

from typing import Any

import asyncpg
import httpx
import pytest

from services.coder.reach import UNLIMITED, Reach
from services.coder.thread_models import ThreadView
from services.coder.work_item import ChartId
from shared.contracts.topics import Topic
from tests.builders.charts import NOTE
from tests.builders.queries import DOCUMENT
from tests.integration.coder.conftest import Desk, accept_all, under
from tests.integration.coder.test_query_api import as_person, http, issue_codes

__all__ = ["http"]

SPAN = {"document_id": DOCUMENT, "version": 1, "start": 12, "end": 40}
ASK: dict[str, Any] = {
    "asked_kind": "colleague",
    "asked": "liz",
    "span": SPAN,
    "body": "Is the cough integral to it? xyzzy",
}


async def ask(http: httpx.AsyncClient, desk: Desk, **more: Any) -> dict[str, Any]:
    chart = await desk.open_chart()
    answer = await http.post(f"/v1/charts/{chart.chart_id}/threads", json=ASK | more)
    assert answer.status_code == 200, answer.text
    view: dict[str, Any] = answer.json()
    return view


async def test_a_colleague_is_asked_about_words_answers_and_it_stays_with_the_chart(
    desk: Desk, http: httpx.AsyncClient
) -> None:
    thread = await ask(http, desk)
    assert (thread["state"], thread["quote"]) == ("asked", NOTE[12:40])
    liz = as_person("liz")
    (mine,) = (await http.get("/v1/my-threads", headers=liz)).json()["threads"]
    assert mine["thread_id"] == thread["thread_id"]
    url = f"/v1/threads/{thread['thread_id']}"
    more = await http.post(f"{url}/posts", json={"body": "the chest report is newer"})
    assert more.json()["state"] == "asked"
    answered = await http.post(f"{url}/posts", json={"body": "Yes, leave it out."}, headers=liz)
    assert answered.json()["state"] == "answered"
    closed = await http.post(f"{url}/close")
    assert closed.json()["state"] == "closed"
    refused = await http.post(f"{url}/posts", json={"body": "one word more"})
    assert (refused.status_code, issue_codes(refused)) == (409, ["thread-closed"])
    (kept,) = (await http.get(f"/v1/charts/{thread['chart_id']}/threads")).json()["threads"]
    assert [post["author"] for post in kept["posts"]] == ["ann", "ann", "liz"]
    assert (await http.get("/v1/my-threads")).json() == {"next": None, "threads": []}


async def threads_for(desk: Desk, subject: str, reach: Reach) -> tuple[ThreadView, ...]:
    return (await desk.cases.threads.read_page_for(subject, reach, None, 50)).threads


async def test_a_list_is_asked_and_whoever_may_see_it_finds_it(desk: Desk, http: httpx.AsyncClient) -> None:
    await ask(http, desk, asked_kind="list", asked="cardiology", span=None)
    assert len((await http.get("/v1/my-threads", headers=as_person("liz"))).json()["threads"]) == 1
    assert await threads_for(desk, "bob", Reach(lists=frozenset({"orthopaedics"}))) == ()
    assert await threads_for(desk, "bob", Reach(lists=frozenset({"cardiology"}))) == ()
    await desk.pool.execute("update coder.lane set lists = array['cardiology']")
    assert len(await threads_for(desk, "bob", Reach(lists=frozenset({"cardiology"})))) == 1


async def test_a_thread_about_a_chart_that_is_closed_to_a_coder_is_not_theirs_to_read(
    desk: Desk, http: httpx.AsyncClient
) -> None:
    await ask(http, desk)
    assert len(await threads_for(desk, "liz", UNLIMITED)) == 1
    await desk.pool.execute("update coder.lane set restrictions = array['vip']")
    assert await threads_for(desk, "liz", UNLIMITED) == ()
    assert len(await threads_for(desk, "liz", Reach(clearances=frozenset({"vip"})))) == 1


async def test_what_a_clinician_is_asked_never_becomes_a_note(desk: Desk, http: httpx.AsyncClient) -> None:
    thread = await ask(http, desk)
    question = {"body": "Dr. Welby, was it present on admission?"}
    refusals = [
        await http.post(f"/v1/threads/{thread['thread_id']}/posts", json=question),
        await http.post(f"/v1/charts/{thread['chart_id']}/threads", json=ASK | question),
        await http.post(f"/v1/charts/{thread['chart_id']}/threads", json=ASK | {"asked": "Practitioner/dr-1"}),
    ]
    assert [issue_codes(answer) for answer in refusals] == [["note-asks-clinician"]] * 3
    assert await desk.pool.fetchval("select count(*) from coder.thread_post") == 1


@pytest.mark.parametrize("span", [SPAN | {"end": 99999}, SPAN | {"version": 2}, SPAN | {"start": 40, "end": 40}])
async def test_a_span_that_is_not_in_the_chart_is_refused(
    desk: Desk, http: httpx.AsyncClient, span: dict[str, Any]
) -> None:
    chart = await desk.open_chart()
    answer = await http.post(f"/v1/charts/{chart.chart_id}/threads", json=ASK | {"span": span})
    assert (answer.status_code, issue_codes(answer)) == (422, ["invalid-content"])


async def test_threads_are_no_part_of_what_is_billed(desk: Desk, http: httpx.AsyncClient) -> None:
    thread = await ask(http, desk)
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(ChartId(lease.chart_id))
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    await desk.cases.completing.complete(under(lease))
    (sent,) = await desk.published(Topic.CHART_CODED)
    assert b"xyzzy" not in sent
    assert thread["thread_id"].encode() not in sent


async def test_what_was_written_is_never_changed(desk: Desk, http: httpx.AsyncClient) -> None:
    await ask(http, desk)
    for statement in ("update coder.thread_post set body = 'x'", "delete from coder.thread_post"):
        with pytest.raises(asyncpg.PostgresError, match="append-only"):
            await desk.pool.execute(statement)
