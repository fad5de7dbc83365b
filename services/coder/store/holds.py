"""Holds, and the count of them in the work item's row."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import asyncpg

from services.coder.hold import Hold, HoldCursor, HoldId, HoldReason, HoldToReview, NewHold, WhyLifted
from services.coder.reach import Reach
from services.coder.store import SQL, bound_page
from services.coder.store.work_items import scope_of
from services.coder.work_item import ChartId
from shared.contracts.messages import ChartReady
from shared.contracts.topics import Topic
from shared.pages import Moment
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
    return _hold(dict(row))


async def find_hold(connection: Executor, hold_id: HoldId) -> Hold | None:
    """Find a hold."""
    row = await SQL.fetchrow(connection, "find_hold", hold_id=hold_id)
    return _hold(dict(row)) if row else None


async def list_holds_of_chart(connection: Executor, chart_id: ChartId, after: Moment | None, limit: int) -> list[Hold]:
    """List the holds that a chart has or had, the first one first."""
    rows = await SQL.fetch(connection, "list_holds_of_chart", chart_id=chart_id, limit=limit, **bound_page(after))
    return [_hold(dict(row)) for row in rows]


async def list_holds_to_review(
    connection: Executor, caller: str, reach: Reach, *, due_by: date, after: HoldCursor, limit: int
) -> list[HoldToReview]:
    """List a page of effective holds whose day of review has come, the longest overdue first."""
    rows = await SQL.fetch(
        connection,
        "list_holds_to_review",
        caller=caller,
        due_by=due_by,
        after_day=after.review_on,
        after_id=after.hold_id,
        limit=limit,
        own_records=sorted(reach.own_records),
        **scope_of(reach),
    )
    return [_to_review(row) for row in rows]


async def end_hold(connection: Connection, hold_id: HoldId, *, lifted_by: str) -> Hold | None:
    """End a hold whose reason is gone; None when it is not effective any more."""
    row = await SQL.fetchrow(connection, "end_hold", hold_id=hold_id, lifted_by=lifted_by)
    return _hold(dict(row)) if row else None


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


def _to_review(row: asyncpg.Record) -> HoldToReview:
    fields = dict(row)
    return HoldToReview(fields.pop("default_list"), _hold(fields))


def _hold(fields: dict[str, Any]) -> Hold:  # Any: what asyncpg's records hold
    why = fields.pop("lifted_why")
    return Hold(**fields | {"reason": HoldReason(fields["reason"])}, lifted_why=WhyLifted(why) if why else None)
