"""What waits in the database, as gauges: read every few seconds, set as found.

Place in the flow: a loop of every service, beside its other loops. Invariant: it only reads, each statement by an index
and for at most a bounded number of rows, so that a long backlog does not become longer by being counted. While the
database is away the gauges stand still, and `chartline_measured_timestamp_seconds` with them.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import Gauge

from shared.loops import Rounds
from shared.postgres.pool import Pool
from shared.postgres.statements import Statements
from shared.telemetry.metrics import gauge

_EVERY_SECONDS = 10.0
_waiting = gauge("chartline_outbox_waiting", "Messages not yet published; 10,000 stands for more.", ("schema",))
_oldest = gauge("chartline_outbox_oldest_seconds", "How long the head of the outbox has waited.", ("schema",))
_measured = gauge("chartline_measured_timestamp_seconds", "When the backlog was last read, Unix time.", ("schema",))


@dataclass(frozen=True)
class Measure:
    """A statement without parameters that answers one row, and the gauge of each of its columns."""

    sql: Statements
    statement: str
    gauges: Mapping[str, Gauge]

    async def read(self, pool: Pool) -> None:
        """Set the gauges; raises what the database raises."""
        row = await self.sql.fetchrow(pool, self.statement)
        if row is None or set(row.keys()) != set(self.gauges):
            raise LookupError(f"{self.statement} must answer one row of {sorted(self.gauges)}")
        for column, each in self.gauges.items():
            each.set(row[column])


@dataclass(frozen=True)
class Measuring:
    """Reads the measures that every schema has, and a service's own."""

    pool: Pool
    schema: str
    own: Sequence[Measure]

    async def measure_once(self) -> int:
        """Read all; answers 0, for there is never more to do at once."""
        for measure in (self._measure_outbox(), *self.own):
            await measure.read(self.pool)
        _measured.labels(self.schema).set(time.time())
        return 0

    def _measure_outbox(self) -> Measure:
        gauges = {"waiting": _waiting.labels(self.schema), "oldest_seconds": _oldest.labels(self.schema)}
        return Measure(Statements("shared.postgres", schema=self.schema), "measure_outbox", gauges)


def make_measuring(pool: Pool, schema: str, *own: Measure) -> Rounds:
    """Make the loop that measures; a service runs it beside its other loops."""
    return Rounds("measure", Measuring(pool, schema, own).measure_once, idle_seconds=_EVERY_SECONDS)
