"""The log of a coder's day."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.coder.decisions import Action
from services.coder.engine.model import CodeSystem
from services.coder.store import SQL
from services.coder.work_item import ChartId
from shared.postgres.pool import Executor


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


@dataclass(frozen=True, slots=True)
class UsedCode:
    """A code that a coder decided for, how often, and when last."""

    system: CodeSystem
    code: str
    display: str
    uses: int
    last_used_at: datetime


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


async def list_used_codes(connection: Executor, coder: str, since: datetime, limit: int) -> list[UsedCode]:
    """List the codes that a coder decided for since a moment, the one used last at the top."""
    rows = await SQL.fetch(connection, "list_used_codes", coder=coder, since=since, limit=limit)
    return [UsedCode(**{**row, "system": CodeSystem(row["system"])}) for row in rows]
