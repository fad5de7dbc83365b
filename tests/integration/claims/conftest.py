"""A migrated claims schema, the use cases over it, payers on loopback, and ways to bring codings without Kafka."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import uvicorn
from fastapi import FastAPI
from pydantic import AnyHttpUrl

from services.claims import MIGRATION_PACKAGES, SCHEMA
from services.claims.breaker import Breaker
from services.claims.claim import Channel, PayerId, State, identify_claim
from services.claims.fhir_channel import open_fhir_channel
from services.claims.lanes import Lane
from services.claims.payer_channel import AttemptEnd
from services.claims.payers import PayerProfile
from services.claims.schedule import ScheduleStep
from services.claims.service import (
    AnswerService,
    IntakeService,
    OverviewService,
    PreparationService,
    SendingService,
    WithdrawalService,
)
from services.claims.settings import ClaimsOptions
from services.claims.store import AttemptReport, TakenClaim
from services.simulators.payer import PayerSettings, create_payer_app
from services.simulators.payer_desk import PayerDesk
from shared.contracts.envelope import Envelope
from shared.contracts.messages import ChartCoded, ChartWithdrawn
from shared.contracts.topics import Topic
from shared.kafka.record import Record
from shared.postgres.pool import Pool
from tests.conftest import PoolFor

PATIENCE_SECONDS = 20.0
"""How long a test waits for something that must happen; it never decides what is right."""


@dataclass
class Clinic:
    """The claims service without web and Kafka."""

    pool: Pool
    options: ClaimsOptions
    offsets: Callable[[], int] = field(default_factory=lambda: count().__next__)

    def __post_init__(self) -> None:
        """Put the use cases together."""
        self.intake = IntakeService(self.pool, SCHEMA, self.options)
        self.withdrawals = WithdrawalService(self.pool, SCHEMA)
        self.answers = AnswerService(self.pool, SCHEMA)
        self.preparation = PreparationService(self.pool, SCHEMA, self.options)
        self.sending = SendingService(self.pool, SCHEMA, self.options, self.answers)
        self.breakers = {PayerId(name): Breaker(profile.breaker) for name, profile in self.options.payers.items()}
        self.overview = OverviewService(self.pool, SCHEMA, self.options, self.breakers)

    def coded_record(self, coded: ChartCoded, envelope: Envelope[ChartCoded] | None = None) -> Record:
        """Wrap a coding as the coder would publish it."""
        return self.record(Topic.CHART_CODED, (envelope or wrap(coded)).encode())

    def record(self, topic: Topic, value: bytes | None, key: bytes = b"key") -> Record:
        """Put a value at the next offset."""
        return Record(str(topic), 0, self.offsets(), key, value)

    async def arrive(self, *codings: ChartCoded) -> list[UUID]:
        """Take codings in and return the ids of their claims for the default payer."""
        await self.intake.receive_codings([self.coded_record(coded) for coded in codings])
        return [self.claim_id(coded) for coded in codings]

    async def withdraw(self, chart_id: UUID, coding_version: int) -> None:
        """Take a chart back, up to this coding."""
        data = ChartWithdrawn(
            chart_id=chart_id, chart_version=9, coding_version=coding_version, reason="encounter-void"
        )
        envelope = Envelope[ChartWithdrawn](source="test", type=Topic.CHART_WITHDRAWN, subject=str(chart_id), data=data)
        await self.withdrawals.receive_withdrawals([self.record(Topic.CHART_WITHDRAWN, envelope.encode())])

    async def queue(self, coded: ChartCoded) -> UUID:
        """Bring one claim to the state queued."""
        (claim_id,) = await self.arrive(coded)
        assert await self.preparation.prepare_claims() == 1
        assert await self.state(claim_id) is State.QUEUED
        return claim_id

    def claim_id(self, coded: ChartCoded, payer_id: str | None = None) -> UUID:
        """The id of the claim that a coding makes."""
        return identify_claim(coded.chart_id, coded.coding_version, payer_id or self.options.default_payer)

    async def state(self, claim_id: UUID) -> State:
        """Tell where a claim stands."""
        return (await self.overview.get_claim(claim_id)).state

    async def states(self, *claim_ids: UUID) -> list[State]:
        """Tell where claims stand."""
        return [await self.state(claim_id) for claim_id in claim_ids]

    async def outcomes(self) -> list[tuple[str, str | None]]:
        """Outcome and reason of all records, in order of offset."""
        rows = await self.pool.fetch('select outcome, reason from claims.inbox order by "offset"')
        return [(row["outcome"], row["reason"]) for row in rows]

    async def published(self, topic: Topic) -> list[asyncpg.Record]:
        """What waits in the outbox for a topic."""
        return await self.pool.fetch("select * from claims.outbox where topic = $1 order by id", topic)

    async def make_due(self) -> None:
        """Let the time pass until every waiting claim is due, and every lease is over."""
        await self.pool.execute(
            "update claims.claim set next_attempt_at = now(), "
            "lease_expires_at = case when lease_expires_at is null then null else now() end "
            "where next_attempt_at is not null"
        )

    async def report(self, taken: TakenClaim, report: AttemptReport, **more: Any) -> None:
        """Report the end of one attempt; `more` are fields of AttemptEnd."""
        await self.sending.record_attempts(taken.payer_id, [(taken, AttemptEnd(report, **more))])

    async def until(self, claim_id: UUID, *wanted: State) -> None:
        """Wait until a claim is in one of these states."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await self.state(claim_id) not in wanted:
                await asyncio.sleep(0.02)

    async def attempts(self, claim_id: UUID) -> list[tuple[str, int, int | None, str | None]]:
        """Outcome, tries, status and reason of a claim's attempts."""
        found = (await self.overview.list_submissions(claim_id)).submissions
        return [(each.outcome.value, each.tries, each.status_code, each.reason) for each in found]

    @asynccontextmanager
    async def lane(self, payer_id: str) -> AsyncIterator[Lane]:
        """Run the FHIR lane of a payer."""
        stop = asyncio.Event()
        profile = self.options.payers[payer_id]
        lane = Lane(
            PayerId(payer_id),
            profile,
            self.sending,
            open_fhir_channel,
            self.breakers[PayerId(payer_id)],
            idle_seconds=0.05,
            lease_seconds=self.options.lease_seconds,
            drain_seconds=2.0,
        )
        task = asyncio.create_task(lane.run(stop))
        try:
            yield lane
        finally:
            stop.set()
            await task

    async def deliver(self, claim_id: UUID, payer_id: str, *wanted: State) -> None:
        """Run a payer's lane until a claim is in one of these states."""
        async with self.lane(payer_id):
            await self.until(claim_id, *wanted)


def wrap(coded: ChartCoded) -> Envelope[ChartCoded]:
    """Put a coding into a new envelope."""
    return Envelope[ChartCoded](
        source="chartline/coder", type=Topic.CHART_CODED, subject=str(coded.chart_id), data=coded
    )


def fhir_profile(endpoint: str, **more: Any) -> PayerProfile:
    """A payer on loopback with short times; `more` are fields of the profile."""
    fields: dict[str, Any] = {
        "channel": Channel.FHIR,
        "endpoint": AnyHttpUrl(endpoint),
        "connect_timeout_seconds": 1.0,
        "answer_timeout_seconds": 1.0,
        "tries_per_attempt": 1,
        "longest_short_wait_seconds": 0.05,
        "schedule": (ScheduleStep(until_age_seconds=1e9, wait_seconds=0.1),),
        **more,
    }
    return PayerProfile(**fields)


def unused_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def serving(app: FastAPI, port: int = 0, **tls: Any) -> AsyncIterator[str]:
    """Serve an app on loopback and yield its base address; `tls` are uvicorn's ssl_ settings."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="critical", timeout_graceful_shutdown=1, **tls)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@dataclass(frozen=True)
class Payers:
    """Simulated payers on loopback."""

    base: str
    desk: PayerDesk


@pytest.fixture
async def payers() -> AsyncIterator[Payers]:
    """Simulated payers that accept everything until told otherwise."""
    desk = PayerDesk(denial_percent=0)
    app = create_payer_app(PayerSettings(slow_seconds=0.2, longest_hang_seconds=30), desk)
    async with serving(app) as base:
        yield Payers(base, desk)


@pytest.fixture
async def claims_pool(pool_for: PoolFor) -> Pool:
    """A pool on a fresh, migrated claims schema."""
    return await pool_for(SCHEMA, MIGRATION_PACKAGES)


@pytest.fixture
def clinic(claims_pool: Pool, payers: Payers) -> Clinic:
    """The service with one payer on HTTP, the default, and one on Kafka."""
    profiles = {
        "http": fhir_profile(f"{payers.base}/http/fhir"),
        "topic": PayerProfile(payors=("Organization/payer-topic",)),
        "dead": fhir_profile(f"http://127.0.0.1:{unused_port()}/fhir", payors=("Organization/payer-dead",)),
    }
    return Clinic(claims_pool, ClaimsOptions(payers=profiles, default_payer="http"))
