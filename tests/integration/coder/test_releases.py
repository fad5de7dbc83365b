"""Suggested services carry the titles of the loaded release, and are offers where it does not know them on the day."""

from collections.abc import AsyncIterator
from datetime import date
from uuid import uuid4

import pytest

from services.coder.engine.model import CodeSystem
from shared.codesets.store import MIGRATION_PACKAGES
from shared.postgres.migrate import migrate
from tests.builders.charts import ready_chart, suggestion
from tests.builders.official_files import HCPCS
from tests.integration.coder.conftest import Desk
from tests.integration.codesets.conftest import load_into

LENS, DRUG = (suggestion(code, system=CodeSystem.HCPCS, display="our words", missing=()) for code in ("V0001", "J0001"))


@pytest.fixture
async def loaded(desk: Desk) -> AsyncIterator[Desk]:
    """The room with a made-up HCPCS release, which no other test of the room sees."""
    await migrate(desk.pool, schema="codesets", packages=MIGRATION_PACKAGES)
    load = load_into(desk.pool)
    await load("hcpcs", HCPCS, date(2025, 1, 1))
    yield desk
    await desk.pool.execute("drop schema codesets cascade")


async def stored(desk: Desk, day: date) -> list[tuple[str, str, bool]]:
    chart = await desk.open_chart(LENS, DRUG, chart=ready_chart(uuid4(), service_date=day))
    rows = await desk.pool.fetch(
        "select code, display, selected from coder.suggestion where chart_id = $1 order by rank", chart.chart_id
    )
    return [tuple(row) for row in rows]


async def test_titles_and_validity_are_those_of_the_service_date(loaded: Desk) -> None:
    official = ("J0001", "Injection, made-up drug, in two records, 10 mg", True)
    assert await stored(loaded, date(2025, 12, 31)) == [("V0001", "Made-up lens", True), official]
    assert await stored(loaded, date(2026, 1, 1)) == [("V0001", "our words", False), official]


async def test_before_the_first_release_nothing_is_known(loaded: Desk) -> None:
    assert await stored(loaded, date(2024, 12, 31)) == [("V0001", "our words", True), ("J0001", "our words", True)]


async def test_without_a_release_nothing_changes(desk: Desk) -> None:
    assert await stored(desk, date(2026, 1, 1)) == [("V0001", "our words", True), ("J0001", "our words", True)]
