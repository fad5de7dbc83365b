"""Queries and second opinions over HTTP: who may do what, refusals by rule, and a physician who sees only their own."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.coder.app import create_app
from services.coder.settings import CoderSettings
from shared.web.security import Principal, Role, hash_token
from shared.web.settings import WebSettings
from tests.builders.queries import query
from tests.integration.coder.conftest import Desk

NOBODYS = UUID("5b7c0f8e-0c50-4b7e-8f2f-6f1f7f0f4d12")
"""An id under which nothing is; the same in every process, as it is in the names of tests."""
PEOPLE = {"ann": Role.CODER, "liz": Role.LEAD, "doc": Role.PHYSICIAN, "doris": Role.PHYSICIAN, "eve": Role.AUDITOR}
QUERY_ROUTES = [
    ("GET", "/v1/query-templates"),
    ("GET", "/v1/my-queries"),
    ("GET", f"/v1/charts/{NOBODYS}/queries"),
    ("GET", f"/v1/charts/{NOBODYS}/queries/proposal"),
    ("POST", f"/v1/charts/{NOBODYS}/queries"),
    ("POST", f"/v1/charts/{NOBODYS}/queries/lint"),
    ("GET", f"/v1/queries/{NOBODYS}"),
    ("PUT", f"/v1/queries/{NOBODYS}"),
    ("POST", f"/v1/queries/{NOBODYS}/send"),
    ("POST", f"/v1/queries/{NOBODYS}/withdraw"),
    ("POST", f"/v1/queries/{NOBODYS}/reassign"),
    ("GET", f"/v1/charts/{NOBODYS}/threads"),
    ("POST", f"/v1/charts/{NOBODYS}/threads"),
    ("POST", f"/v1/threads/{NOBODYS}/posts"),
    ("POST", f"/v1/threads/{NOBODYS}/close"),
    ("GET", "/v1/my-threads"),
]
BODY: dict[str, Any] = {"content": query().model_dump(mode="json"), "addressee": "Practitioner/doc"}
LEADING: dict[str, Any] = {**BODY, "content": query(title="Sepsis").model_dump(mode="json")}


@pytest.fixture
async def http(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """A client over the test's use cases; `as_person` says who calls."""
    tokens = {
        hash_token(name): Principal(subject=name, practitioner=f"Practitioner/{name}", roles=frozenset({role}))
        for name, role in PEOPLE.items()
    }
    app = create_app(CoderSettings(web=WebSettings(tokens=tokens)))
    app.state.use_cases = desk.cases
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://coder", headers=as_person("ann")) as client:
        yield client


def as_person(name: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}", **more}


def issue_codes(answer: httpx.Response) -> list[str]:
    return [issue["details"]["coding"][0]["code"] for issue in answer.json()["issue"]]


async def draft(http: httpx.AsyncClient, chart_id: UUID, body: dict[str, Any] = BODY) -> str:
    answer = await http.post(f"/v1/charts/{chart_id}/queries", json=body)
    assert answer.status_code == 200, answer.text
    return f"/v1/queries/{answer.json()['query_id']}"


async def test_a_query_is_proposed_linted_refused_mended_and_sent(desk: Desk, http: httpx.AsyncClient) -> None:
    chart = await desk.open_chart()
    url = f"/v1/charts/{chart.chart_id}/queries"
    view = (await http.get(f"/v1/charts/{chart.chart_id}")).json()
    about = {"suggestion_id": view["suggestions"][0]["suggestion_id"]}
    content = (await http.get(f"{url}/proposal", params=about)).json()
    assert (await http.post(f"{url}/lint", json=content)).json() == {"findings": []}
    leading = content | {"title": "Sepsis"}
    (finding,) = (await http.post(f"{url}/lint", json=leading)).json()["findings"]
    assert (finding["rule"], finding["place"], finding["words"]) == ("title-undocumented", "title", "Sepsis")

    written = await draft(http, chart.chart_id, BODY | {"content": leading})
    refused = await http.post(f"{written}/send", json={})
    assert (refused.status_code, issue_codes(refused)) == (422, ["title-undocumented"])
    assert refused.json()["issue"][0]["expression"] == ["title"]
    assert "Sepsis" not in refused.text
    without_right = await http.post(f"{written}/send", json={"override_reason": "because"})
    assert (without_right.status_code, issue_codes(without_right)) == (403, ["forbidden"])
    revised = await http.put(written, json=BODY | {"content": content}, headers={"If-Match": '"1"'})
    assert revised.json()["revision"] == 2
    stale = await http.put(written, json=BODY, headers={"If-Match": '"1"'})
    assert (stale.status_code, issue_codes(stale)) == (412, ["revision-changed"])
    sent = await http.post(f"{written}/send", json={})
    assert sent.json()["state"] == "sent"
    again = await http.post(f"{written}/send", json={})
    assert (again.status_code, issue_codes(again)) == (409, ["query-state"])
    assert [each["state"] for each in (await http.get(url)).json()["queries"]] == ["sent"]
    assert (await http.get(f"/v1/charts/{chart.chart_id}")).json()["state"] == "on-hold"


async def test_a_lead_overrides_on_the_record(desk: Desk, http: httpx.AsyncClient) -> None:
    written = await draft(http, (await desk.open_chart()).chart_id, LEADING)
    sent = await http.post(f"{written}/send", json={"override_reason": "agreed"}, headers=as_person("liz"))
    assert [each["event"] for each in sent.json()["record"]] == ["written", "overridden", "sent"]


async def test_a_physician_sees_only_what_was_sent_to_them(desk: Desk, http: httpx.AsyncClient) -> None:
    written = await draft(http, (await desk.open_chart()).chart_id)
    assert (await http.get("/v1/my-queries", headers=as_person("doc"))).json() == {"next": None, "queries": []}
    await http.post(f"{written}/send", json={})
    (asked,) = (await http.get("/v1/my-queries", headers=as_person("doc"))).json()["queries"]
    assert written.endswith(asked["query_id"])
    assert not {"written_by", "record", "chart_id"} & set(asked)
    assert (await http.get("/v1/my-queries", headers=as_person("doris"))).json() == {"next": None, "queries": []}
    moved = {"addressee": "Practitioner/doris", "reason": "on leave"}
    assert (await http.post(f"{written}/reassign", json=moved)).status_code == 200
    assert (await http.get("/v1/my-queries", headers=as_person("doc"))).json() == {"next": None, "queries": []}
    assert len((await http.get("/v1/my-queries", headers=as_person("doris"))).json()["queries"]) == 1
    assert (await http.post(f"{written}/withdraw", json={"reason": "settled"})).json()["state"] == "withdrawn"


@pytest.mark.parametrize(("method", "url"), [route for route in QUERY_ROUTES if "my-queries" not in route[1]])
async def test_a_physician_reads_no_chart_and_no_other_query(http: httpx.AsyncClient, method: str, url: str) -> None:
    answer = await http.request(method, url, headers=as_person("doc"), json=BODY)
    assert (answer.status_code, issue_codes(answer)) == (403, ["forbidden"])


@pytest.mark.parametrize(("method", "url"), QUERY_ROUTES)
async def test_nobody_gets_in_without_a_known_token(http: httpx.AsyncClient, method: str, url: str) -> None:
    answer = await http.request(method, url, headers=as_person("nobody"), json=BODY)
    assert (answer.status_code, issue_codes(answer)) == (401, ["unauthenticated"])


_BODIES: dict[str, Any] = {
    "lint": BODY["content"],
    "send": {},
    "withdraw": {"reason": "x"},
    "reassign": {"addressee": "Practitioner/doc", "reason": "x"},
    "threads": {"asked_kind": "colleague", "asked": "bob", "body": "Which one is first?"},
    "posts": {"body": "The second."},
}


@pytest.mark.parametrize(("method", "url"), [route for route in QUERY_ROUTES if route[1].count("/") > 2])
async def test_what_is_not_there_answers_404(http: httpx.AsyncClient, method: str, url: str) -> None:
    body = _BODIES.get(url.rsplit("/", 1)[-1], BODY)
    answer = await http.request(method, url, json=body, headers={"If-Match": '"1"'})
    assert (answer.status_code, issue_codes(answer)) == (404, ["not-found"])


async def test_templates_are_listed_with_their_answers(http: httpx.AsyncClient) -> None:
    templates = (await http.get("/v1/query-templates")).json()["templates"]
    assert {"heart-function", "lung-organism", "lab-significance"} <= {each["template"] for each in templates}
    assert all(each["title"] and each["question"] for each in templates)
