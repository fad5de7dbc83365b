"""A real database with the schema of ingest, the service on it, and a clock that tests turn."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from services.ingest import MIGRATION_PACKAGES, SCHEMA
from services.ingest.emission import Emission
from services.ingest.examiner import Examiner, open_examiner
from services.ingest.service import IngestService
from services.ingest.settings import IngestOptions
from shared.contracts.envelope import Envelope
from shared.contracts.messages import ChartReady
from shared.contracts.topics import Topic
from shared.kafka.record import Record
from shared.postgres.inbox import Outcome
from shared.postgres.pool import Pool
from tests.builders import Resource, as_bytes

TOPIC_OF = {"Encounter": Topic.FHIR_ENCOUNTER, "DiagnosticReport": Topic.FHIR_DIAGNOSTIC_REPORT}
OPTIONS = IngestOptions(settle_seconds=0, context_grace_seconds=5)


@dataclass
class Ward:
    """Sends records as Kafka would, and reads what became of them."""

    pool: Pool
    service: IngestService
    emission: Emission
    clock: "TurnedClock"
    offsets: dict[str, int] = field(default_factory=dict)

    def record(self, value: bytes | None, topic: Topic = Topic.FHIR_RESOURCE) -> Record:
        """Put a value at the next offset of its topic."""
        offset = self.offsets.get(topic, 0)
        self.offsets[topic] = offset + 1
        return Record(str(topic), 0, offset, b"key", value)

    def records(self, *resources: Resource) -> list[Record]:
        """Put resources at the next offsets of the topics of their types."""
        return [
            self.record(as_bytes(each), TOPIC_OF.get(each["resourceType"], Topic.FHIR_RESOURCE)) for each in resources
        ]

    async def send(self, *resources: Resource) -> list[Outcome]:
        """Take resources in as one batch and return their outcomes."""
        records = self.records(*resources)
        await self.service.take_in(records)
        return [await self.outcome(record) for record in records]

    async def outcome(self, record: Record) -> Outcome:
        """Return the outcome of a record; fails when it has none, or more than one."""
        query = 'select outcome from ingest.inbox where topic = $1 and partition = $2 and "offset" = $3'
        (row,) = await self.pool.fetch(query, *record.position)
        return Outcome(row["outcome"])

    async def reasons(self) -> list[str]:
        """Return the reason codes in quarantine, oldest first."""
        rows = await self.pool.fetch("select reason from ingest.quarantine order by quarantine_id")
        return [row["reason"] for row in rows]

    async def emit(self) -> list[ChartReady]:
        """Look at all charts that are due, and return the messages that this adds to the outbox."""
        query = "select value from ingest.outbox where topic = $1 order by id"
        before = len(await self.pool.fetch(query, str(Topic.CHART_READY)))
        await self.emission.emit_due()
        rows = await self.pool.fetch(query, str(Topic.CHART_READY))
        return [Envelope[ChartReady].decode(row["value"]).data for row in rows[before:]]


class TurnedClock:
    """A clock that stands until it is turned."""

    def __init__(self) -> None:
        self.now = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **how: float) -> None:
        """Turn forward, by the arguments of timedelta."""
        self.now += timedelta(**how)


@pytest.fixture(scope="session")
async def examiner() -> AsyncIterator[Examiner]:
    """Real worker processes, once a session: they take a second to start."""
    async with open_examiner(1, seconds=10) as opened:
        yield opened


@pytest.fixture
async def ward(pool_for: Callable[[str, tuple[str, ...]], Awaitable[Pool]], examiner: Examiner) -> Ward:
    """The service of ingest on an empty database."""
    pool = await pool_for(SCHEMA, MIGRATION_PACKAGES)
    clock = TurnedClock()
    service = IngestService(pool, examiner, OPTIONS, clock=clock)
    return Ward(pool, service, Emission(pool, OPTIONS, clock=clock), clock)
