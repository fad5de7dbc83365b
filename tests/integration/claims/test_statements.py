"""Every statement is one that PostgreSQL accepts, and the hot ones use their indexes at size."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from services.claims import SCHEMA
from shared.postgres.pool import Pool
from shared.postgres.statements import Statements

SQL = Statements("services.claims", schema=SCHEMA)


async def test_every_statement_can_be_prepared(claims_pool: Pool) -> None:
    async with claims_pool.acquire() as connection:
        for statement in SQL.by_name.values():
            prepared = await connection.prepare(statement.text)
            assert len(prepared.get_parameters()) == len(statement.parameters), statement.name


async def fill_lanes(pool: Pool, count: int = 5_000) -> None:
    """Queue claims of ten payers, each with a first attempt on its way or over."""
    await pool.execute(
        """
        with chart as (
            insert into claims.chart (chart_id, coding_version)
            select gen_random_uuid(), 1 from generate_series(1, $1::integer)
            returning chart_id
        ),
        coding as (
            insert into claims.coding (chart_id, coding_version, chart_version, claim_sha256, event)
            select chart_id, 1, 1, '', '' from chart
        ),
        claim as (
            insert into claims.claim (claim_id, chart_id, coding_version, payer_id, state, channel, bundle,
                                      bundle_sha256, queued_at, deadline_at, next_attempt_at, attempts)
            select chart_id, chart_id, 1, 'payer-' || row_number() over () % 10, 'queued', 'kafka', '', '', now(),
                   now() + interval '3 days', now() - interval '1 minute', 1
            from chart
            returning claim_id
        )
        insert into claims.submission (claim_id, attempt, channel, outcome)
        select claim_id, 1, 'kafka', 'started' from claim
        """,
        count,
    )
    await pool.execute("analyze claims.claim, claims.submission")


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


async def test_take_due_reads_the_head_of_its_lane_and_sorts_nothing(claims_pool: Pool) -> None:
    await fill_lanes(claims_pool)
    nodes = await explain(claims_pool, "take_due", payer_id="payer-3", channel="kafka", limit=16, lease_seconds=15.0)
    assert "claim_due" in {node.get("Index Name") for node in nodes}
    assert not {"Sort", "Incremental Sort"} & {node["Node Type"] for node in nodes}
    assert not [node for node in nodes if node["Node Type"] == "Seq Scan"]


IDS = [uuid4() for _ in range(16)]
NUMBERS = [1] * len(IDS)
TEXTS = ["" for _ in IDS]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("renew_leases", {"claim_ids": IDS, "attempts": NUMBERS, "lease_seconds": 15.0}),
        ("lock_attempts", {"claim_ids": IDS, "attempts": NUMBERS}),
        (
            "finish_submissions",
            {
                "claim_ids": IDS,
                "attempts": NUMBERS,
                "outcomes": TEXTS,
                "tries": NUMBERS,
                "status_codes": NUMBERS,
                "reasons": TEXTS,
                "issue_codes": TEXTS,
            },
        ),
        (
            "plan_attempts",
            {
                "claim_ids": IDS,
                "states": TEXTS,
                "next_attempt_ats": [datetime.now(UTC)] * len(IDS),
                "reasons": TEXTS,
                "codes": TEXTS,
            },
        ),
    ],
)
async def test_a_batch_finds_its_rows_by_index(claims_pool: Pool, name: str, values: dict[str, object]) -> None:
    await fill_lanes(claims_pool)
    assert not [node for node in await explain(claims_pool, name, **values) if node["Node Type"] == "Seq Scan"]


async def test_answers_find_their_claims_by_index(claims_pool: Pool) -> None:
    await fill_lanes(claims_pool)
    await claims_pool.execute(
        """
        insert into claims.response (claim_id, channel, state, sha256, body, payer_claim_number)
        select claim_id, 'kafka', 'pended', '', '', 'ICN-' || claim_id from claims.claim
        """
    )
    await claims_pool.execute("analyze claims.response")
    names = {"positions": NUMBERS, "claim_ids": IDS, "accounts": TEXTS, "controls": NUMBERS, "payer_id": None}
    numbers = {"number_positions": NUMBERS, "number_places": NUMBERS, "payer_numbers": TEXTS}
    nodes = await explain(claims_pool, "find_named_claims", **names, **numbers)
    read_whole = {node.get("Relation Name") for node in nodes if node["Node Type"] == "Seq Scan"}
    assert not read_whole & {"claim", "response"}
