"""The queue API over HTTP: a coder's round, refusals as OperationOutcome, and an OpenAPI page that says it all."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.coder.app import create_app
from services.coder.settings import CoderSettings
from services.coder.work_item import State
from shared.web.security import Principal, Role, hash_token
from shared.web.settings import WebSettings
from tests.builders.charts import ready_chart, suggestion
from tests.integration.coder.conftest import Desk

TOKENS = {
    "ann-token": Principal(subject="ann", practitioner="Practitioner/ann", roles=frozenset({Role.CODER})),
    "bob-token": Principal(subject="bob", practitioner="Practitioner/bob", roles=frozenset({Role.CODER})),
    "lead-token": Principal(subject="liz", practitioner="Practitioner/liz", roles=frozenset({Role.LEAD})),
    "auditor-token": Principal(subject="eve", practitioner="Practitioner/eve", roles=frozenset({Role.AUDITOR})),
}


@pytest.fixture
def app(desk: Desk) -> FastAPI:
    """The application over the test's use cases, without its lifespan, so without Kafka and engine."""
    web = WebSettings(tokens={hash_token(token): principal for token, principal in TOKENS.items()})
    app = create_app(CoderSettings(web=web))
    app.state.use_cases = desk.cases
    return app


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Ann's client."""
    headers = {"Authorization": "Bearer ann-token"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://coder", headers=headers) as client:
        yield client


def as_caller(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def lease_next(http: httpx.AsyncClient) -> tuple[dict[str, Any], dict[str, str]]:
    """Lease, and return the grant with the header that goes with it."""
    answer = await http.post("/v1/queue/lease-next")
    assert answer.status_code == 200
    grant: dict[str, Any] = answer.json()
    return grant, {"Lease-Token": grant["lease_token"]}


def issue_codes(answer: httpx.Response) -> list[str]:
    assert answer.headers["content-type"] == "application/fhir+json"
    body = answer.json()
    assert body["resourceType"] == "OperationOutcome"
    return [issue["details"]["coding"][0]["code"] for issue in body["issue"]]


async def test_a_coders_round(desk: Desk, http: httpx.AsyncClient) -> None:
    await desk.open_chart(suggestion("J18.9"), suggestion("R05.9", "cough"))
    grant, lease = await lease_next(http)
    assert set(grant) == {"work_item_id", "chart_id", "chart_version", "lease_token", "expires_at"}
    url = f"/v1/charts/{grant['chart_id']}"
    chart = (await http.get(url)).json()
    pneumonia, cough = chart["suggestions"]
    assert chart["undecided"] == [pneumonia["suggestion_id"], cough["suggestion_id"]]
    decisions = [
        {"action": "accept", "target_id": pneumonia["suggestion_id"]},
        {"action": "reject", "target_id": cough["suggestion_id"], "reason": "integral to the pneumonia"},
        {"action": "add", "code": {"system": "cpt", "code": "99213"}},
    ]
    stored = await http.post(f"{url}/decisions", json={"decisions": decisions}, headers=lease)
    assert stored.status_code == 200
    assert stored.json()["undecided"] == []
    completed = await http.post(f"{url}/complete", headers=lease)
    assert completed.status_code == 200
    assert completed.json()["coding_version"] == 1
    stats = (await http.get("/v1/queue/stats")).json()
    assert stats == {"counts": dict.fromkeys(State, 0) | {"completed": 1}}


async def test_an_empty_queue_answers_204(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/queue/lease-next")
    assert (answer.status_code, answer.content) == (204, b"")


async def test_an_unchanged_chart_answers_304_and_a_changed_one_its_new_tag(
    desk: Desk, http: httpx.AsyncClient
) -> None:
    await desk.open_chart()
    grant, lease = await lease_next(http)
    url = f"/v1/charts/{grant['chart_id']}"
    first = await http.get(url)
    unchanged = await http.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["etag"] == first.headers["etag"]
    added = {"decisions": [{"action": "add", "code": {"system": "icd10cm", "code": "I10"}}]}
    await http.post(f"{url}/decisions", json=added, headers=lease)
    changed = await http.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]
    assert changed.headers["cache-control"] == "private, no-cache"


async def test_a_lost_lease_answers_409_everywhere(desk: Desk, http: httpx.AsyncClient) -> None:
    await desk.open_chart()
    grant, lease = await lease_next(http)
    released = await http.post(f"/v1/work-items/{grant['work_item_id']}/release", headers=lease)
    assert released.json() == {"work_item_id": grant["work_item_id"], "state": "open"}
    url = f"/v1/charts/{grant['chart_id']}"
    added = {"decisions": [{"action": "add", "code": {"system": "icd10cm", "code": "I10"}}]}
    refusals = [
        await http.post(f"{url}/decisions", json=added, headers=lease),
        await http.post(f"{url}/complete", headers=lease),
        await http.post(f"/v1/work-items/{grant['work_item_id']}/release", headers=lease),
    ]
    assert [answer.status_code for answer in refusals] == [409] * 3
    assert [issue_codes(answer) for answer in refusals] == [["lease-lost"]] * 3


async def test_another_coders_token_does_not_lend_the_lease(desk: Desk, http: httpx.AsyncClient) -> None:
    await desk.open_chart()
    grant, lease = await lease_next(http)
    answer = await http.post(f"/v1/charts/{grant['chart_id']}/complete", headers=lease | as_caller("bob-token"))
    assert (answer.status_code, issue_codes(answer)) == (409, ["lease-lost"])


async def test_completion_is_refused_with_one_issue_for_each_open_point(desk: Desk, http: httpx.AsyncClient) -> None:
    await desk.open_chart(suggestion("J18.9"), suggestion("R05.9", "cough"))
    grant, lease = await lease_next(http)
    answer = await http.post(f"/v1/charts/{grant['chart_id']}/complete", headers=lease)
    assert answer.status_code == 422
    assert issue_codes(answer) == ["undecided-suggestion", "undecided-suggestion", "no-diagnosis"]
    assert "J18.9" not in answer.text


async def test_an_idempotency_key_makes_a_repetition_harmless(desk: Desk, http: httpx.AsyncClient) -> None:
    await desk.open_chart()
    grant, lease = await lease_next(http)
    url = f"/v1/charts/{grant['chart_id']}"
    target = (await http.get(url)).json()["undecided"][0]
    batch = {"decisions": [{"action": "accept", "target_id": target}]}
    answers = [
        await http.post(f"{url}/decisions", json=batch, headers=lease | {"Idempotency-Key": "once"}) for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    done = [await http.post(f"{url}/complete", headers=lease | {"Idempotency-Key": "done"}) for _ in range(2)]
    assert [answer.status_code for answer in done] == [200, 200]
    assert done[0].json() == done[1].json()
    reused = await http.post(f"{url}/complete", headers=lease | {"Idempotency-Key": "once"})
    assert (reused.status_code, issue_codes(reused)) == (422, ["idempotency-key-reused"])


async def test_a_repeated_lease_next_gets_the_same_lease_while_it_is_held(desk: Desk, http: httpx.AsyncClient) -> None:
    url, key = "/v1/queue/lease-next", {"Idempotency-Key": "once"}
    assert (await http.post(url, headers=key)).status_code == 204
    for _ in range(2):
        await desk.open_chart()
    first, again = [(await http.post(url, headers=key)).json() for _ in range(2)]
    assert first == again
    other = (await http.post(url, headers={"Idempotency-Key": "another"})).json()
    assert other["chart_id"] != first["chart_id"]
    lease = {"Lease-Token": first["lease_token"], "Idempotency-Key": "give back"}
    release = f"/v1/work-items/{first['work_item_id']}/release"
    released = [await http.post(release, headers=lease) for _ in range(2)]
    assert [answer.status_code for answer in released] == [200, 200]
    ended = await http.post(url, headers=key)
    assert (ended.status_code, issue_codes(ended)) == (409, ["lease-lost"])


NOBODYS = UUID("5b7c0f8e-0c50-4b7e-8f2f-6f1f7f0f4d11")
"""An id under which nothing is; the same in every process, as it is in the names of tests."""
ROUTES = [
    ("POST", "/v1/queue/lease-next"),
    ("GET", "/v1/queue/stats"),
    ("GET", "/v1/codes?q=pneumonia"),
    ("GET", "/v1/codes/icd10cm/J18.9"),
    ("POST", f"/v1/charts/{NOBODYS}/holds"),
    ("GET", "/v1/holds"),
    ("GET", "/v1/worklists"),
    ("GET", "/v1/worklists/events"),
    ("POST", "/v1/worklists"),
    ("PUT", "/v1/worklists/none"),
    ("DELETE", "/v1/worklists/none"),
    ("GET", "/v1/coders"),
    ("PUT", "/v1/coders/ann"),
    ("GET", "/v1/coders/ann"),
    ("DELETE", "/v1/coders/ann"),
    ("POST", f"/v1/work-items/{NOBODYS}/assign"),
    ("POST", f"/v1/work-items/{NOBODYS}/raise"),
    ("DELETE", f"/v1/charts/{NOBODYS}/lessons"),
    ("GET", f"/v1/charts/{NOBODYS}"),
    ("POST", f"/v1/charts/{NOBODYS}/decisions"),
    ("GET", f"/v1/charts/{NOBODYS}/scrub"),
    ("POST", f"/v1/charts/{NOBODYS}/complete"),
    ("POST", f"/v1/work-items/{NOBODYS}/release"),
    ("POST", f"/v1/work-items/{NOBODYS}/retry"),
    ("GET", "/v1/worklists/none"),
    ("GET", "/v1/worklists/none/work-items"),
    ("GET", f"/v1/work-items/{NOBODYS}"),
    ("GET", f"/v1/charts/{NOBODYS}/holds"),
    ("POST", f"/v1/holds/{NOBODYS}/lift"),
]
ABOUT_ONE = next(place for place, (_, url) in enumerate(ROUTES) if url.endswith("/lessons")) + 1
"""From here on a route is about one thing, which is not there."""
LEASE = {"Lease-Token": str(uuid4())}
ADDITION = {"decisions": [{"action": "add", "code": {"system": "cpt", "code": "99213"}}]}


@pytest.mark.parametrize(("method", "url"), ROUTES)
async def test_nobody_gets_in_without_a_known_token(http: httpx.AsyncClient, method: str, url: str) -> None:
    for headers in (as_caller("unknown"), {"Authorization": ""}):
        answer = await http.request(method, url, headers=LEASE | headers, json=ADDITION)
        assert (answer.status_code, issue_codes(answer)) == (401, ["unauthenticated"])


@pytest.mark.parametrize(("method", "url"), [route for route in ROUTES if route[0] != "GET"])
async def test_only_coders_and_leads_touch_charts(http: httpx.AsyncClient, method: str, url: str) -> None:
    answer = await http.request(method, url, headers=LEASE | as_caller("auditor-token"), json=ADDITION)
    assert (answer.status_code, issue_codes(answer)) == (403, ["forbidden"])


@pytest.mark.parametrize(("method", "url"), ROUTES[ABOUT_ONE:])
async def test_what_is_not_there_answers_404(http: httpx.AsyncClient, method: str, url: str) -> None:
    answer = await http.request(method, url, headers=LEASE, json=ADDITION)
    assert (answer.status_code, issue_codes(answer)) == (404, ["not-found"])


async def test_only_a_lead_takes_back_what_a_chart_taught(desk: Desk, http: httpx.AsyncClient) -> None:
    chart = await desk.open_chart()
    url = f"/v1/charts/{chart.chart_id}/lessons"
    refused = await http.delete(url)
    assert (refused.status_code, issue_codes(refused)) == (403, ["forbidden"])
    answer = await http.delete(url, headers=as_caller("lead-token"))
    assert answer.json() == {"chart_id": str(chart.chart_id), "lessons": 0}
    unknown = await http.delete(f"/v1/charts/{uuid4()}/lessons", headers=as_caller("lead-token"))
    assert (unknown.status_code, issue_codes(unknown)) == (404, ["not-found"])


async def test_a_malformed_request_is_refused_by_place_and_not_repeated(desk: Desk, http: httpx.AsyncClient) -> None:
    await desk.open_chart()
    grant, lease = await lease_next(http)
    wrong = {"decisions": [{"action": "add", "code": {"system": "icd10cm", "code": "Jane Doe"}}]}
    answer = await http.post(f"/v1/charts/{grant['chart_id']}/decisions", json=wrong, headers=lease)
    assert (answer.status_code, issue_codes(answer)) == (422, ["invalid-content"])
    assert "Jane" not in answer.text
    without_lease = await http.post(f"/v1/charts/{grant['chart_id']}/complete")
    assert without_lease.status_code == 422


async def test_a_failed_chart_can_be_retried(desk: Desk, http: httpx.AsyncClient) -> None:
    chart = ready_chart()
    await desk.arrive(chart)
    await desk.pool.execute("update coder.work_item set state = 'failed', failure_reason = 'engine-crashed'")
    work_item_id = await desk.pool.fetchval("select work_item_id from coder.work_item")
    answer = await http.post(f"/v1/work-items/{work_item_id}/retry")
    assert answer.json() == {"work_item_id": str(work_item_id), "state": "suggesting"}
    again = await http.post(f"/v1/work-items/{work_item_id}/retry")
    assert (again.status_code, issue_codes(again)) == (409, ["wrong-state"])


async def test_a_coder_holds_a_leased_chart_and_a_lead_any(desk: Desk, http: httpx.AsyncClient) -> None:
    await desk.open_chart()
    grant, lease = await lease_next(http)
    url, hold = f"/v1/charts/{grant['chart_id']}/holds", {"reason": "pending-query", "review_on": "2099-01-01"}
    without_lease = await http.post(url, json=hold)
    assert (without_lease.status_code, issue_codes(without_lease)) == (403, ["forbidden"])
    placed = (await http.post(url, json=hold, headers=lease)).json()
    await http.post(url, json=hold | {"reason": "registration-problem"}, headers=as_caller("lead-token"))
    assert [each["placed_by"] for each in (await http.get(url)).json()["holds"]] == ["ann", "liz"]
    chart = (await http.get(f"/v1/charts/{grant['chart_id']}")).json()
    assert chart["state"] == "on-hold"
    lifted = await http.post(f"/v1/holds/{placed['hold_id']}/lift")
    assert (lifted.status_code, lifted.json()["lifted_why"]) == (200, "settled")
    again = await http.post(f"/v1/holds/{placed['hold_id']}/lift")
    assert (again.status_code, issue_codes(again)) == (409, ["hold-ended"])


async def test_the_openapi_page_describes_every_route_answer_and_header(http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()
    routes = {
        (path, method): operation
        for path, methods in document["paths"].items()
        if path.startswith("/v1/")
        for method, operation in methods.items()
    }
    assert routes
    for (path, method), operation in routes.items():
        assert operation["description"], path
        assert operation["security"] == [{"HTTPBearer": []}], path
        assert {"200", "401"} <= set(operation["responses"]), path
        assert all(answer["description"] for answer in operation["responses"].values()), path
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], (path, method, parameter["name"])
    assert document["components"]["schemas"]["DecisionBatch"]["examples"]
