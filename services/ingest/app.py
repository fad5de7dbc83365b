"""Builds the ingest service: the one place where its parts meet.

Invariant: everything that `open_context` opens it closes, in reverse order; on shutdown the loops get the drain time to
finish what they have in hand, and what is cut short comes again from Kafka.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from fastapi import FastAPI

from services.ingest import SCHEMA
from services.ingest.api import router
from services.ingest.consumer import make_consumer
from services.ingest.emission import Emission
from services.ingest.examiner import open_examiner
from services.ingest.measures import CHARTS
from services.ingest.service import IngestService
from services.ingest.settings import IngestSettings
from shared.audit.seal import SEALING, make_sealing
from shared.kafka.consumer import ConsumerLoop
from shared.kafka.producer import open_publisher
from shared.loops import Loop, running
from shared.postgres.answers import make_forgetting
from shared.postgres.measures import make_measuring
from shared.postgres.outbox import OutboxRelay
from shared.postgres.pool import Pool, open_pool, probe_pool
from shared.web.app import Probe, create_service_app
from shared.web.auditing import audit_into


@dataclass(frozen=True)
class IngestContext:
    """What the running service is made of."""

    pool: Pool
    service: IngestService
    consumer: ConsumerLoop
    emission: Emission
    relay: OutboxRelay


def create_app(settings: IngestSettings) -> FastAPI:
    """Build the web application; nothing is opened before its lifespan begins."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_context(settings) as context:
            app.state.context = context
            audit_into(app, context.pool)
            async with running(_list_loops(context, settings), drain_seconds=settings.web.drain_seconds):
                yield

    def probes(app: FastAPI) -> Mapping[str, Probe]:
        return {"postgres": partial(probe_pool, app.state.context.pool)}

    return create_service_app(
        "Chartline ingest",
        description="Takes FHIR events in, assembles charts, and tells which are ready to be coded.",
        settings=settings.web,
        lifespan=lifespan,
        probes=probes,
        routers=[router],
        package="services.ingest",
    )


@asynccontextmanager
async def open_context(settings: IngestSettings) -> AsyncIterator[IngestContext]:
    """Open pool, publisher and worker processes, and build what works over them."""
    options = settings.ingest
    async with (
        open_pool(settings.postgres, application_name=f"chartline-{SCHEMA}") as pool,
        open_publisher(settings.kafka) as publisher,
        open_examiner(options.examiner_processes, options.examination_seconds) as examiner,
    ):
        relay = OutboxRelay(pool, SCHEMA, publisher)
        service = IngestService(pool, examiner, options, wake=relay.wake)
        emission = Emission(pool, options, wake_relay=relay.wake)
        yield IngestContext(pool, service, make_consumer(settings.kafka, service), emission, relay)


def _list_loops(context: IngestContext, settings: IngestSettings) -> dict[str, Loop]:
    seal = make_sealing(context.pool, settings.audit)
    return {
        "consumer": context.consumer.run,
        "emission": context.emission.run,
        "relay": context.relay.run,
        "seal": seal.run,
        "measure": make_measuring(context.pool, SCHEMA, CHARTS, SEALING).run,
        "forget-answers": make_forgetting(context.pool, SCHEMA).run,
    }
