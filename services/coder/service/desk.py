"""What a coder finds on coming to work: the charts in hand, and the log of a day.

Invariant: reading only, and a coder's log is the coder's own.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from services.coder.place import HeldChart
from services.coder.store import desk, places
from services.coder.store.desk import LoggedCompletion, LoggedDecision, UsedCode
from services.coder.work_item import ChartId
from shared.postgres.pool import Pool

_CODES_KEPT_IN_MIND = 5000
_LOG_SHOWN = 2000
"""More than a person decides in a day; it bounds what a page can weigh."""


@dataclass(frozen=True, slots=True)
class DayLog:
    """What one coder did on one UTC day, the latest first."""

    day: date
    decisions: list[LoggedDecision]
    completions: list[LoggedCompletion]


@dataclass(frozen=True)
class Desk:
    """The use cases of looking at one's own work."""

    pool: Pool

    async def list_held(self, holder: str) -> list[HeldChart]:
        """List the charts that a coder has in hand, the lease that expires first at the top."""
        return await places.list_held(self.pool, holder)

    async def find_held(self, chart_id: ChartId, holder: str) -> HeldChart | None:
        """Find a coder's own lease on a chart, None when the chart is not in the coder's hands."""
        held = await places.list_held(self.pool, holder)
        return next((each for each in held if each.lease.chart_id == chart_id), None)

    async def read_log(self, coder: str, day: date) -> DayLog:
        """Read what a coder did on a UTC day."""
        since = datetime.combine(day, time(), UTC)
        span = (coder, since, since + timedelta(days=1), _LOG_SHOWN)
        async with self.pool.acquire() as connection:
            return DayLog(day, await desk.list_decided(connection, *span), await desk.list_completed(connection, *span))

    async def list_used_codes(self, coder: str, days: int) -> list[UsedCode]:
        """List the codes that a coder decided for in the last days, the one used last at the top."""
        since = datetime.now(UTC) - timedelta(days=days)
        return await desk.list_used_codes(self.pool, coder, since, _CODES_KEPT_IN_MIND)
