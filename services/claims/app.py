"""Builds the claims service: the one place that opens connections and starts loops.

Place in the flow: `uvicorn` serves `create_app(settings)`; its lifespan is the life of everything below.
Invariant: what was opened is closed in reverse order; a stop lets every loop end its work within the drain time.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial

from fastapi import FastAPI

from services.claims import SCHEMA, denial_api, override_api
from services.claims.api import router, scrub_router
from services.claims.breaker import Breaker
from services.claims.claim import Channel, PayerId
from services.claims.consumer import GROUP, make_consumer
from services.claims.edits import EditContext, MedicareCodeEditor, ReferenceData, TabularBook, read_payer_rules
from services.claims.edits.payer_rules import require_known_payers
from services.claims.fhir_channel import open_fhir_channel
from services.claims.inquiries import Inquiries
from services.claims.lanes import Lane
from services.claims.measures import CLAIMS
from services.claims.payer_channel import OpenChannel
from services.claims.payers import PayerProfile
from services.claims.service import (
    AnswerService,
    DenialService,
    FileService,
    InquiryService,
    IntakeService,
    OverrideService,
    OverviewService,
    PreparationService,
    PreviewService,
    RuleTables,
    SendingService,
    WithdrawalService,
)
from services.claims.settings import ClaimsOptions, ClaimsSettings
from services.claims.x12_channel import open_x12_channel
from services.claims.x12_inbox import X12Inbox
from shared.audit.seal import SEALING, make_sealing
from shared.codesets.icd10cm import load_icd10cm
from shared.kafka.producer import open_publisher
from shared.loops import Loop, Rounds, running
from shared.postgres.answers import make_forgetting
from shared.postgres.measures import make_measuring
from shared.postgres.outbox import OutboxRelay
from shared.postgres.pool import Pool, open_pool, probe_pool
from shared.proof.settings import find_signing_key
from shared.web.app import Probe, create_service_app
from shared.web.auditing import audit_into


@dataclass(frozen=True)
class ClaimsContext:
    """Everything that is open while the service runs."""

    pool: Pool
    intake: IntakeService
    withdrawals: WithdrawalService
    answers: AnswerService
    files: FileService
    preparation: PreparationService
    sending: SendingService
    inquiring: InquiryService
    overview: OverviewService
    preview: PreviewService
    denials: DenialService
    overrides: OverrideService
    breakers: Mapping[PayerId, Breaker]


def create_app(settings: ClaimsSettings) -> FastAPI:
    """Build the web application; nothing is opened before its lifespan begins."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_claims(settings) as context:
            app.state.claims = context
            audit_into(app, context.pool)
            yield

    def probes(app: FastAPI) -> Mapping[str, Probe]:
        return {"postgres": partial(probe_pool, app.state.claims.pool)}

    return create_service_app(
        "Chartline claims",
        description="Turns coded charts into Bundles for payers and delivers them until they are answered.",
        settings=settings.web,
        lifespan=lifespan,
        probes=probes,
        routers=[router, scrub_router, denial_api.router, override_api.router],
        package="services.claims",
    )


@asynccontextmanager
async def open_claims(settings: ClaimsSettings) -> AsyncIterator[ClaimsContext]:
    """Open connections, run all loops, and drain them at the end."""
    async with (
        open_pool(settings.postgres, application_name="chartline-claims") as pool,
        open_publisher(settings.kafka) as publisher,
    ):
        await asyncio.to_thread(load_icd10cm)
        with open_edits(settings.claims) as edits:
            context = build_context(pool, settings, edits)
            relay = OutboxRelay(pool, SCHEMA, publisher, settings.claims.relay)
            async with running(_make_loops(context, relay, settings), drain_seconds=settings.web.drain_seconds):
                yield context


@contextmanager
def open_edits(options: ClaimsOptions) -> Iterator[EditContext]:
    """What the edits look up: the code sets at hand, and the payers' own rules."""
    rules = read_payer_rules(options.payer_rules.read_text(encoding="utf-8")) if options.payer_rules else ()
    require_known_payers(rules, options.payers)
    with MedicareCodeEditor() as editor:
        reference = ReferenceData(diagnoses=TabularBook(load_icd10cm()), editor=editor)
        yield EditContext(reference, payer_rules=rules)


def build_context(pool: Pool, settings: ClaimsSettings, edits: EditContext) -> ClaimsContext:
    """Put the use cases together over an open pool."""
    answers = AnswerService(pool, SCHEMA)
    breakers = {
        PayerId(name): Breaker(profile.breaker)
        for name, profile in settings.claims.payers.items()
        if profile.channel is not Channel.KAFKA
    }
    rules = RuleTables(pool, edits, refresh_seconds=settings.claims.rules_refresh_seconds)
    return ClaimsContext(
        pool=pool,
        intake=IntakeService(pool, SCHEMA, settings.claims),
        withdrawals=WithdrawalService(pool, SCHEMA),
        answers=answers,
        files=FileService(pool, SCHEMA, settings.claims, answers),
        preparation=PreparationService(pool, SCHEMA, settings.claims, rules, find_signing_key(settings.proof)),
        sending=SendingService(pool, SCHEMA, settings.claims, answers),
        inquiring=InquiryService(pool, SCHEMA, settings.claims, answers),
        overview=OverviewService(pool, SCHEMA, settings.claims, breakers),
        preview=PreviewService(pool, SCHEMA, settings.claims, rules),
        denials=DenialService(pool, SCHEMA),
        overrides=OverrideService(pool, SCHEMA, rules),
        breakers=breakers,
    )


def _make_loops(context: ClaimsContext, relay: OutboxRelay, settings: ClaimsSettings) -> dict[str, Loop]:
    """Wire the loops: codings and answers wake preparation, preparation wakes the lanes, lanes wake the relay."""
    options = settings.claims
    lanes: list[Rounds | Lane] = []
    for name, profile in options.payers.items():
        lanes.append(_make_lane(PayerId(name), profile, context, relay, settings))

    def _after_preparation() -> None:
        relay.wake()
        for lane in lanes:
            lane.wake()

    preparation = Rounds(
        "preparation",
        context.preparation.prepare_claims,
        idle_seconds=options.idle_seconds,
        afterwards=_after_preparation,
    )
    consumer = make_consumer(settings.kafka, context.intake, context.withdrawals, context.answers, preparation.wake)
    seal = make_sealing(context.pool, settings.audit)
    measure = make_measuring(context.pool, SCHEMA, CLAIMS, SEALING)
    asking: list[Rounds | Inquiries] = [
        *_make_inboxes(context, preparation, options),
        *_make_inquiries(context, options),
    ]
    loops: dict[str, Loop] = {each.name: each.run for each in lanes}
    loops |= {each.name: each.run for each in asking}
    own = {"outbox": relay.run, "seal": seal.run, "measure": measure.run}
    own["forget-answers"] = make_forgetting(context.pool, SCHEMA).run
    return {GROUP: consumer.run, preparation.name: preparation.run, **loops, **own}


def _make_inboxes(context: ClaimsContext, preparation: Rounds, options: ClaimsOptions) -> Iterator[Rounds]:
    """Payers of channel x12 leave their answers in folders."""
    for name, profile in options.payers.items():
        if profile.x12:
            inbox = X12Inbox(PayerId(name), profile.x12, context.files)
            yield Rounds(inbox.name, inbox.read_files, idle_seconds=options.idle_seconds, afterwards=preparation.wake)


def _make_inquiries(context: ClaimsContext, options: ClaimsOptions) -> Iterator[Inquiries]:
    """Payers that are asked for their decisions; the others' are awaited."""
    for name, profile in options.payers.items():
        if profile.inquiry_hours is not None:
            yield Inquiries(PayerId(name), profile, context.inquiring, idle_seconds=options.idle_seconds)


def _make_lane(
    payer_id: PayerId, profile: PayerProfile, context: ClaimsContext, relay: OutboxRelay, settings: ClaimsSettings
) -> Rounds | Lane:
    options = settings.claims
    if profile.channel is Channel.KAFKA:
        return Rounds(
            f"kafka/{payer_id}",
            partial(context.sending.publish_due, payer_id, options.kafka_batch),
            idle_seconds=options.idle_seconds,
            afterwards=relay.wake,
        )
    return Lane(
        payer_id,
        profile,
        context.sending,
        _choose_channel(profile, context),
        context.breakers[payer_id],
        idle_seconds=options.idle_seconds,
        lease_seconds=options.lease_seconds,
        drain_seconds=settings.web.drain_seconds / 2,
    )


def _choose_channel(profile: PayerProfile, context: ClaimsContext) -> OpenChannel:
    """How a lane opens the way to its payer. Kafka has none: its lane only hands Bundles to the outbox."""
    return partial(open_x12_channel, context.files) if profile.channel is Channel.X12 else open_fhir_channel
