"""Service lines, trials, and the charts that automation looked at."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import asyncpg

from services.coder.automation.answer import Answer
from services.coder.automation.modes import AutomationVersion, LineStanding, Mode, ModeChange, Trial
from services.coder.automation.verdict import Verdict
from services.coder.store import SQL
from services.coder.work_item import ChartId, LeaseToken, WorkItemId
from shared.postgres.pool import Connection, Executor


@dataclass(frozen=True, slots=True)
class Screening:
    """A chart version to look at."""

    chart_id: ChartId
    chart_version: int
    service_line: str


@dataclass(frozen=True, slots=True)
class Qualified:
    """A chart that qualifies: the trial that it belongs to, what would be coded, and whether that closes it."""

    trial: Trial
    answer: Answer
    closes: bool


@dataclass(frozen=True, slots=True)
class ScreenedCounts:
    """How many charts were looked at, how many of them qualified, and how many were closed without touch."""

    looked_at: int = 0
    qualified: int = 0
    closed: int = 0


async def ask_screening(connection: Connection, chart_id: ChartId, *, seeding: bool) -> None:
    """Have a chart looked at where its service line asks for it; every chart when there are seeds to plant."""
    await SQL.execute(connection, "ask_screening", chart_id=chart_id, seeding=seeding)


async def list_waiting(connection: Executor, limit: int) -> list[Screening]:
    """List chart versions to look at."""
    rows = await SQL.fetch(connection, "list_waiting_screenings", limit=limit)
    return [Screening(row["chart_id"], row["chart_version"], row["service_line"]) for row in rows]


async def lock_untouched(connection: Connection, screening: Screening) -> WorkItemId | None:
    """Hold the chart until the transaction ends; None when it is not open and untouched any more."""
    found: WorkItemId | None = await SQL.fetchval(
        connection, "lock_untouched", chart_id=screening.chart_id, chart_version=screening.chart_version
    )
    return found


async def settle_screening(
    connection: Connection, screening: Screening, verdict: Verdict, qualified: Qualified | None
) -> bool:
    """Store what was found; False when another process found it first."""
    settled = await SQL.fetchval(
        connection,
        "settle_screening",
        chart_id=screening.chart_id,
        chart_version=screening.chart_version,
        verdict=verdict,
        trial_id=qualified.trial.trial_id if qualified else None,
        answer=qualified.answer.model_dump_json() if qualified else None,
        closes=qualified is not None and qualified.closes,
    )
    return settled is not None


async def lease_untouched(connection: Connection, work_item_id: WorkItemId, holder: str) -> LeaseToken:
    """Take the chart that `lock_untouched` holds."""
    token: LeaseToken = await SQL.fetchval(connection, "lease_untouched", work_item_id=work_item_id, holder=holder)
    return token


async def find_answer(connection: Connection, chart_id: ChartId, chart_version: int) -> tuple[str, Answer] | None:
    """Find the service line and what the automation would have coded, where that is yet to be compared."""
    row = await SQL.fetchrow(connection, "find_answer", chart_id=chart_id, chart_version=chart_version)
    return (row["service_line"], Answer.model_validate_json(row["answer"])) if row else None


async def observe_answer(connection: Connection, chart_id: ChartId, chart_version: int, *, agreed: bool) -> int:
    """Keep whether a coder came to the same, and count it; returns the trial. The caller holds the line."""
    key = {"chart_id": chart_id, "chart_version": chart_version}
    trial_id: int = await SQL.fetchval(connection, "observe_answer", agreed=agreed, **key)
    await SQL.execute(connection, "count_observation", trial_id=trial_id, agreed=agreed)
    return trial_id


async def list_recent(connection: Executor, trial: Trial | None, limit: int) -> list[bool]:
    """List the latest observations of a trial, the oldest of them first."""
    if trial is None:
        return []
    rows = await SQL.fetch(connection, "list_recent_observations", trial_id=trial.trial_id, limit=limit)
    return [row["agreed"] for row in reversed(rows)]


async def lock_line(connection: Connection, service_line: str) -> LineStanding:
    """Hold a service line until the transaction ends; taken after work items."""
    await SQL.execute(connection, "make_line", service_line=service_line)
    row = await SQL.fetchrow(connection, "lock_line", service_line=service_line)
    if row is None:
        raise LookupError("make_line has made this line")
    return _read_line(row)


async def list_lines(connection: Executor) -> list[LineStanding]:
    """List the service lines that have charts or a mode."""
    return [_read_line(row) for row in await SQL.fetch(connection, "list_lines")]


async def change_line(
    connection: Connection, service_line: str, mode: Mode, trial: Trial | None, *, changed_by: str, why: str
) -> None:
    """Change a line that the caller holds, and put the change on record."""
    await SQL.execute(
        connection,
        "change_line",
        service_line=service_line,
        mode=mode,
        trial_id=trial.trial_id if trial else None,
        changed_by=changed_by,
        why=why,
    )


async def count_trials(connection: Connection, service_line: str, version: AutomationVersion) -> int:
    """Count the trials of a line about a version."""
    count: int = await SQL.fetchval(connection, "count_trials", service_line=service_line, **asdict(version))
    return count


async def insert_trial(connection: Connection, service_line: str, version: AutomationVersion, attempt: int) -> Trial:
    """Begin a trial."""
    trial_id: int = await SQL.fetchval(
        connection, "insert_trial", service_line=service_line, attempt=attempt, **asdict(version)
    )
    return Trial(trial_id, version, attempt)


async def count_screened(connection: Executor, since: datetime) -> dict[str, ScreenedCounts]:
    """Count by service line what became of the charts that were looked at."""
    rows: Sequence[asyncpg.Record] = await SQL.fetch(connection, "count_screened", since=since)
    return {row["service_line"]: ScreenedCounts(row["looked_at"], row["qualified"], row["closed"]) for row in rows}


async def list_changes(connection: Executor, service_line: str, limit: int, before: int | None) -> list[ModeChange]:
    """List how a line's mode changed, the latest first."""
    rows = await SQL.fetch(connection, "list_mode_changes", service_line=service_line, before=before, limit=limit)
    return [ModeChange(**{**row, "mode": Mode(row["mode"])}) for row in rows]


def _read_line(row: asyncpg.Record) -> LineStanding:
    trial = None
    if row["trial_id"] is not None:
        version = AutomationVersion(row["engine"], row["code_set"], row["lexicon"], row["policy"])
        trial = Trial(row["trial_id"], version, row["attempt"], row["observed"], row["agreed"])
    return LineStanding(
        row["service_line"], Mode(row["mode"]), trial, row["changed_by"], row["changed_at"], row["why"], row["revision"]
    )
