"""Closed charts: who does not see them, opening one with a reason, and the review that follows."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest

from services.coder.app import create_app
from services.coder.settings import CoderSettings
from services.coder.workbench.routing import COOKIE
from shared.web.auditing import audit_into
from shared.web.security import Principal, Role, hash_token
from shared.web.settings import WebSettings
from tests.builders.charts import suggestion
from tests.integration.coder.conftest import Desk

REASON = {"reason": "covering for a colleague who fell ill"}
NORTH = frozenset({"Organization/north"})


def person(name: str, role: Role, **scope: frozenset[str]) -> Principal:
    return Principal(subject=name, practitioner=f"Practitioner/{name}", roles=frozenset({role}), **scope)


PEOPLE = {
    "ann": person("ann", Role.CODER),
    "vera": person("vera", Role.CODER, clearances=frozenset({"vip"})),
    "pat": person("pat", Role.CODER, clearances=frozenset({"vip"}), own_records=frozenset({"Patient/pat"})),
    "nora": person("nora", Role.CODER, facilities=NORTH),
    "ada": person("ada", Role.AUDITOR),
    "lea": person("lea", Role.LEAD),
    "liz": person("liz", Role.LEAD),
}


@pytest.fixture
async def http(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(CoderSettings(web=WebSettings(tokens={hash_token(name): who for name, who in PEOPLE.items()})))
    app.state.use_cases = desk.cases
    audit_into(app, desk.pool)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://coder") as client:
        yield client


@pytest.fixture
async def vip(desk: Desk) -> UUID:
    """A chart of a VIP, who is Patient/pat."""
    return await bring(desk, restrictions="{vip}", patient="Patient/pat")


async def bring(desk: Desk, *, restrictions: str = "{}", facility: str = "", patient: str = "Patient/1") -> UUID:
    chart_id = (await desk.open_chart(suggestion("J18.9"))).chart_id
    lane_id = await desk.pool.fetchval(
        """
        insert into coder.lane (
            service_line, specialty, facility, encounter_class, payer, restrictions, default_list, lists
        ) values ($3, '', $1, '', '', $2::text::text[], 'everything-else', '{everything-else}') returning lane_id
        """,
        facility,
        restrictions,
        str(uuid4()),
    )
    await desk.pool.execute(
        "update coder.work_item set lane_id = $1, patient = $2 where chart_id = $3", lane_id, patient, chart_id
    )
    return chart_id


def by(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}


async def see(http: httpx.AsyncClient, chart_id: UUID, name: str) -> str:
    """Read a chart; returns `seen`, or the code of the refusal."""
    answer = await http.get(f"/v1/charts/{chart_id}", headers=by(name))
    return "seen" if answer.is_success else answer.json()["issue"][0]["details"]["coding"][0]["code"]


async def test_a_restricted_chart_is_seen_with_its_clearance_only(http: httpx.AsyncClient, vip: UUID) -> None:
    assert [await see(http, vip, name) for name in ("ann", "ada", "lea")] == ["chart-restricted"] * 3
    assert await see(http, vip, "vera") == "seen"


async def test_nobody_sees_their_own_record_whatever_their_clearance(http: httpx.AsyncClient, vip: UUID) -> None:
    assert await see(http, vip, "pat") == "chart-restricted"


async def test_a_chart_of_another_facility_is_out_of_scope(desk: Desk, http: httpx.AsyncClient) -> None:
    north = await bring(desk, facility="Organization/north")
    south = await bring(desk, facility="Organization/south")
    assert [await see(http, chart_id, "nora") for chart_id in (north, south)] == ["seen", "chart-restricted"]
    assert await see(http, south, "ann") == "seen"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/charts/{chart}/holds"),
        ("GET", "/v1/charts/{chart}/queries"),
        ("GET", "/v1/charts/{chart}/threads"),
        ("GET", "/v1/work-items/{item}"),
        ("POST", "/v1/charts/{chart}/decisions"),
    ],
)
async def test_every_route_of_a_closed_chart_is_closed(
    desk: Desk, http: httpx.AsyncClient, vip: UUID, method: str, path: str
) -> None:
    item = await desk.pool.fetchval("select work_item_id from coder.work_item where chart_id = $1", vip)
    answer = await http.request(method, path.format(chart=vip, item=item), headers=by("ann"))
    assert answer.status_code == 403
    assert answer.json()["issue"][0]["details"]["coding"][0]["code"] == "chart-restricted"


async def test_broken_glass_opens_one_chart_for_one_person_for_a_while(
    desk: Desk, http: httpx.AsyncClient, vip: UUID
) -> None:
    opened = await http.post(f"/v1/charts/{vip}/break-glass", json=REASON, headers=by("ann"))
    assert opened.status_code == 200
    assert opened.json()["barrier"] == "restricted"
    another = await bring(desk, restrictions="{vip}")
    assert [await see(http, vip, "ann"), await see(http, vip, "ada"), await see(http, another, "ann")] == [
        "seen",
        "chart-restricted",
        "chart-restricted",
    ]
    await desk.pool.execute("update coder.broken_glass set expires_at = now() - interval '1 second'")
    assert await see(http, vip, "ann") == "chart-restricted"


async def test_what_is_seen_behind_broken_glass_says_so_in_the_log(
    desk: Desk, http: httpx.AsyncClient, vip: UUID
) -> None:
    await http.post(f"/v1/charts/{vip}/break-glass", json=REASON, headers=by("ann"))
    await see(http, vip, "ann")
    bodies = await desk.pool.fetch(
        "select body from audit.event where position($1 in body) > 0 order by recorded_at", str(vip)
    )
    assert ["BTG" in row["body"] for row in bodies] == [True, True]
    assert not any(REASON["reason"] in row["body"] for row in bodies)


async def test_a_lead_reviews_each_opening_once_and_not_their_own(http: httpx.AsyncClient, vip: UUID) -> None:
    await http.post(f"/v1/charts/{vip}/break-glass", json=REASON, headers=by("lea"))
    (opening,) = (await http.get("/v1/broken-glass", headers=by("liz"))).json()["openings"]
    assert (opening["subject"], opening["reason"]) == ("lea", REASON["reason"])
    url, review = f"/v1/broken-glass/{opening['glass_id']}/review", {"outcome": "unjustified", "note": "ask me first"}
    answers = [
        (await http.post(url, json=review, headers=by(name))).status_code for name in ("ann", "lea", "liz", "liz")
    ]
    assert answers == [403, 403, 200, 409]
    assert (await http.get("/v1/broken-glass", headers=by("liz"))).json()["openings"] == []


async def test_there_is_no_glass_before_an_open_chart_and_none_without_a_reason(
    desk: Desk, http: httpx.AsyncClient, vip: UUID
) -> None:
    plain = await bring(desk)
    statuses = [
        (await http.post(f"/v1/charts/{chart_id}/break-glass", json=body, headers=by("ann"))).status_code
        for chart_id, body in ((plain, REASON), (uuid4(), REASON), (vip, {"reason": "because"}), (vip, {}))
    ]
    assert statuses == [409, 404, 422, 422]
    assert await desk.pool.fetchval("select count(*) from coder.broken_glass") == 0


async def test_the_workbench_asks_for_the_reason_and_shows_the_review(http: httpx.AsyncClient, vip: UUID) -> None:
    origin = {"Origin": "http://coder"}
    page = f"/workbench/charts/{vip}"
    await http.post("/workbench/sign-in", data={"token": "ann"}, headers=origin)
    session = {"Cookie": f"{COOKIE}={http.cookies[COOKIE]}"}
    closed = await http.get(page, headers=session)
    assert closed.status_code == 403
    assert "Break the glass" in closed.text
    opened = await http.post(f"{page}/break-glass", data=REASON, headers=session | origin)
    assert opened.headers["location"] == page
    assert (await http.get(page, headers=session)).status_code == 200
    http.cookies.clear()
    await http.post("/workbench/sign-in", data={"token": "lea"}, headers=origin)
    session = {"Cookie": f"{COOKIE}={http.cookies[COOKIE]}"}
    reviews = (await http.get("/workbench/reviews", headers=session)).text
    assert REASON["reason"] in reviews
    path = reviews.partition('action="/workbench/reviews/')[2].partition('"')[0]
    done = await http.post(f"/workbench/reviews/{path}", data={"outcome": "justified"}, headers=session | origin)
    assert done.status_code == 303
    assert "Nothing waits" in (await http.get("/workbench/reviews", headers=session)).text
