"""Every statement is one that PostgreSQL accepts, and the hot ones use their indexes at size."""

import json
from typing import Any

import pytest

from services.coder.store import SQL
from shared.postgres.pool import Pool
from tests.builders.charts import CHART_ID

OPEN_ITEMS = 5_000
LANES = 20
WORTH_COMPILING = 100_000
"""`jit_above_cost`: a plan that costs more is compiled first, which takes longer than a whole batch of leases."""
SCOPE: dict[str, list[str] | None] = {"lists": None, "facilities": None, "clearances": []}


async def test_every_statement_can_be_prepared(coder_pool: Pool) -> None:
    async with coder_pool.acquire() as connection:
        for statement in SQL.by_name.values():
            prepared = await connection.prepare(statement.text)
            assert len(prepared.get_parameters()) == len(statement.parameters), statement.name


async def fill_queue(pool: Pool, state: str) -> None:
    """Put OPEN_ITEMS work items of one state beside as many completed ones."""
    await pool.execute(
        """
        insert into coder.lane (
            service_line, specialty, facility, encounter_class, payer, restrictions, default_list, lists, leased_from
        )
        select 'clinic', 's' || number, 'f', 'AMB', 'p', '{}', list, array[list], array[list]
        from generate_series(1, $1::integer) as number, cast('everything-else' as text) as list
        """,
        LANES,
    )
    await pool.execute(
        """
        with chart as (
            insert into coder.chart (chart_id, chart_version, status, encounter_class, setting, content)
            select gen_random_uuid(), 1, 'ready', 'AMB', 'outpatient', '' from generate_series(1, 2 * $1::integer)
            returning chart_id
        )
        insert into coder.work_item (chart_id, chart_version, state, lane_id, due_at, coding_version)
        select chart_id, 1, case number % 2 when 0 then $2 else 'completed' end, 1 + number % $3::integer,
               now() + number % 7 * interval '1 day', 1
        from (select chart_id, row_number() over () as number from chart)
        """,
        OPEN_ITEMS,
        state,
        LANES,
    )
    await pool.execute("analyze coder.work_item, coder.lane")


async def explain(pool: Pool, name: str, **values: object) -> list[dict[str, Any]]:
    """The nodes of a statement's plan, as it would run."""
    statement = SQL.by_name[name]
    text = await pool.fetchval(f"explain (format json) {statement.text}", *statement.bind(values))
    nodes: list[dict[str, Any]] = []
    waiting = [json.loads(text)[0]["Plan"]]
    while waiting:
        nodes.append(waiting.pop())
        waiting += nodes[-1].get("Plans", [])
    return nodes


@pytest.mark.parametrize("again", [False, True])
async def test_lease_next_reads_the_heads_of_its_lanes_and_scans_no_work_item(coder_pool: Pool, again: bool) -> None:
    await fill_queue(coder_pool, "open")
    asked = {"caller": 0, "holder": "ann", "seconds": 60.0, "own_records": [], "again": again, **SCOPE}
    nodes = await explain(coder_pool, "lease_next", **asked)
    indexes = {node.get("Index Name") for node in nodes}
    assert {"work_item_open", "work_item_front", "work_item_assigned", "work_item_pkey"} <= indexes
    assert not [node for node in nodes if node["Node Type"] == "Seq Scan" and node["Relation Name"] == "work_item"]
    assert nodes[0]["Total Cost"] < WORTH_COMPILING


async def test_lease_for_engine_reads_the_head_of_its_index_and_sorts_nothing(coder_pool: Pool) -> None:
    await fill_queue(coder_pool, "suggesting")
    nodes = await explain(coder_pool, "lease_for_engine", holder="engine", seconds=60.0)
    assert "work_item_suggesting" in {node.get("Index Name") for node in nodes}
    assert not {"Seq Scan", "Sort", "Incremental Sort"} & {node["Node Type"] for node in nodes}


async def test_hold_lease_finds_its_chart_by_index(coder_pool: Pool) -> None:
    await fill_queue(coder_pool, "open")
    nodes = await explain(coder_pool, "hold_lease", chart_id=CHART_ID, token=CHART_ID, holder="ann", seconds=60.0)
    assert "Seq Scan" not in {node["Node Type"] for node in nodes}


async def test_a_page_of_a_list_walks_an_index_of_its_lanes(coder_pool: Pool) -> None:
    await fill_queue(coder_pool, "open")
    page = {"list_id": "everything-else", "states": ["open"], "after_urgent_by": None, "after_arrival": 0, "limit": 50}
    nodes = await explain(coder_pool, "list_places", caller="ann", own_records=[], **page, **SCOPE)
    assert "work_item_listed" in {node.get("Index Name") for node in nodes}
    assert not [node for node in nodes if node["Node Type"] == "Seq Scan" and node["Relation Name"] == "work_item"]
