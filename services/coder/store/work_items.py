"""The queue: work items, leases and states."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import asyncpg

from services.coder.store import SQL
from services.coder.work_item import (
    ChartId,
    FailureReason,
    Lease,
    LeaseToken,
    Priority,
    State,
    WorkItemId,
)
from shared.contracts.messages import ChartReady
from shared.postgres.pool import Connection, Executor


@dataclass(frozen=True, slots=True)
class WorkItem:
    """Where a chart stands in the queue; `revision` counts its changes."""

    work_item_id: WorkItemId
    chart_id: ChartId
    chart_version: int
    state: State
    coding_version: int
    revision: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What the consumer must know of a work item before it applies a message."""

    chart_version: int
    state: State
    coding_version: int


@dataclass(frozen=True, slots=True)
class EngineLease:
    """An engine process's hold on a chart version; `attempts` counts this run."""

    lease: Lease
    attempts: int


async def lock_work_items(connection: Connection, chart_ids: Iterable[ChartId]) -> dict[ChartId, Standing]:
    """Hold the work items of these charts until the transaction ends."""
    rows = await SQL.fetch(connection, "lock_work_items", chart_ids=sorted(set(chart_ids)))
    return {row["chart_id"]: Standing(row["chart_version"], State(row["state"]), row["coding_version"]) for row in rows}


async def put_in_queue(connection: Connection, charts: Sequence[ChartReady]) -> None:
    """Make each chart version the one that its work item is about; at most one version a chart."""
    ordered = sorted(charts, key=lambda chart: chart.chart_id)
    await SQL.execute(
        connection,
        "put_in_queue",
        chart_ids=[chart.chart_id for chart in ordered],
        chart_versions=[chart.chart_version for chart in ordered],
        states=[State.SUGGESTING if chart.status == "ready" else State.WITHDRAWN for chart in ordered],
        priorities=[Priority.ROUTINE] * len(ordered),
    )


async def reopen_returned(connection: Connection, codings: Sequence[tuple[ChartId, int]]) -> None:
    """Open completed charts whose latest coding came back."""
    await SQL.execute(
        connection,
        "reopen_returned",
        chart_ids=[chart_id for chart_id, _ in codings],
        coding_versions=[coding_version for _, coding_version in codings],
        priority=Priority.RETURNED,
    )


async def lease_for_engine(connection: Executor, holder: str, seconds: float) -> EngineLease | None:
    """Take the next chart version that waits for the engine."""
    row = await SQL.fetchrow(connection, "lease_for_engine", holder=holder, seconds=seconds)
    return EngineLease(_lease(row), row["attempts"]) if row else None


async def open_for_coders(connection: Connection, lease: Lease) -> bool:
    """Open the work item after the engine's answer; False when the lease is lost."""
    return await _change(connection, "open_for_coders", lease)


async def fail_work_item(connection: Executor, lease: Lease, reason: FailureReason) -> bool:
    """Put the work item aside; False when the lease is lost."""
    return await _change(connection, "fail_work_item", lease, reason=reason)


async def give_back_to_engine(connection: Executor, lease: Lease) -> None:
    """Undo `lease_for_engine`."""
    await SQL.execute(connection, "give_back_to_engine", work_item_id=lease.work_item_id, token=lease.token)


async def retry_failed(connection: Executor, work_item_id: WorkItemId) -> bool:
    """Give a failed chart version to the engine again; False when it is not in state failed."""
    return await SQL.fetchval(connection, "retry_failed", work_item_id=work_item_id) is not None


async def lease_next(connection: Executor, holder: str, seconds: float) -> Lease | None:
    """Take the most urgent open work item for one coder."""
    row = await SQL.fetchrow(connection, "lease_next", holder=holder, seconds=seconds)
    return _lease(row) if row else None


async def hold_lease(
    connection: Connection, chart_id: ChartId, token: LeaseToken, holder: str, seconds: float
) -> tuple[Lease, int] | None:
    """Lock and renew a coder's lease; returns it with the chart's coding version, None when it is lost."""
    row = await SQL.fetchrow(connection, "hold_lease", chart_id=chart_id, token=token, holder=holder, seconds=seconds)
    return (_lease(row), row["coding_version"]) if row else None


async def release_lease(connection: Executor, work_item_id: WorkItemId, token: LeaseToken, holder: str) -> bool:
    """Give a work item back; False when the lease is lost."""
    released = await SQL.fetchval(connection, "release_lease", work_item_id=work_item_id, token=token, holder=holder)
    return released is not None


async def return_expired_leases(connection: Executor) -> int:
    """Open the work items whose leases have expired, at most 100 at a time; returns how many."""
    return len(await SQL.fetch(connection, "return_expired_leases"))


async def complete_work_item(connection: Connection, work_item_id: WorkItemId, coding_version: int) -> None:
    """Mark the chart as coded; the caller holds the lease's row."""
    await SQL.execute(connection, "complete_work_item", work_item_id=work_item_id, coding_version=coding_version)


async def find_by_chart(connection: Connection, chart_id: ChartId) -> WorkItem | None:
    """Find the work item of a chart."""
    row = await SQL.fetchrow(connection, "find_by_chart", chart_id=chart_id)
    if row is None:
        return None
    return WorkItem(
        row["work_item_id"], chart_id, row["chart_version"], State(row["state"]), row["coding_version"], row["revision"]
    )


async def find_holder(connection: Connection, chart_id: ChartId) -> str | None:
    """Find the coder who has a chart now, locking its work item; None while nobody has it."""
    holder: str | None = await SQL.fetchval(connection, "find_holder", chart_id=chart_id)
    return holder


async def find_state(connection: Executor, work_item_id: WorkItemId) -> State | None:
    """Find the state of a work item."""
    state = await SQL.fetchval(connection, "find_state", work_item_id=work_item_id)
    return State(state) if state else None


async def count_states(connection: Executor) -> dict[State, int]:
    """Count the work items in each state; every state is named."""
    rows = await SQL.fetch(connection, "count_states")
    return dict.fromkeys(State, 0) | {State(row["state"]): row["count"] for row in rows}


async def _change(connection: Executor, statement: str, lease: Lease, **values: object) -> bool:
    changed = await SQL.fetchval(connection, statement, work_item_id=lease.work_item_id, token=lease.token, **values)
    return changed is not None


def _lease(row: asyncpg.Record) -> Lease:
    return Lease(
        row["work_item_id"], row["chart_id"], row["chart_version"], row["lease_token"], row["lease_expires_at"]
    )
