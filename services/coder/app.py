"""Builds the coder service: the one place where its parts meet.

Invariant: everything that `open_context` opens it closes, in reverse order; on shutdown the loops get `drain_seconds`
to finish what they have in hand, and what is cut short is given back or comes again.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from fastapi import FastAPI

from services.coder import SCHEMA
from services.coder.api import ROUTERS
from services.coder.api.problems import answer_open_points
from services.coder.api.queries import answer_refused_query
from services.coder.api.reach import find_reach
from services.coder.arrivals import Arrivals
from services.coder.billing_edits import open_billing_edits
from services.coder.consumer import make_consumer
from services.coder.grouping.msdrg_grouper import open_grouper
from services.coder.measures import CHARTS
from services.coder.queries.life import QueryRefused
from services.coder.queries.vocabulary import load_vocabulary
from services.coder.service.suggesting import Suggesting
from services.coder.service.use_cases import UseCases
from services.coder.settings import CoderSettings
from services.coder.suggester import Suggester
from services.coder.work_item import ChartNotComplete
from services.coder.workbench import install_workbench
from shared.audit.seal import SEALING, make_sealing
from shared.codesets.library import Library
from shared.kafka.consumer import ConsumerLoop
from shared.kafka.producer import open_publisher
from shared.loops import Loop, Rounds, running
from shared.postgres.answers import make_forgetting
from shared.postgres.measures import make_measuring
from shared.postgres.outbox import OutboxRelay
from shared.postgres.pool import Pool, open_pool, probe_pool
from shared.proof.settings import find_signing_key
from shared.web.app import Probe, create_service_app
from shared.web.auditing import audit_into
from shared.web.security import Principal

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
    arrivals: Arrivals
    consumer: ConsumerLoop


def create_app(settings: CoderSettings) -> FastAPI:
    """Build the web application; nothing is opened before its lifespan begins."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_context(settings) as context:
            app.state.context = context
            app.state.use_cases = context.use_cases
            app.state.arrivals = context.arrivals
            app.state.library = Library(context.pool)
            audit_into(app, context.pool)
            async with running(_list_loops(context, settings), drain_seconds=settings.web.drain_seconds):
                yield

    app = create_service_app(
        "Chartline coder",
        description=_DESCRIPTION,
        settings=settings.web,
        lifespan=lifespan,
        probes=_list_probes,
        routers=ROUTERS,
        package="services.coder",
    )
    app.add_exception_handler(ChartNotComplete, answer_open_points)
    app.add_exception_handler(QueryRefused, answer_refused_query)
    app.state.guard = partial(_guard_charts, app)
    install_workbench(app, settings.coder.sessions)
    return app


async def _guard_charts(app: FastAPI, principal: Principal, path: Mapping[str, object]) -> None:
    cases: UseCases = app.state.use_cases
    await cases.glass.require_sight(principal.subject, find_reach(principal), path)


@asynccontextmanager
async def open_context(settings: CoderSettings) -> AsyncIterator[CoderContext]:
    """Open pool and producer and build what works over them."""
    engine = settings.coder.engine
    async with (
        open_pool(settings.postgres, application_name=f"chartline-{SCHEMA}") as pool,
        open_publisher(settings.kafka) as publisher,
        open_billing_edits(settings.coder.scrub) as edits,
        open_grouper() as grouper,
    ):
        relay = OutboxRelay(pool, SCHEMA, publisher, settings.coder.relay)
        holder = f"engine@{socket.gethostname()}/{os.getpid()}"
        engine_lease_seconds = engine.chart_limit_seconds + _LEASE_MARGIN_SECONDS
        policy = settings.coder.automation
        suggesting = Suggesting(
            pool, holder, engine_lease_seconds, settings.coder.queue.priority, seeding=policy.seed_share > 0
        )
        suggester = Suggester(suggesting, engine, on_stored=relay.wake)
        signing_key = find_signing_key(settings.proof)
        use_cases = UseCases.over(
            pool,
            settings.coder.queue,
            signing_key,
            policy=settings.coder.queries,
            edits=edits,
            grouper=grouper,
            automation=policy,
        )
        consumer = make_consumer(settings.kafka, use_cases.intake, use_cases.query_answers, on_taken_in=suggester.wake)
        await asyncio.to_thread(load_vocabulary)  # about a second, which the first query would wait for
        yield CoderContext(pool, use_cases, suggester, relay, Arrivals(pool), consumer)


def _list_loops(context: CoderContext, settings: CoderSettings) -> dict[str, Loop]:
    """The loops; `tidy` returns expired leases while nobody asks for the next chart."""
    tidy = Rounds("tidy", context.use_cases.queue.tidy, idle_seconds=settings.coder.queue.tidy_seconds)
    follow_up = Rounds(
        "query-follow-up",
        context.use_cases.query_follow_up.look,
        idle_seconds=settings.coder.queries.look_seconds,
        afterwards=context.relay.wake,
    )
    automation = Rounds(
        "automation",
        context.use_cases.automating.look,
        idle_seconds=settings.coder.automation.look_seconds,
        afterwards=context.relay.wake,
    )
    return {
        "consumer": context.consumer.run,
        "suggester": context.suggester.run,
        "relay": context.relay.run,
        "arrivals": context.arrivals.run,
        tidy.name: tidy.run,
        follow_up.name: follow_up.run,
        automation.name: automation.run,
        "seal": make_sealing(context.pool, settings.audit).run,
        "forget-answers": make_forgetting(context.pool, SCHEMA).run,
        "measure": make_measuring(context.pool, SCHEMA, CHARTS, SEALING).run,
    }


def _list_probes(app: FastAPI) -> Mapping[str, Probe]:
    context: CoderContext = app.state.context
    return {"postgres": lambda: probe_pool(context.pool), "engine": context.suggester.probe}
