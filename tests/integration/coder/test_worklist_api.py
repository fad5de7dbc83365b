"""Worklists, places and desks over HTTP: ETags guard changes, keys make repetitions harmless, cursors turn pages."""

from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from tests.builders.charts import ready_chart
from tests.integration.coder.conftest import Desk
from tests.integration.coder.test_api import app, as_caller, http, issue_codes

__all__ = ["app", "http"]

RULE = {"title": "Clinic", "service_lines": ["clinic"], "position": 1}
NEW = {**RULE, "list_id": "clinic"}
LEAD = as_caller("lead-token")


@pytest.fixture
def client(app: FastAPI, http: httpx.AsyncClient) -> httpx.AsyncClient:
    """The lead's client."""
    http.headers.update(LEAD)
    return http


async def test_a_lists_life(desk: Desk, client: httpx.AsyncClient) -> None:
    chart = await desk.open_chart()
    made = await client.post("/v1/worklists", json=NEW, headers={"Idempotency-Key": "once"})
    again = await client.post("/v1/worklists", json=NEW, headers={"Idempotency-Key": "once"})
    assert (made.status_code, again.json()) == (200, made.json())
    taken = await client.post("/v1/worklists", json=NEW)
    assert (taken.status_code, issue_codes(taken)) == (409, ["list-exists"])

    read = await client.get("/v1/worklists/clinic")
    assert (read.headers["etag"][:3], read.json()["service_lines"]) == ('"1-', ["clinic"])
    known = await client.get("/v1/worklists/clinic", headers={"If-None-Match": read.headers["etag"]})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", read.headers["etag"])
    page = (await client.get("/v1/worklists/clinic/work-items")).json()
    assert [each["chart_id"] for each in page["work_items"]] == [str(chart.chart_id)]
    assert [part["part"] for part in page["work_items"][0]["priority"]["parts"]][:2] == ["age", "charge"]
    (counted, _) = (await client.get("/v1/worklists")).json()["worklists"]
    assert (counted["list_id"], counted["counts"]["open"]) == ("clinic", 1)
    seen_by_ann = (await client.get("/v1/worklists", headers=as_caller("ann-token"))).json()["worklists"]
    assert [each["list_id"] for each in seen_by_ann] == ["clinic"]

    changed = await client.put("/v1/worklists/clinic", json=RULE, headers={"If-Match": read.headers["etag"]})
    assert changed.headers["etag"] == '"2"'
    stale = await client.put("/v1/worklists/clinic", json=RULE, headers={"If-Match": '"1"'})
    assert (stale.status_code, issue_codes(stale)) == (412, ["revision-changed"])
    wrong = await client.put("/v1/worklists/clinic", json=RULE, headers={"If-Match": "1"})
    assert (wrong.status_code, issue_codes(wrong)) == (422, ["invalid-content"])
    fixed = await client.delete("/v1/worklists/everything-else", headers={"If-Match": '"1"'})
    assert (fixed.status_code, issue_codes(fixed)) == (409, ["list-fixed"])
    assert (await client.delete("/v1/worklists/clinic", headers={"If-Match": '"2"'})).status_code == 200
    assert (await client.get("/v1/worklists/clinic")).status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"list_id": "events"}, {"list_id": "No Slug"}, {"states": ["open"]}, {"title": " "}, {"colour": "red"}]
)
async def test_a_list_that_cannot_be_is_refused(client: httpx.AsyncClient, wrong: dict[str, object]) -> None:
    answer = await client.post("/v1/worklists", json={**NEW, **wrong})
    assert (answer.status_code, set(issue_codes(answer))) == (422, {"invalid-content"})


async def test_pages_of_a_list_are_turned_by_cursor(desk: Desk, client: httpx.AsyncClient) -> None:
    charts = [await desk.open_chart(chart=ready_chart()) for _ in range(3)]
    url, read = "/v1/worklists/everything-else/work-items", []
    query: dict[str, str] = {"limit": "2"}
    while query:
        page = (await client.get(url, params=query)).json()
        read += [each["chart_id"] for each in page["work_items"]]
        query = {"limit": "2", "cursor": page["next"]} if page["next"] else {}
    assert read == [str(chart.chart_id) for chart in charts]
    nothing = (await client.get(url, params={"state": "on-hold"})).json()
    assert nothing == {"work_items": [], "next": None}
    refused = await client.get(url, params={"cursor": "nonsense"})
    assert (refused.status_code, issue_codes(refused)) == (422, ["invalid-content"])


async def test_a_lead_assigns_and_raises_a_chart_and_sees_its_place(desk: Desk, client: httpx.AsyncClient) -> None:
    await desk.open_chart()
    work_item_id = await desk.pool.fetchval("select work_item_id from coder.work_item")
    url = f"/v1/work-items/{work_item_id}"
    before = await client.get(url)
    assigned = await client.post(f"{url}/assign", json={"coder": "ann"}, headers={"Idempotency-Key": "a"})
    assert (assigned.status_code, assigned.json()["assigned_to"]) == (200, "ann")
    raised = (await client.post(f"{url}/raise", json={"raised": True})).json()
    assert raised["priority"]["parts"][-1] == {"part": "raised", "hours": 2160, "because": "raised by lead"}
    after = await client.get(url)
    assert after.json() == raised
    assert after.headers["etag"] != before.headers["etag"]
    forbidden = await client.post(f"{url}/assign", json={"coder": "ann"}, headers=as_caller("ann-token"))
    assert (forbidden.status_code, issue_codes(forbidden)) == (403, ["forbidden"])


async def test_a_desks_life(client: httpx.AsyncClient, desk: Desk) -> None:
    mine = {"lists": ["everything-else"], "specialties": ["cardiology"]}
    stored = await client.put("/v1/coders/ann", json=mine)
    assert (stored.headers["etag"], stored.json()["specialties"]) == ('"1"', ["cardiology"])
    await client.put("/v1/coders/bob", json={})
    first = (await client.get("/v1/coders", params={"limit": 1})).json()
    second = (await client.get("/v1/coders", params={"limit": 1, "cursor": first["next"]})).json()
    assert [page["coders"][0]["subject"] for page in (first, second)] == ["ann", "bob"]
    assert second["next"] is None
    assert (await client.put("/v1/coders/ann", json={}, headers={"If-Match": '"1"'})).headers["etag"] == '"2"'
    stale = await client.put("/v1/coders/ann", json={}, headers={"If-Match": '"1"'})
    assert (stale.status_code, issue_codes(stale)) == (412, ["revision-changed"])
    assert (await client.delete("/v1/coders/ann")).status_code == 200
    assert (await client.get("/v1/coders/ann")).status_code == 404
    unknown = await client.put("/v1/coders/ann", json={"lists": ["none"]})
    assert (unknown.status_code, issue_codes(unknown)) == (404, ["not-found"])
    assert await desk.pool.fetchval("select count(*) from coder.coder") == 1


async def test_holds_to_review_come_up_on_their_day(desk: Desk, client: httpx.AsyncClient) -> None:
    charts = [await desk.open_chart() for _ in range(3)]
    for chart, day in zip(charts, ("2099-01-03", "2099-01-01", "2099-01-02"), strict=True):
        request = {"reason": "pending-report", "review_on": day}
        assert (await client.post(f"/v1/charts/{chart.chart_id}/holds", json=request)).status_code == 200
    assert (await client.get("/v1/holds")).json() == {"holds": [], "next": None}
    query = {"due_by": "2099-01-02", "limit": "1"}
    first = (await client.get("/v1/holds", params=query)).json()
    second = (await client.get("/v1/holds", params=query | {"cursor": first["next"]})).json()
    assert [page["holds"][0]["chart_id"] for page in (first, second)] == [str(each.chart_id) for each in charts[1:]]
    assert (first["holds"][0]["default_list"], second["next"]) == ("everything-else", None)
    refused = await client.get("/v1/holds", params={"cursor": f"2099.{uuid4()}"})
    assert (refused.status_code, issue_codes(refused)) == (422, ["invalid-content"])
