"""A stay's engine chart carries the ICD-10-PCS tables of its day, and stored procedures are held against the day."""

from collections.abc import AsyncIterator
from datetime import date
from uuid import uuid4

import pytest

from services.coder.engine.model import CodeSystem
from services.coder.engine.procedure_tables import Label, ProcedureTables, TableRow
from shared.codesets.store import MIGRATION_PACKAGES
from shared.postgres.migrate import migrate
from tests.builders.charts import ready_chart, suggestion
from tests.builders.official_files import PCS_ORDER, PCS_TABLES
from tests.integration.coder.conftest import Desk
from tests.integration.codesets.conftest import load_into

FIRST_DAY = date(2029, 10, 1)


@pytest.fixture
async def loaded(desk: Desk) -> AsyncIterator[Desk]:
    """The room with made-up tables and an order file, which no other test of the room sees."""
    await migrate(desk.pool, schema="codesets", packages=MIGRATION_PACKAGES)
    load = load_into(desk.pool)
    await load("icd10pcs-tables", PCS_TABLES, FIRST_DAY)
    await load("icd10pcs-order", PCS_ORDER, FIRST_DAY)
    yield desk
    await desk.pool.execute("drop schema codesets cascade")


async def read_tables(desk: Desk, day: date, setting: str = "inpatient") -> ProcedureTables | None:
    await desk.arrive(ready_chart(uuid4(), service_date=day, setting=setting))
    leased = await desk.suggesting.lease_chart()
    assert leased is not None
    _, chart = await desk.suggesting.read_chart(leased.lease)
    return chart.procedure_tables


async def test_a_stay_has_the_tables_of_its_day(loaded: Desk) -> None:
    label = Label("001", ("ventricle",), (("", "6"),))
    expected = ProcedureTables("FY2030", {"001": (TableRow("6", "03", "7", "Z"),)}, {"1": (label,)})
    assert await read_tables(loaded, FIRST_DAY) == expected


async def test_before_the_first_release_and_for_outpatients_there_are_none(loaded: Desk) -> None:
    assert await read_tables(loaded, date(2029, 9, 30)) is None
    assert await read_tables(loaded, FIRST_DAY, "outpatient") is None


async def test_without_any_release_there_are_none(desk: Desk) -> None:
    assert await read_tables(desk, FIRST_DAY) is None


async def store(desk: Desk, day: date, *codes: str) -> list[tuple[str, str, bool]]:
    procedures = [suggestion(code, system=CodeSystem.ICD10PCS, display="our words", missing=()) for code in codes]
    chart = await desk.open_chart(*procedures, chart=ready_chart(uuid4(), service_date=day, setting="inpatient"))
    rows = await desk.pool.fetch(
        "select code, display, selected from coder.suggestion where chart_id = $1 order by rank", chart.chart_id
    )
    return [tuple(row) for row in rows]


async def test_the_loaded_release_titles_procedures_and_knows_which_hold(loaded: Desk) -> None:
    assert await store(loaded, FIRST_DAY, "0016070", "0FT44ZZ") == [
        ("0016070", "Bypass of something made up", True),
        ("0FT44ZZ", "our words", False),
    ]


async def test_without_a_release_the_editor_knows_which_hold_on_the_day(desk: Desk) -> None:
    assert await store(desk, date(2026, 9, 1), "0FT44ZZ", "0FT49ZZ") == [
        ("0FT44ZZ", "our words", True),
        ("0FT49ZZ", "our words", False),
    ]
