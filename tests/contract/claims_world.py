"""The claims service with claims in several states, a denial of every kind, files of payers, and parked answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from services.claims.app import build_context, create_app, open_edits
from services.claims.claim import PayerId, identify_void
from services.claims.denials.reasons import Kind
from services.claims.schedule import Outcome
from services.claims.settings import ClaimsOptions, ClaimsSettings
from services.claims.store import AttemptReport, TakenClaim
from shared.contracts.messages import ChartCoded
from shared.contracts.topics import Topic
from shared.fhir import systems
from shared.postgres.pool import Pool
from shared.web.auditing import audit_into
from tests.builders import as_bytes, claim_response
from tests.contract.world import WEB, Row, World
from tests.integration.claims.conftest import Clinic, fhir_profile
from tests.unit.claims.codings import coded_chart

PAYER = PayerId("http")
REASONS = ("97", "50", "197", "27", "29", "18", "9999")
"""A CARC of each kind: coding, documentation, authorization, eligibility, timely, duplicate, and an unknown one."""
_FILES = """
    insert into claims.x12_file (sha256, payer_id, file_name, outcome, reason, place, answers, unmatched) values
        (repeat('a', 64), 'files', '1.835', 'read', null, null, 3, 1),
        (repeat('b', 64), 'files', '2.835', 'quarantined', 'x12-envelope', 'segment 1', 0, 0);
    insert into claims.x12_unmatched (sha256, reason, body) values (repeat('a', 64), 'unknown-claim', 'CLP*1~');
"""


@asynccontextmanager
async def open_claims_world(pool: Pool) -> AsyncIterator[World]:
    """Yield the service over a migrated database, without Kafka and lanes."""
    options = ClaimsOptions(payers={PAYER: fhir_profile("http://127.0.0.1:9/fhir")}, default_payer=PAYER)
    settings = ClaimsSettings(web=WEB, claims=options)
    app = create_app(settings)
    with open_edits(options) as edits:
        app.state.claims = build_context(pool, settings, edits)
        audit_into(app, pool)
        yield World(app, await _fill(Clinic(pool, options)))


async def _fill(clinic: Clinic) -> list[Row]:
    overdue = await clinic.queue(coded_chart())
    await clinic.pool.execute("update claims.claim set deadline_at = now() - interval '1 second'")
    await clinic.sending.end_overdue(PAYER)
    refused = await clinic.queue(coded_chart())
    (taken,) = await clinic.sending.take_due(PAYER, 5)
    await clinic.report(taken, AttemptReport(Outcome.REFUSED, 1, 422, "http-422"))
    for code in REASONS:
        await _deny(clinic, code)
    await _refuse_void(clinic)
    found = [overdue, refused, await clinic.queue(coded_chart()), *await clinic.arrive(coded_chart(), coded_chart())]
    await clinic.pool.execute(_FILES)
    denials = await clinic.pool.fetch("select denial_id, claim_id, chart_id, kind from claims.denial")
    assert {row["kind"] for row in denials} == set(Kind)
    rows: list[Row] = [{"claim_id": str(claim_id)} for claim_id in found]
    return rows + [{name: str(row[name]) for name in ("denial_id", "claim_id", "chart_id")} for row in denials]


async def _send(clinic: Clinic, coded: ChartCoded) -> TakenClaim:
    """Bring a claim on its way; nobody has answered it."""
    claim_id = await clinic.queue(coded)
    taken = await clinic.sending.take_due(PAYER, 50)
    return next(each for each in taken if each.claim_id == claim_id)


async def _deny(clinic: Clinic, code: str) -> None:
    taken = await _send(clinic, coded_chart())
    reason = {"coding": [{"system": systems.CARC, "code": code}]}
    denied = {"category": {"coding": [{"system": systems.ADJUDICATION, "code": "denied"}]}, "reason": reason}
    await _answer(clinic, taken.claim_id, item=[{"itemSequence": 1, "adjudication": [denied]}])


async def _refuse_void(clinic: Clinic) -> None:
    coded = coded_chart()
    await _answer(clinic, (await _send(clinic, coded)).claim_id)
    await clinic.withdraw(coded.chart_id, 1)
    await clinic.preparation.prepare_claims()
    void_id = identify_void(coded.chart_id, 1, PAYER)
    void = next(each for each in await clinic.sending.take_due(PAYER, 50) if each.claim_id == void_id)
    await clinic.report(void, AttemptReport(Outcome.REFUSED, 1, 422, "http-422", ("not-found",)))


async def _answer(clinic: Clinic, claim_id: UUID, **more: Any) -> None:
    request = {"identifier": {"system": systems.CLAIM_IDENTIFIER, "value": str(claim_id)}}
    body = as_bytes(claim_response(request=request, **more))
    await clinic.answers.receive_responses([clinic.record(Topic.CLAIM_RESPONSE, body)])
