"""What lies before a coder: the charts in hand, the head of the queue, and the log of a day."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from services.coder.decisions import Action
from services.coder.engine.model import CodeSystem, Setting
from services.coder.store import SQL
from services.coder.work_item import ChartId, Lease
from shared.postgres.pool import Executor


@dataclass(frozen=True, slots=True)
class QueuedChart:
    """A chart in the queue; `arrived_at` and `priority` decide its place."""

    chart_id: ChartId
    priority: int
    arrived_at: datetime
    encounter_class: str
    setting: Setting
    service_date: date | None


@dataclass(frozen=True, slots=True)
class HeldChart:
    """A chart that a coder has leased."""

    chart: QueuedChart
    lease: Lease


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """A decision as its maker's log shows it; a rejection has no code."""

    decision_id: UUID
    chart_id: ChartId
    action: Action
    system: CodeSystem | None
    code: str | None
    display: str | None
    reason: str | None
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class LoggedCompletion:
    """A chart that was completed, for the `coding_version`th time."""

    chart_id: ChartId
    coding_version: int
    completed_at: datetime


async def list_held(connection: Executor, holder: str) -> list[HeldChart]:
    """List the charts that a coder has leased, the one that expires first at the top."""
    rows = await SQL.fetch(connection, "list_held", holder=holder)
    return [
        HeldChart(
            _queued(row),
            Lease(
                row["work_item_id"], row["chart_id"], row["chart_version"], row["lease_token"], row["lease_expires_at"]
            ),
        )
        for row in rows
    ]


async def list_open(connection: Executor, limit: int) -> list[QueuedChart]:
    """List the head of the queue in the order in which it is leased."""
    return [_queued(row) for row in await SQL.fetch(connection, "list_open", limit=limit)]


async def list_decided(
    connection: Executor, coder: str, since: datetime, until: datetime, limit: int
) -> list[LoggedDecision]:
    """List what a coder decided from `since` to before `until`, the latest first."""
    rows = await SQL.fetch(connection, "list_decided", coder=coder, since=since, until=until, limit=limit)
    return [
        LoggedDecision(
            decision_id=row["decision_id"],
            chart_id=row["chart_id"],
            action=Action(row["action"]),
            system=CodeSystem(row["system"]) if row["system"] else None,
            code=row["code"],
            display=row["display"],
            reason=row["reason"],
            decided_at=row["decided_at"],
        )
        for row in rows
    ]


async def list_completed(
    connection: Executor, coder: str, since: datetime, until: datetime, limit: int
) -> list[LoggedCompletion]:
    """List the charts that a coder completed from `since` to before `until`, the latest first."""
    rows = await SQL.fetch(connection, "list_completed", coder=coder, since=since, until=until, limit=limit)
    return [LoggedCompletion(row["chart_id"], row["coding_version"], row["completed_at"]) for row in rows]


def _queued(row: asyncpg.Record) -> QueuedChart:
    return QueuedChart(
        chart_id=row["chart_id"],
        priority=row["priority"],
        arrived_at=row["created_at"],
        encounter_class=row["encounter_class"],
        setting=Setting(row["setting"]),
        service_date=row["service_date"],
    )
