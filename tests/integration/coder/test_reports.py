"""Figures of coders' work: by setting, list and day, for leads within their reach and for coders their own."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from services.coder.service.deciding import Coder
from services.coder.work_item import ChartId
from shared.contracts.messages import ClaimReturned, Finding
from tests.builders.queries import query
from tests.integration.coder.audit_desk import as_person, finish, opened
from tests.integration.coder.conftest import ANN, BOB, Desk

EVIL = Coder("=1+1", "Practitioner/evil")


@pytest.fixture
async def http(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with opened(desk) as client:
        yield client


async def finish_after(desk: Desk, minutes: int, coder: Coder = ANN) -> ChartId:
    """Finish a chart that was shown so many minutes before."""
    chart_id = await finish(desk, coder)
    await desk.pool.execute(
        """
        insert into coder.showing (chart_id, chart_version, coder, shown_at)
        select chart_id, chart_version, completed_by, completed_at - $2 * interval '1 minute'
        from coder.coding where chart_id = $1
        """,
        chart_id,
        minutes,
    )
    return ChartId(chart_id)


async def rows_of(http: httpx.AsyncClient, who: str, by: str = "setting") -> list[dict[str, object]]:
    answer = await http.get(f"/v1/reports/productivity?by={by}", headers=as_person(who))
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, object]] = answer.json()["coders"]
    return rows


async def test_charts_codes_and_minutes(desk: Desk, http: httpx.AsyncClient) -> None:
    for minutes in (10, 20, 30):
        await finish_after(desk, minutes)
    (row,) = await rows_of(http, "liz")
    assert (row["coder"], row["setting"], row["charts"], row["codes"]) == ("ann", "outpatient", 3, 6)
    assert (row["hours"], row["charts_an_hour"], row["codes_an_hour"]) == (1.0, 3.0, 6.0)
    assert (row["minutes_median"], row["minutes_p90"]) == (20.0, pytest.approx(28.0))
    assert (row["list_id"], row["day"], row["norm"]) == (None, None, [5.0, 20.0])


async def test_by_list_and_by_day(desk: Desk, http: httpx.AsyncClient) -> None:
    await finish_after(desk, 10)
    (row,) = await rows_of(http, "liz", "list")
    assert (row["list_id"], row["setting"], row["norm"]) == ("everything-else", None, None)
    (row,) = await rows_of(http, "liz", "day")
    assert row["day"] == f"{datetime.now(UTC):%Y-%m-%d}"


async def test_a_coder_sees_their_own_and_a_lead_what_is_within_reach(desk: Desk, http: httpx.AsyncClient) -> None:
    await finish_after(desk, 10)
    await finish_after(desk, 10, BOB)
    assert [row["coder"] for row in await rows_of(http, "bob")] == ["bob"]
    assert [row["coder"] for row in await rows_of(http, "liz")] == ["ann", "bob"]
    assert await rows_of(http, "far") == []
    for who, coders in (("bob", ["bob"]), ("liz", ["ann", "bob"]), ("far", [])):
        accepted = (await http.get("/v1/reports/acceptance", headers=as_person(who))).json()["coders"]
        assert [row["coder"] for row in accepted] == coders


async def test_queries_and_what_came_back_are_counted(desk: Desk, http: httpx.AsyncClient) -> None:
    denied, returned = await finish_after(desk, 10), await finish_after(desk, 10)
    for chart_id, edit in ((denied, "denied-co-16"), (returned, "age")):
        finding = Finding(edit=edit, severity="error", message="m", fix="f")
        news = ClaimReturned(chart_id=chart_id, coding_version=1, findings=(finding,))
        await desk.pool.execute(
            "insert into coder.returned_coding (chart_id, coding_version, message_id, findings) values ($1, 1, $2, $3)",
            chart_id,
            str(chart_id),
            f"[{news.findings[0].model_dump_json()}]",
        )
    written = await http.post(
        f"/v1/charts/{denied}/queries",
        json={"content": query().model_dump(mode="json"), "addressee": "Practitioner/doc"},
        headers=as_person("ann"),
    )
    assert written.status_code == 200, written.text
    await desk.pool.execute(
        "insert into coder.query_event (query_id, event, actor) values ($1, 'sent', 'ann')", written.json()["query_id"]
    )
    (row,) = await rows_of(http, "ann")
    assert (row["queries_sent"], row["queries_answered"]) == (1, 0)
    assert (row["charts"], row["returned"], row["denied"]) == (2, 2, 1)


async def test_the_table_is_csv_in_which_nothing_runs(desk: Desk, http: httpx.AsyncClient) -> None:
    await finish_after(desk, 10)
    await finish_after(desk, 10, EVIL)
    answer = await http.get("/v1/reports/productivity.csv?by=list", headers=as_person("liz"))
    assert answer.headers["content-type"].startswith("text/csv")
    head, *rows = csv.reader(io.StringIO(answer.text))
    assert head[:2] == ["coder", "setting"]
    assert [row[0] for row in rows] == ["'=1+1", "ann"]


async def test_changes_of_a_mode_are_listed_latest_first(desk: Desk, http: httpx.AsyncClient) -> None:
    await finish(desk)
    for mode, reason in (("shadow", "agreed in committee"), ("off", "code set changed"), ("shadow", "again")):
        body, liz = {"mode": mode, "reason": reason}, as_person("liz")
        read = await http.get("/v1/automation/clinic", headers=liz)
        liz["If-Match"] = read.headers["ETag"]
        assert (await http.put("/v1/automation/clinic", json=body, headers=liz)).status_code == 200
    page = (await http.get("/v1/automation/clinic/changes?limit=2", headers=as_person("liz"))).json()
    assert [(each["mode"], each["why"]) for each in page["changes"]] == [
        ("shadow", "again"),
        ("off", "code set changed"),
    ]
    page = (await http.get(f"/v1/automation/clinic/changes?cursor={page['next']}", headers=as_person("liz"))).json()
    assert ([each["changed_by"] for each in page["changes"]], page["next"]) == (["liz"], None)
