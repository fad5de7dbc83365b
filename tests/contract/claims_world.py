"""The claims service with claims in several states, files of payers and answers that nobody could apply."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.claims.app import build_context, create_app, open_edits
from services.claims.claim import PayerId
from services.claims.schedule import Outcome
from services.claims.settings import ClaimsOptions, ClaimsSettings
from services.claims.store import AttemptReport
from shared.postgres.pool import Pool
from shared.web.auditing import audit_into
from tests.contract.world import WEB, Row, World
from tests.integration.claims.conftest import Clinic, fhir_profile
from tests.unit.claims.codings import coded_chart

PAYER = PayerId("http")
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
    found = [overdue, refused, await clinic.queue(coded_chart()), *await clinic.arrive(coded_chart(), coded_chart())]
    await clinic.pool.execute(_FILES)
    return [{"claim_id": str(claim_id)} for claim_id in found]
