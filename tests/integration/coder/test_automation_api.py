"""Automation and reports over HTTP: what leads and admins see and change, without PHI."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from services.coder.app import create_app
from services.coder.automation.policy import AutomationPolicy
from services.coder.settings import CoderSettings
from shared.web.security import Principal, Role, hash_token
from shared.web.settings import WebSettings
from tests.builders.charts import suggestion
from tests.integration.coder.automation_desk import CLEAR, POLICY, arrive, automated, code, observe, show_agreement
from tests.integration.coder.conftest import ANN, Desk, accept_all, under

LEAD = Principal(subject="lee", practitioner="Practitioner/lee", roles=frozenset({Role.LEAD}))


@pytest.fixture
async def on(desk: Desk) -> AsyncIterator[Desk]:
    """A desk with automation."""
    async with automated(desk, POLICY) as automatic:
        yield automatic


@pytest.fixture
async def http(on: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """A lead's client."""
    app = create_app(CoderSettings(web=WebSettings(tokens={hash_token("lead-token"): LEAD})))
    app.state.use_cases = on.cases
    headers = {"Authorization": "Bearer lead-token"}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://coder", headers=headers) as client:
        yield client


async def change(http: httpx.AsyncClient, mode: str) -> httpx.Response:
    """Change the mode of the line as it is read now."""
    read = await http.get("/v1/automation/clinic")
    wish = {"mode": mode, "reason": "agreed in committee"}
    return await http.put("/v1/automation/clinic", json=wish, headers={"If-Match": read.headers["ETag"]})


async def test_a_line_from_off_to_active(on: Desk, http: httpx.AsyncClient) -> None:
    await arrive(on)
    await code(on)
    (line,) = (await http.get("/v1/automation")).json()["lines"]
    assert (line["service_line"], line["mode"], line["may_become"], line["trial"]) == (
        "clinic",
        "off",
        ["shadow"],
        None,
    )
    assert (await change(http, "shadow")).status_code == 200
    await observe(on, 1, 1)
    refused = await change(http, "active")
    assert refused.status_code == 409
    assert refused.json()["issue"][0]["details"]["coding"][0]["code"] == "automation-mode-refused"
    (line,) = (await http.get("/v1/automation")).json()["lines"]
    assert (line["trial"]["observed"], line["trial"]["agreed"], line["trial"]["is_shown"]) == (2, 1, False)
    assert 0 < line["trial"]["lower_bound"] < 0.5
    await show_agreement(on, 300)
    line = (await change(http, "active")).json()
    assert (line["mode"], line["changed_by"], line["may_become"]) == ("active", "lee", ["off", "shadow"])
    await arrive(on)
    (line,) = (await http.get("/v1/automation")).json()["lines"]
    assert (line["looked_at"], line["qualified"], line["closed"]) == (3, 3, 1)
    assert line["share_closed"] == pytest.approx(1 / 3)


async def test_nobody_suspends_and_unknown_lines_are_not_found(http: httpx.AsyncClient) -> None:
    first = {"If-Match": '"0"'}
    for line, mode, status in (("clinic", "suspended", 422), ("nowhere", "shadow", 404)):
        wish = {"mode": mode, "reason": "x"}
        assert (await http.put(f"/v1/automation/{line}", json=wish, headers=first)).status_code == status


async def test_a_line_that_was_changed_since_it_was_read_stays_as_it_is(on: Desk, http: httpx.AsyncClient) -> None:
    await arrive(on)
    read = (await http.get("/v1/automation/clinic")).headers["ETag"]
    changed = await change(http, "shadow")
    wish = {"mode": "off", "reason": "x"}
    stale = await http.put("/v1/automation/clinic", json=wish, headers={"If-Match": read})
    assert stale.status_code == 412
    assert stale.json()["issue"][0]["details"]["coding"][0]["code"] == "revision-changed"
    fresh = {"If-Match": changed.headers["ETag"]}
    assert (await http.put("/v1/automation/clinic", json=wish, headers=fresh)).json()["mode"] == "off"


async def take(desk: Desk, *, seconds: float, accepts: bool = True) -> None:
    """A coder sees a chart, and after some time accepts and completes it."""
    lease = await desk.lease(ANN)
    await desk.cases.queue.renew(lease.chart_id, ANN.subject)
    await desk.pool.execute(
        "update coder.showing set shown_at = now() - $1 * interval '1 second' where chart_id = $2",
        seconds,
        lease.chart_id,
    )
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    await desk.cases.completing.complete(under(lease))


async def test_acceptance_is_measured_from_showing_to_accepting_and_only_flagged_with_enough_charts(
    on: Desk, http: httpx.AsyncClient
) -> None:
    policy = AutomationPolicy(fewest_charts=3, quickest_seconds=5.0)
    reporting = replace(on.cases.reporting, policy=policy)
    http._transport.app.state.use_cases = replace(on.cases, reporting=reporting)  # type: ignore[attr-defined]
    for seconds in (4.0, 6.0):
        await on.open_chart(CLEAR, suggestion("R05.9", "cough"))
        await take(on, seconds=seconds)
    (row,) = (await http.get("/v1/reports/acceptance")).json()["coders"]
    assert (row["coder"], row["service_line"], row["charts"], row["accepted"], row["flags"]) == (
        "ann",
        "clinic",
        2,
        4,
        [],
    )
    assert row["seconds_each"][1] == pytest.approx(2.5, abs=1)
    assert row["characters_a_second"] > 0
    await on.open_chart(CLEAR)
    await take(on, seconds=1.0)
    (row,) = (await http.get("/v1/reports/acceptance")).json()["coders"]
    assert row["flags"] == ["quick"]


async def test_productivity_stands_beside_the_norm_of_its_setting(on: Desk, http: httpx.AsyncClient) -> None:
    for _ in range(2):
        await on.open_chart(CLEAR)
        await take(on, seconds=360.0)
    (row,) = (await http.get("/v1/reports/productivity")).json()["coders"]
    assert (row["setting"], row["charts"], row["norm"]) == ("outpatient", 2, [5.0, 20.0])
    assert row["charts_an_hour"] == pytest.approx(10, rel=0.1)


async def test_what_the_machine_closes_is_nobodys_work(on: Desk, http: httpx.AsyncClient) -> None:
    await arrive(on)
    await code(on)
    await change(http, "shadow")
    await observe(on, 1)
    await show_agreement(on)
    await change(http, "active")
    await arrive(on)
    (row,) = (await http.get("/v1/reports/productivity")).json()["coders"]
    assert (row["coder"], row["charts"]) == ("ann", 2)


@pytest.mark.parametrize(
    "days", ["since=2026-02-01&until=2026-01-01", "since=2020-01-01&until=2026-01-01", "until=9999-12-31"]
)
async def test_a_report_is_of_some_days(http: httpx.AsyncClient, days: str) -> None:
    for report in ("acceptance", "productivity"):
        assert (await http.get(f"/v1/reports/{report}?{days}")).status_code == 422


async def test_no_answer_names_a_chart_or_a_patient(on: Desk, http: httpx.AsyncClient) -> None:
    chart = await arrive(on)
    await code(on)
    for url in ("/v1/automation", "/v1/reports/acceptance", "/v1/reports/productivity"):
        text = (await http.get(url)).text
        assert str(chart.chart_id) not in text
        assert "Patient/" not in text
        assert "Encounter/" not in text
