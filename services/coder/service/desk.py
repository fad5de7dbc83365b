"""What a coder finds on coming to work: the charts in hand, the head of the queue, and the log of a day.

Invariant: reading only, and a coder's log is the coder's own.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from services.coder.store import desk
from services.coder.store.desk import HeldChart, LoggedCompletion, LoggedDecision, QueuedChart
from services.coder.work_item import ChartId
from shared.postgres.pool import Pool

_OPEN_SHOWN = 50
_LOG_SHOWN = 2000
"""More than a person decides in a day; it bounds what a page can weigh."""


@dataclass(frozen=True, slots=True)
class Worklist:
    """The charts that a coder has, and those that come next."""

    held: list[HeldChart]
    open: list[QueuedChart]


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

    async def read_worklist(self, holder: str) -> Worklist:
        """Read what a coder has in hand and what comes next."""
        async with self.pool.acquire() as connection:
            return Worklist(await desk.list_held(connection, holder), await desk.list_open(connection, _OPEN_SHOWN))

    async def find_held(self, chart_id: ChartId, holder: str) -> HeldChart | None:
        """Find a coder's own lease on a chart, None when the chart is not in the coder's hands."""
        held = await desk.list_held(self.pool, holder)
        return next((each for each in held if each.lease.chart_id == chart_id), None)

    async def read_log(self, coder: str, day: date) -> DayLog:
        """Read what a coder did on a UTC day."""
        since = datetime.combine(day, time(), UTC)
        span = (coder, since, since + timedelta(days=1), _LOG_SHOWN)
        async with self.pool.acquire() as connection:
            return DayLog(day, await desk.list_decided(connection, *span), await desk.list_completed(connection, *span))
