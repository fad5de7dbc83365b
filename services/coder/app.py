"""Builds the coder service: the one place where its parts meet.

Invariant: everything that `open_context` opens it closes, in reverse order; on shutdown the loops get `drain_seconds`
to finish what they have in hand, and what is cut short is given back or comes again.
"""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from services.coder import SCHEMA
from services.coder.api import ROUTERS
from services.coder.api.problems import answer_open_points
from services.coder.consumer import make_consumer
from services.coder.service.queue import Queue
from services.coder.service.suggesting import Suggesting
from services.coder.service.use_cases import UseCases
from services.coder.settings import CoderSettings
from services.coder.suggester import Suggester
from services.coder.work_item import ChartNotComplete
from shared.kafka.consumer import ConsumerLoop
from shared.kafka.producer import open_publisher
from shared.postgres.outbox import OutboxRelay
from shared.postgres.pool import Pool, open_pool, probe_pool
from shared.telemetry.logging import get_logger
from shared.transient import is_transient
from shared.web.app import Probe, create_service_app

_log = get_logger(__name__)
_LEASE_MARGIN_SECONDS = 10.0
"""Beyond its chart's limit an engine lease lasts this much longer, for reading and storing."""

_DESCRIPTION = """
Leases charts to medical coders, shows them the engine's suggestions with the words that justify them, and takes their
decisions. A completed chart becomes a FHIR Claim with its Provenance and goes to billing.

A typical round: `POST /v1/queue/lease-next`, `GET /v1/charts/{chart_id}`, `POST /v1/charts/{chart_id}/decisions`,
`POST /v1/charts/{chart_id}/complete`. Errors are FHIR OperationOutcomes whose `details.coding.code` is stable.
"""


@dataclass(frozen=True)
class CoderContext:
    """What the running service is made of."""

    pool: Pool
    use_cases: UseCases
    suggester: Suggester
    relay: OutboxRelay
    consumer: ConsumerLoop


def create_app(settings: CoderSettings) -> FastAPI:
    """Build the web application; nothing is opened before its lifespan begins."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_context(settings) as context:
            app.state.context = context
            app.state.use_cases = context.use_cases
            async with _running(context, settings):
                yield

    app = create_service_app(
        "Chartline coder",
        description=_DESCRIPTION,
        settings=settings.web,
        lifespan=lifespan,
        probes=_list_probes,
        routers=ROUTERS,
    )
    app.add_exception_handler(ChartNotComplete, answer_open_points)
    return app


@asynccontextmanager
async def open_context(settings: CoderSettings) -> AsyncIterator[CoderContext]:
    """Open pool and producer and build what works over them."""
    engine = settings.coder.engine
    async with (
        open_pool(settings.postgres, application_name=f"chartline-{SCHEMA}") as pool,
        open_publisher(settings.kafka) as publisher,
    ):
        relay = OutboxRelay(pool, SCHEMA, publisher, settings.coder.relay)
        holder = f"engine@{socket.gethostname()}/{os.getpid()}"
        suggesting = Suggesting(pool, holder, engine.chart_limit_seconds + _LEASE_MARGIN_SECONDS)
        suggester = Suggester(suggesting, engine, on_stored=relay.wake)
        use_cases = UseCases.over(pool, settings.coder.queue)
        consumer = make_consumer(settings.kafka, use_cases.intake, on_taken_in=suggester.wake)
        yield CoderContext(pool, use_cases, suggester, relay, consumer)


@asynccontextmanager
async def _running(context: CoderContext, settings: CoderSettings) -> AsyncIterator[None]:
    """Run the loops beside the web server; when one of them fails for good, the process ends with it."""
    stop = asyncio.Event()
    loops = asyncio.create_task(_run_loops(context, settings, stop))
    loops.add_done_callback(_end_when_failed)
    try:
        yield
    finally:
        stop.set()
        context.suggester.wake()
        context.relay.wake()
        await _drain(loops, settings.web.drain_seconds)


async def _run_loops(context: CoderContext, settings: CoderSettings, stop: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(context.consumer.run(stop))
        tasks.create_task(context.suggester.run(stop))
        tasks.create_task(context.relay.run(stop))
        tasks.create_task(_tidy(context.use_cases.queue, settings.coder.queue.tidy_seconds, stop))


async def _tidy(queue: Queue, every_seconds: float, stop: asyncio.Event) -> None:
    """Return expired leases while nobody asks for the next chart."""
    while not stop.is_set():
        try:
            await queue.tidy()
        except Exception as error:
            if not is_transient(error):
                raise
            _log.warning("tidying-waits", error_class=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every_seconds)


def _end_when_failed(loops: asyncio.Task[None]) -> None:
    if not loops.cancelled() and (error := loops.exception()):
        _log.error("service-loop-failed", exc_info=error)
        signal.raise_signal(signal.SIGTERM)


async def _drain(loops: asyncio.Task[None], seconds: float) -> None:
    """Wait for the loops, then cancel what is left; raises the error of a loop that failed."""
    done, _ = await asyncio.wait([loops], timeout=seconds)
    if not done:
        loops.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await loops


def _list_probes(app: FastAPI) -> Mapping[str, Probe]:
    context: CoderContext = app.state.context
    return {"postgres": lambda: probe_pool(context.pool), "engine": context.suggester.probe}
