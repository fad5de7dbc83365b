"""What leads read about automation, acceptance and productivity.

Invariant: reading only; figures by coder and service line, and nothing of any chart.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from services.coder.automation.modes import NOTHING_OBSERVED, Assessment, LineStanding, assess_trial
from services.coder.automation.pace import Acceptance, Flag, Productivity, flag_acceptance
from services.coder.automation.policy import AutomationPolicy
from services.coder.store import automation, reports
from services.coder.store.automation import ScreenedCounts
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


@dataclass(frozen=True)
class Reporting:
    """The reading use cases of leads."""

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

    async def read_acceptance(self, since: date, until: date) -> list[tuple[Acceptance, tuple[Flag, ...]]]:
        """Read how coders accepted from one UTC day through another."""
        async with self.pool.acquire() as connection:
            measured = await reports.measure_acceptance(connection, *_span(since, until))
        return flag_acceptance(measured, self.policy)

    async def read_productivity(self, since: date, until: date) -> list[Productivity]:
        """Read what coders completed from one UTC day through another."""
        async with self.pool.acquire() as connection:
            return await reports.measure_productivity(connection, *_span(since, until), _LONGEST_SECONDS)


def _span(since: date, until: date) -> tuple[datetime, datetime]:
    return datetime.combine(since, time(), UTC), datetime.combine(until + timedelta(days=1), time(), UTC)
