"""Barriers before charts, and the glass that was broken."""

from uuid import UUID

import asyncpg

from services.coder.glass import Barrier, BrokenGlass, GlassId, ReviewOutcome, Sight
from services.coder.reach import Reach
from services.coder.store import SQL, bound_page
from services.coder.store.work_items import scope_of
from services.coder.work_item import ChartId
from shared.pages import Moment
from shared.postgres.pool import Connection, Executor


async def find_sight(connection: Executor, kind: str, entity_id: UUID, subject: str, reach: Reach) -> Sight | None:
    """Find what stands between a caller and the chart of `entity_id`; None where there is no such thing."""
    own_records = sorted(reach.own_records)
    row = await SQL.fetchrow(
        connection,
        "find_barrier",
        kind=kind,
        id=entity_id,
        subject=subject,
        own_records=own_records,
        **scope_of(reach),
    )
    if row is None:
        return None
    barrier = Barrier(row["barrier"]) if row["barrier"] else None
    return Sight(ChartId(row["chart_id"]), barrier, row["opened_until"])


async def insert_glass(
    connection: Connection, sight: Sight, *, subject: str, practitioner: str, reason: str, seconds: float
) -> BrokenGlass:
    """Open a chart for `seconds`."""
    row = await SQL.fetchrow(
        connection,
        "break_glass",
        chart_id=sight.chart_id,
        subject=subject,
        practitioner=practitioner,
        barrier=sight.barrier,
        reason=reason,
        seconds=seconds,
    )
    assert row is not None  # noqa: S101 - an insert returns its row
    return _read(row)


async def list_unreviewed(connection: Executor, after: Moment | None, limit: int) -> list[BrokenGlass]:
    """List what waits for a review, the oldest first."""
    rows = await SQL.fetch(connection, "list_unreviewed", limit=limit, **bound_page(after))
    return [_read(row) for row in rows]


async def find_glass(connection: Connection, glass_id: GlassId) -> BrokenGlass | None:
    """Find and lock one of them."""
    row = await SQL.fetchrow(connection, "find_glass", glass_id=glass_id)
    return _read(row) if row else None


async def keep_review(
    connection: Connection, glass_id: GlassId, reviewer: str, outcome: ReviewOutcome, note: str | None
) -> BrokenGlass:
    """Keep a review; the caller holds the row."""
    row = await SQL.fetchrow(
        connection, "review_glass", glass_id=glass_id, reviewer=reviewer, outcome=outcome, note=note
    )
    assert row is not None  # noqa: S101 - the caller holds the row
    return _read(row)


def _read(row: asyncpg.Record) -> BrokenGlass:
    values = dict(row)
    outcome = values.pop("outcome")
    return BrokenGlass(
        **{**values, "barrier": Barrier(values["barrier"])}, outcome=ReviewOutcome(outcome) if outcome else None
    )
