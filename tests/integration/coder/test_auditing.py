"""Every request that reads a chart or changes something leaves its event, and no answer leaves before it."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.coder.app import create_app
from services.coder.settings import CoderSettings
from shared.audit.event import AuditedAction
from shared.postgres.pool import Pool
from shared.web.auditing import audit_into
from shared.web.security import Principal, Role, hash_token
from shared.web.settings import WebSettings
from tests.builders.charts import suggestion
from tests.integration.coder.conftest import Desk

PEOPLE = {
    name: Principal(subject=name, practitioner=f"Practitioner/{name}", roles=frozenset({role}))
    for name, role in (("ann", Role.CODER), ("ada", Role.AUDITOR), ("tom", Role.TRAINER))
}


@pytest.fixture
def app(desk: Desk) -> FastAPI:
    app = create_app(CoderSettings(web=WebSettings(tokens={hash_token(name): who for name, who in PEOPLE.items()})))
    app.state.use_cases = desk.cases
    audit_into(app, desk.pool)
    return app


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"Authorization": "Bearer ann"}
    async with httpx.AsyncClient(transport=transport, base_url="http://coder", headers=headers) as client:
        yield client


class Log:
    """What was recorded since the test began."""

    def __init__(self, pool: Pool, known: set[str]) -> None:
        self._pool, self._known = pool, known

    async def read(self) -> list[dict[str, Any]]:
        rows = await self._pool.fetch("select event_id::text as id, body from audit.event order by recorded_at")
        return [json.loads(row["body"]) for row in rows if row["id"] not in self._known]

    async def read_briefly(self) -> list[tuple[str, str, str]]:
        return [(event["subtype"][0]["code"], event["action"], event["outcome"]) for event in await self.read()]


@pytest.fixture
async def log(desk: Desk) -> Log:
    return Log(desk.pool, {row["id"] for row in await desk.pool.fetch("select event_id::text as id from audit.event")})


async def test_a_coders_round_is_on_record(desk: Desk, http: httpx.AsyncClient, log: Log) -> None:
    await desk.open_chart(suggestion("J18.9"))
    grant = (await http.post("/v1/queue/lease-next")).json()
    url, lease = f"/v1/charts/{grant['chart_id']}", {"Lease-Token": grant["lease_token"]}
    chart = (await http.get(url)).json()
    decisions = [{"action": "accept", "target_id": target} for target in chart["undecided"]]
    await http.post(f"{url}/decisions", json={"decisions": decisions}, headers=lease)
    await http.post(f"/v1/work-items/{grant['work_item_id']}/release", headers=lease)
    assert await log.read_briefly() == [
        ("lease-next", "E", "0"),
        ("read-chart", "R", "0"),
        ("store-decisions", "E", "0"),
        ("release", "E", "0"),
    ]
    for event in (await log.read())[:3]:
        assert event["entity"][0]["what"]["identifier"]["value"] == grant["chart_id"]
        assert event["agent"][0]["who"]["reference"] == "Practitioner/ann"


async def test_a_change_and_its_event_are_one_transaction(
    desk: Desk, http: httpx.AsyncClient, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.open_chart(suggestion("J18.9"))
    grant = (await http.post("/v1/queue/lease-next")).json()
    url, lease = f"/v1/charts/{grant['chart_id']}", {"Lease-Token": grant["lease_token"]}
    target = (await http.get(url)).json()["undecided"][0]

    async def fail(*_: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("shared.audit.trail.write_event", fail)
    body = {"decisions": [{"action": "accept", "target_id": target}]}
    answer = await http.post(f"{url}/decisions", json=body, headers=lease)
    assert answer.status_code == 503
    assert await desk.pool.fetchval("select count(*) from coder.decision") == 0
    assert "store-decisions" not in [name for name, _, _ in await log.read_briefly()]


async def test_what_cannot_be_put_on_record_is_not_shown(app: FastAPI, desk: Desk, http: httpx.AsyncClient) -> None:
    chart = await desk.open_chart(suggestion("J18.9"))

    async def fail(_done: AuditedAction) -> None:
        raise ConnectionRefusedError

    app.state.keep_event = fail
    answer = await http.get(f"/v1/charts/{chart.chart_id}")
    assert answer.status_code == 503
    assert "documents" not in answer.text


async def test_a_refusal_is_on_record_and_a_look_up_of_codes_is_not(http: httpx.AsyncClient, log: Log) -> None:
    assert (await http.post("/v1/queue/lease-next", headers={"Authorization": "Bearer tom"})).status_code == 403
    await http.get("/v1/queue/stats")
    assert await log.read_briefly() == [("lease-next", "E", "4")]


async def test_no_event_repeats_what_was_sent(desk: Desk, http: httpx.AsyncClient, log: Log) -> None:
    await desk.open_chart(suggestion("J18.9"))
    grant = (await http.post("/v1/queue/lease-next")).json()
    body = {"decisions": [{"action": "add", "code": {"system": "cpt", "code": "99213"}, "reason": "Jane Roe asked"}]}
    lease = {"Lease-Token": grant["lease_token"]}
    await http.post(f"/v1/charts/{grant['chart_id']}/decisions", json=body, headers=lease)
    text = json.dumps(await log.read())
    assert "store-decisions" in text
    assert "Jane Roe" not in text
    assert "99213" not in text
