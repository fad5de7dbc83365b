"""What leads read about automation, acceptance and productivity, and coders about their own work.

Invariant: reading only; figures by coder and service line, and nothing of any chart.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from services.coder.automation.modes import NOTHING_OBSERVED, Assessment, LineStanding, ModeChange, assess_trial
from services.coder.automation.pace import Acceptance, By, Flag, Productivity, flag_acceptance
from services.coder.automation.policy import AutomationPolicy
from services.coder.store import automation, reports
from services.coder.store.automation import ScreenedCounts
from services.coder.store.reports import Caller, Work
from shared.contracts.errors import NotFound
from shared.postgres.pool import Pool

_COUNTED_DAYS = 30
_LONGEST_SECONDS = 2 * 3600.0
"""Who had a chart open for longer was not coding it all that time."""


@dataclass(frozen=True, slots=True)
class LineReport:
    """A service line: its mode, what its trial shows, and what became of its charts of the last 30 days."""

    line: LineStanding
    assessment: Assessment
    counts: ScreenedCounts


Days = tuple[date, date]
"""A first and a last UTC day."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads figures: those who oversee all within their reach, everybody else their own."""

    caller: Caller
    oversees: bool

    def find_work(self, days: Days) -> Work:
        """Say whose work of these days the reader sees."""
        since, until = days
        return Work(
            self.caller,
            datetime.combine(since, time(), UTC),
            datetime.combine(until + timedelta(days=1), time(), UTC),
            coder=None if self.oversees else self.caller.subject,
        )


@dataclass(frozen=True)
class Reporting:
    """The reading use cases of leads, and of coders about themselves."""

    pool: Pool
    policy: AutomationPolicy

    async def read_automation(self) -> list[LineReport]:
        """Read the standing of every service line."""
        since = datetime.now(UTC) - timedelta(days=_COUNTED_DAYS)
        async with (
            self.pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            lines = await automation.list_lines(connection)
            counts = await automation.count_screened(connection, since)
            found = []
            for line in lines:
                recent = await automation.list_recent(connection, line.trial, self.policy.drift_window)
                assessment = assess_trial(line.trial, recent, self.policy) if line.trial else NOTHING_OBSERVED
                found.append(LineReport(line, assessment, counts.get(line.service_line, ScreenedCounts())))
        return found

    async def list_changes(self, service_line: str, limit: int, before: int | None = None) -> list[ModeChange]:
        """List how a service line's mode changed, the latest first."""
        return await automation.list_changes(self.pool, service_line, limit, before)

    async def read_line(self, service_line: str) -> LineReport:
        """Read the standing of one service line; raises NotFound."""
        found = next((each for each in await self.read_automation() if each.line.service_line == service_line), None)
        if found is None:
            raise NotFound("no chart of this service line has ever come", expression="service_line")
        return found

    async def read_acceptance(self, reader: Reader, days: Days) -> list[tuple[Acceptance, tuple[Flag, ...]]]:
        """Read how coders accepted from one UTC day through another."""
        async with self.pool.acquire() as connection:
            measured = await reports.measure_acceptance(connection, reader.find_work(days))
        return flag_acceptance(measured, self.policy)

    async def read_productivity(self, reader: Reader, days: Days, by: By) -> list[Productivity]:
        """Read what coders completed and asked from one UTC day through another."""
        async with self.pool.acquire() as connection:
            return await reports.measure_productivity(connection, reader.find_work(days), by, _LONGEST_SECONDS)
