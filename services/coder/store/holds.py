"""Holds, and the count of them in the work item's row."""

from collections.abc import Iterable, Sequence

import asyncpg

from services.coder.hold import Hold, HoldId, HoldReason, NewHold, WhyLifted
from services.coder.store import SQL
from services.coder.work_item import ChartId
from shared.contracts.messages import ChartReady
from shared.contracts.topics import Topic
from shared.postgres.pool import Connection, Executor


async def hold_work_item(connection: Connection, chart_id: ChartId) -> int | None:
    """Take a chart off the queue, ending a lease on it; returns its version, None where there is nothing to pause."""
    version: int | None = await SQL.fetchval(connection, "hold_work_item", chart_id=chart_id)
    return version


async def insert_hold(
    connection: Connection, chart_id: ChartId, chart_version: int, new: NewHold, *, placed_by: str
) -> Hold:
    """Store a hold."""
    row = await SQL.fetchrow(
        connection,
        "insert_hold",
        chart_id=chart_id,
        chart_version=chart_version,
        reason=new.reason,
        note=new.note,
        review_on=new.review_on,
        placed_by=placed_by,
    )
    assert row is not None  # noqa: S101 - an insert returns its row
    return _hold(row)


async def find_hold(connection: Executor, hold_id: HoldId) -> Hold | None:
    """Find a hold."""
    row = await SQL.fetchrow(connection, "find_hold", hold_id=hold_id)
    return _hold(row) if row else None


async def list_holds_of_chart(connection: Executor, chart_id: ChartId) -> list[Hold]:
    """List the holds that a chart has or had, the first one first."""
    return [_hold(row) for row in await SQL.fetch(connection, "list_holds_of_chart", chart_id=chart_id)]


async def end_hold(connection: Connection, hold_id: HoldId, *, lifted_by: str) -> Hold | None:
    """End a hold whose reason is gone; None when it is not effective any more."""
    row = await SQL.fetchrow(connection, "end_hold", hold_id=hold_id, lifted_by=lifted_by)
    return _hold(row) if row else None


async def drop_hold(connection: Connection, chart_id: ChartId) -> None:
    """Count one hold fewer; after the last one the chart is open."""
    await SQL.execute(connection, "drop_hold", chart_id=chart_id)


async def wake_charts(connection: Connection, arrived: Sequence[ChartReady]) -> None:
    """End all holds of charts of which a newer version came."""
    await SQL.execute(
        connection,
        "wake_charts",
        lifted_by=Topic.CHART_READY,
        chart_ids=[chart.chart_id for chart in arrived],
        whys=list(_say_why(arrived)),
    )


def _say_why(arrived: Iterable[ChartReady]) -> Iterable[WhyLifted]:
    return (WhyLifted.LATE_DOCUMENT if each.status == "ready" else WhyLifted.WITHDRAWN for each in arrived)


def _hold(row: asyncpg.Record) -> Hold:
    fields = dict(row)
    why = fields.pop("lifted_why")
    return Hold(**fields | {"reason": HoldReason(row["reason"])}, lifted_why=WhyLifted(why) if why else None)
