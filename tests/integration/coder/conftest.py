"""A migrated coder schema, the use cases over it, and ways to fill the queue without Kafka or an engine."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr

from services.coder import MIGRATION_PACKAGES, SCHEMA
from services.coder.chart_models import ChartView
from services.coder.decision_models import Accept, DecisionBatch
from services.coder.engine.model import Suggestion
from services.coder.service.deciding import Coder, UnderLease
from services.coder.service.suggesting import Suggesting
from services.coder.service.use_cases import UseCases
from services.coder.settings import QueueSettings
from services.coder.work_item import ChartId, Lease, State
from services.local.postgres import PostgresServer
from shared import audit
from shared.contracts.envelope import Envelope
from shared.contracts.messages import ChartReady, ClaimReturned, Finding
from shared.contracts.topics import Topic
from shared.kafka.record import Record
from shared.postgres.answers import Repeatable
from shared.postgres.migrate import migrate
from shared.postgres.pool import Pool, open_pool
from shared.postgres.settings import PostgresSettings
from tests.builders.charts import answer_of, ready_chart, suggestion

ANN = Coder("ann", "Practitioner/ann")
BOB = Coder("bob", "Practitioner/bob")


@dataclass
class Desk:
    """The use cases, and what a test needs to bring charts to them."""

    pool: Pool
    cases: UseCases
    suggesting: Suggesting
    offsets: Callable[[], int] = field(default_factory=lambda: count().__next__)

    def ready_record(self, chart: ChartReady) -> Record:
        """Wrap a chart as ingest would publish it."""
        envelope = Envelope[ChartReady](
            source="chartline/ingest", type=Topic.CHART_READY, subject=str(chart.chart_id), data=chart
        )
        return self.record(Topic.CHART_READY, envelope.encode())

    def returned_record(self, chart_id: UUID, coding_version: int = 1) -> Record:
        """Wrap a finding as claims would publish it."""
        finding = Finding(edit="age", severity="error", message="not at this age", fix="choose another code")
        news = ClaimReturned(chart_id=chart_id, coding_version=coding_version, findings=(finding,))
        envelope = Envelope[ClaimReturned](
            source="chartline/claims", type=Topic.CLAIM_RETURNED, subject=str(chart_id), data=news
        )
        return self.record(Topic.CLAIM_RETURNED, envelope.encode())

    def record(self, topic: str, value: bytes | None) -> Record:
        """Put a value at the next offset."""
        return Record(str(topic), 0, self.offsets(), b"key", value)

    async def arrive(self, *charts: ChartReady) -> None:
        """Take ready charts in."""
        await self.cases.intake.take_in([self.ready_record(chart) for chart in charts])

    async def open_chart(self, *suggestions: Suggestion, chart: ChartReady | None = None) -> ChartReady:
        """Bring one chart to state open, with these suggestions."""
        chart = chart or ready_chart()
        await self.arrive(chart)
        await self.answer(*(suggestions or (suggestion(),)))
        return chart

    async def answer(self, *suggestions: Suggestion) -> bool:
        """Answer the next chart that waits for the engine."""
        leased = await self.suggesting.lease_chart()
        assert leased is not None
        ready, _ = await self.suggesting.read_chart(leased.lease)
        return await self.suggesting.store_answer(leased.lease, ready, answer_of(*suggestions), 0.01)

    async def lease(self, coder: Coder = ANN) -> Lease:
        """Lease the next chart, which must be there."""
        lease = await self.cases.queue.lease_next(coder.subject)
        assert lease is not None
        return lease

    async def expire(self, lease: Lease) -> None:
        """Let a lease's time pass."""
        await self.pool.execute(
            "update coder.work_item set lease_expires_at = now() - interval '1 second' where work_item_id = $1",
            lease.work_item_id,
        )

    async def state(self, chart_id: UUID) -> State:
        """Tell where a chart stands."""
        state = await self.pool.fetchval("select state from coder.work_item where chart_id = $1", chart_id)
        return State(state)

    async def outcomes(self) -> list[str]:
        """The outcomes of all records, in order of offset."""
        rows = await self.pool.fetch('select outcome from coder.inbox order by "offset"')
        return [row["outcome"] for row in rows]

    async def published(self, topic: Topic) -> list[bytes]:
        """What waits in the outbox for a topic."""
        rows = await self.pool.fetch("select value from coder.outbox where topic = $1 order by id", topic)
        return [row["value"] for row in rows]

    async def standing(self) -> dict[UUID, tuple[State, int, int]]:
        """Each chart's state (an expired lease is open), and how many decisions and published codings it has."""
        rows = await self.pool.fetch(
            """
            select chart_id,
                   case when state = 'leased' and lease_expires_at <= now() then 'open' else state end as state,
                   (select count(*) from coder.decision where decision.chart_id = item.chart_id) as decisions,
                   (select count(*) from coder.outbox where topic = $1 and key = item.chart_id::text) as codings
            from coder.work_item as item
            """,
            Topic.CHART_CODED,
        )
        return {row["chart_id"]: (State(row["state"]), row["decisions"], row["codings"]) for row in rows}


def under(lease: Lease, coder: Coder = ANN, key: str | None = None, said: Sequence[str] = ()) -> UnderLease:
    """Make a request under a lease; with a key it is one that says `said`."""
    repeatable = Repeatable.of(coder.subject, key, str(lease.token), *said) if key else None
    return UnderLease(coder, ChartId(lease.chart_id), lease.token, repeatable)


def accept_all(view: ChartView) -> DecisionBatch:
    """Accept everything that waits for a decision."""
    return DecisionBatch(decisions=tuple(Accept(action="accept", target_id=target) for target in view.undecided))


@pytest.fixture(scope="session")
async def coder_dsn(postgres_server: PostgresServer) -> str:
    """A database for all tests of this room."""
    maintenance = await asyncpg.connect(postgres_server.dsn("postgres"))
    await maintenance.execute("create database coder_tests")
    await maintenance.close()
    return postgres_server.dsn("coder_tests")


@pytest.fixture(scope="session")
async def migrated_pool(coder_dsn: str) -> AsyncIterator[Pool]:
    """A pool on the migrated coder schema."""
    settings = PostgresSettings(dsn=SecretStr(coder_dsn), pool_min_size=1, pool_max_size=8)
    async with open_pool(settings, application_name="test-coder") as pool:
        await migrate(pool, schema=audit.SCHEMA, packages=audit.MIGRATION_PACKAGES)
        await migrate(pool, schema=SCHEMA, packages=MIGRATION_PACKAGES)
        yield pool


@pytest.fixture
async def coder_pool(migrated_pool: Pool) -> Pool:
    """A pool on the coder schema, emptied."""
    tables = await migrated_pool.fetch(
        "select tablename from pg_tables where schemaname = $1 and tablename not in ('schema_migration', 'worklist')",
        SCHEMA,
    )
    names = ", ".join(f"{SCHEMA}.{row['tablename']}" for row in tables)
    await migrated_pool.execute(f"truncate {names} restart identity")
    await migrated_pool.execute("delete from coder.worklist where list_id <> 'everything-else'")
    return migrated_pool


@pytest.fixture
def desk(coder_pool: Pool) -> Desk:
    """The service without web, Kafka and engine."""
    settings = QueueSettings(lease_seconds=600)
    return Desk(coder_pool, UseCases.over(coder_pool, settings), Suggesting(coder_pool, "engine@test", 60.0))
