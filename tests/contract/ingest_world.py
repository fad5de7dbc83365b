"""The ingest service with charts, and with records that it could not use."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

from services.ingest.app import create_app
from services.ingest.emission import Emission
from services.ingest.examiner import open_examiner
from services.ingest.service import IngestService
from services.ingest.settings import IngestSettings
from shared.postgres.pool import Pool
from shared.web.auditing import audit_into
from tests.builders import coverage, diagnostic_report, encounter, organization, patient, practitioner
from tests.contract.world import WEB, Row, World
from tests.integration.ingest.conftest import OPTIONS, TurnedClock, Ward


@asynccontextmanager
async def open_ingest_world(pool: Pool) -> AsyncIterator[World]:
    """Yield the service over a migrated database, without Kafka."""
    app = create_app(IngestSettings(web=WEB))
    async with open_examiner(1, seconds=10) as examiner:
        clock = TurnedClock()
        service = IngestService(pool, examiner, OPTIONS, clock=clock)
        app.state.context = SimpleNamespace(pool=pool, service=service)
        audit_into(app, pool)
        yield World(app, await _fill(Ward(pool, service, Emission(pool, OPTIONS, clock=clock), clock)))


async def _fill(ward: Ward) -> list[Row]:
    context = (patient(), coverage(), organization(), organization("hospital"), practitioner())
    await ward.send(*context, encounter(), diagnostic_report("dr-1", "Impression: pneumonia."), encounter("enc-2"))
    await ward.service.take_in([ward.record(body) for body in (b"not JSON", b"{}", b'{"resourceType": "Patient"}')])
    await ward.emit()
    charts = await ward.pool.fetch("select chart_id from ingest.chart order by chart_id")
    held = await ward.pool.fetch("select quarantine_id from ingest.quarantine order by quarantine_id")
    assert len(charts) == 2
    assert held
    return [{"chart_id": str(charts[place % 2][0]), "quarantine_id": str(row[0])} for place, row in enumerate(held)]
