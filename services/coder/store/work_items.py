"""The queue: work items, leases and states."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import asyncpg

from services.coder.priority import Rank
from services.coder.reach import Reach
from services.coder.store import SQL
from services.coder.work_item import (
    ChartId,
    FailureReason,
    Lease,
    LeaseToken,
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
class PlacedChart:
    """A chart with its lane, the patient whose record it is, and its rank."""

    chart: ChartReady
    lane_id: int
    patient: str
    rank: Rank


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """A coder who wants the next chart, and how far they reach.

    `again` looks into every lane within reach, past what other transactions are just taking.
    """

    holder: str
    reach: Reach
    again: bool = False


@dataclass(frozen=True, slots=True)
class EngineLease:
    """An engine process's hold on a chart version; `attempts` counts this run."""

    lease: Lease
    attempts: int


async def lock_work_items(connection: Connection, chart_ids: Iterable[ChartId]) -> dict[ChartId, Standing]:
    """Hold the work items of these charts until the transaction ends."""
    rows = await SQL.fetch(connection, "lock_work_items", chart_ids=sorted(set(chart_ids)))
    return {row["chart_id"]: Standing(row["chart_version"], State(row["state"]), row["coding_version"]) for row in rows}


async def put_in_queue(connection: Connection, placed: Sequence[PlacedChart]) -> None:
    """Make each chart version the one that its work item is about; at most one version a chart."""
    ordered = sorted(placed, key=lambda each: each.chart.chart_id)
    await SQL.execute(
        connection,
        "put_in_queue",
        chart_ids=[each.chart.chart_id for each in ordered],
        chart_versions=[each.chart.chart_version for each in ordered],
        states=[State.SUGGESTING if each.chart.status == "ready" else State.WITHDRAWN for each in ordered],
        lane_ids=[each.lane_id for each in ordered],
        patients=[each.patient for each in ordered],
        due_ats=[each.rank.due_at for each in ordered],
        charge_hours=[each.rank.charge_hours for each in ordered],
        flag_hours=[each.rank.flag_hours for each in ordered],
        complexity_hours=[each.rank.complexity_hours for each in ordered],
        rank_facts=[_rank_facts(each.rank) for each in ordered],
    )


async def set_complexity(connection: Connection, chart_id: ChartId, rank: Rank) -> None:
    """Let a chart's complexity count as `rank` has it."""
    await SQL.execute(
        connection,
        "set_complexity",
        chart_id=chart_id,
        complexity_hours=rank.complexity_hours,
        rank_facts=json.dumps({"complexity_units": rank.complexity_units}),
    )


async def reopen_returned(connection: Connection, codings: Sequence[tuple[ChartId, int]], *, raised_hours: int) -> None:
    """Open completed charts whose latest coding came back, so many hours earlier."""
    await SQL.execute(
        connection,
        "reopen_returned",
        chart_ids=[chart_id for chart_id, _ in codings],
        coding_versions=[coding_version for _, coding_version in codings],
        raised_hours=raised_hours,
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


async def lease_next(connection: Executor, requests: Sequence[LeaseRequest], seconds: float) -> list[Lease | None]:
    """Take for each caller in turn the most urgent open work item within their reach, all in one transaction."""
    calls = (
        {
            **_name_caller(place, request),
            "seconds": seconds,
            "own_records": sorted(request.reach.own_records),
            "again": request.again,
        }
        for place, request in enumerate(requests)
    )
    taken = {row["caller"]: _lease(row) for row in await SQL.fetch_many(connection, "lease_next", calls)}
    return [taken.get(place) for place in range(len(requests))]


async def have_open(connection: Executor, requests: Sequence[LeaseRequest]) -> list[bool]:
    """Tell of each caller whether anything within their reach is open, even if others are just taking it."""
    calls = (_name_caller(place, request) for place, request in enumerate(requests))
    found = {row["caller"] for row in await SQL.fetch_many(connection, "has_open", calls)}
    return [place in found for place in range(len(requests))]


async def find_held(connection: Executor, work_item_id: WorkItemId, token: LeaseToken, holder: str) -> Lease | None:
    """Find a lease that its holder still has."""
    row = await SQL.fetchrow(connection, "find_held", work_item_id=work_item_id, token=token, holder=holder)
    return _lease(row) if row else None


async def renew_lease(connection: Executor, chart_id: ChartId, holder: str, seconds: float) -> None:
    """Renew a coder's own lease on a chart, if there is one."""
    await SQL.execute(connection, "renew_lease", chart_id=chart_id, holder=holder, seconds=seconds)


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


def scope_of(reach: Reach) -> dict[str, list[str] | None]:
    """Return a caller's reach as the parameters of `lanes_within`."""
    return {
        "lists": None if reach.lists is None else sorted(reach.lists),
        "facilities": None if reach.facilities is None else sorted(reach.facilities),
        "clearances": sorted(reach.clearances),
    }


def _name_caller(place: int, request: LeaseRequest) -> dict[str, object]:
    return {"caller": place, "holder": request.holder, **scope_of(request.reach)}


def _rank_facts(rank: Rank) -> str:
    facts = {
        "filing_limit_on": rank.filing_limit_on.isoformat(),
        "charge": rank.charge,
        "flag": rank.flag,
        "complexity_units": rank.complexity_units,
    }
    return json.dumps(facts)


def _lease(row: asyncpg.Record) -> Lease:
    return Lease(
        row["work_item_id"], row["chart_id"], row["chart_version"], row["lease_token"], row["lease_expires_at"]
    )
