"""What changed for the codes that a coder used: by the calendar, by a release that is loaded, and nobody else's."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

import services.claims
import services.coder
from services.coder.app import create_app
from services.coder.service.use_cases import UseCases
from services.coder.settings import CoderSettings, QueueSettings
from services.coder.workbench.routing import COOKIE
from shared.codesets.library import Library
from shared.postgres.pool import Pool
from shared.web.security import Principal, Role, hash_token
from shared.web.settings import WebSettings
from tests.builders import official_files as files
from tests.conftest import PoolFor
from tests.integration.codesets.conftest import Load
from tests.integration.codesets.test_impact import add_chart

SPAN = {"since": "2025-10-01", "until": "2026-10-31"}
ANN = Principal(subject="ann", practitioner="Practitioner/ann", roles=frozenset({Role.CODER}))
BOB = Principal(subject="bob", practitioner="Practitioner/bob", roles=frozenset({Role.CODER}))


@pytest.fixture
async def http(codesets_pool: Pool, pool_for: PoolFor) -> AsyncIterator[httpx.AsyncClient]:
    """A client on a coder application over a migrated database, signed in to the workbench as ann."""
    for service in (services.coder, services.claims):
        await pool_for(service.SCHEMA, service.MIGRATION_PACKAGES)
    tokens = {hash_token(f"{person.subject}-token"): person for person in (ANN, BOB)}
    app = create_app(CoderSettings(web=WebSettings(tokens=tokens)))
    app.state.use_cases = UseCases.over(codesets_pool, QueueSettings())
    app.state.library = Library(codesets_pool, refresh_seconds=0)
    cookies = {COOKIE: app.state.sessions.begin(ANN)}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://coder", cookies=cookies) as client:
        yield client


async def read_changes(http: httpx.AsyncClient, coder: str = "ann", **params: str) -> list[dict[str, object]]:
    headers = {"Authorization": f"Bearer {coder}-token"}
    answer = await http.get("/v1/codes/changes", params=SPAN | params, headers=headers)
    assert answer.status_code == 200, answer.text
    changes: list[dict[str, object]] = answer.json()["changes"]
    return changes


async def test_the_calendar_alone_changes_codes_that_were_used(http: httpx.AsyncClient, codesets_pool: Pool) -> None:
    for code in ("G35", "D69.1", "I10"):
        await add_chart(codesets_pool, code, date(2026, 1, 1), system="icd10cm")
    latest, first = await read_changes(http)
    assert (latest["code"], latest["change"], latest["effective"]) == ("D69.1", "deleted", "2026-10-01")
    assert (first["code"], first["effective"], first["uses"]) == ("G35", "2025-10-01", 1)
    instead = first["instead"]
    assert isinstance(instead, list)
    assert instead[0]["code"] == "G35.A"
    assert await read_changes(http, until="2026-09-30") == [first]
    assert await read_changes(http, coder="bob") == []


async def test_a_release_that_is_loaded_changes_codes_from_its_day(
    http: httpx.AsyncClient, codesets_pool: Pool, load: Load
) -> None:
    await load("hcpcs", files.HCPCS, date(2026, 1, 1))
    revised = files.HCPCS.replace(b"Made-up lens", b"Modern  lens").replace(b"20251231", b"        ")
    without_drug = revised[: revised.index(b"J0001")] + revised[revised.index(b"V0001") :]
    for code in ("V0001", "J0001", "J0001"):
        await add_chart(codesets_pool, code, date(2026, 1, 1), system="hcpcs")
    (ended,) = await read_changes(http)
    assert (ended["code"], ended["change"], ended["effective"]) == ("V0001", "deleted", "2026-01-01")
    await load("hcpcs", without_drug, date(2026, 4, 1))
    drug, old = await read_changes(http)
    assert (drug["code"], drug["change"], drug["effective"], drug["uses"]) == ("J0001", "deleted", "2026-04-01", 2)
    await load("hcpcs", without_drug.replace(b"Modern  lens", b"Another lens"), date(2026, 7, 1))
    lens, *earlier = await read_changes(http)
    assert earlier == [drug, old]
    assert old == ended
    assert (lens["change"], lens["before"], lens["after"]) == ("revised", "Modern  lens", "Another lens")


async def test_the_page_shows_what_changes_around_today(
    http: httpx.AsyncClient, codesets_pool: Pool, load: Load
) -> None:
    today = datetime.now(UTC).date()
    await add_chart(codesets_pool, "J0001", today, system="hcpcs")
    await load("hcpcs", files.HCPCS, today - timedelta(days=90))
    assert "None." in (await http.get("/workbench/changes")).text
    await load("hcpcs", files.HCPCS.replace(b"made-up drug", b"renamed drug"), today + timedelta(days=30))
    page = (await http.get("/workbench/changes")).text
    assert "J0001" in page
    assert "to come" in page
    assert "Now called: Injection, renamed drug, in two records, 10 mg" in page
