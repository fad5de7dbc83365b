"""The whole service on a real Kafka and a real PostgreSQL: events in, a chart out, operators served, a clean stop."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pydantic import SecretStr

from services.ingest import MIGRATION_PACKAGES, SCHEMA
from services.ingest.app import create_app
from services.ingest.settings import IngestOptions, IngestSettings
from shared import audit
from shared.contracts.envelope import Envelope
from shared.contracts.messages import ChartReady
from shared.contracts.topics import TOPICS, Topic
from shared.kafka.admin import create_topics
from shared.kafka.settings import KafkaSettings
from shared.postgres.migrate import migrate
from shared.postgres.pool import open_pool
from shared.postgres.settings import PostgresSettings
from shared.web.security import Principal, Role
from shared.web.settings import WebSettings
from tests.builders import as_bytes, coverage, diagnostic_report, encounter, organization, patient, practitioner

TOKEN = "a-token-of-this-test"
PATIENCE_SECONDS = 60


def make_settings(dsn: str, bootstrap: str, group_prefix: str) -> IngestSettings:
    principal = Principal(subject="operator-1", practitioner="Practitioner/none", roles=frozenset({Role.ADMIN}))
    return IngestSettings(
        postgres=PostgresSettings(dsn=SecretStr(dsn), pool_min_size=1, pool_max_size=4),
        kafka=KafkaSettings(bootstrap_servers=bootstrap, group_prefix=group_prefix, replication_factor=1),
        web=WebSettings(tokens={hashlib.sha256(TOKEN.encode()).hexdigest(): principal}),
        ingest=IngestOptions(examiner_processes=1, settle_seconds=0.05),
    )


@asynccontextmanager
async def running(settings: IngestSettings) -> AsyncIterator[httpx.AsyncClient]:
    """Run the service; what it serves is called without a socket."""
    async with open_pool(settings.postgres, application_name="test-migrate") as pool:
        await migrate(pool, schema=audit.SCHEMA, packages=audit.MIGRATION_PACKAGES)
        await migrate(pool, schema=SCHEMA, packages=MIGRATION_PACKAGES)
    app = create_app(settings)
    transport = httpx.ASGITransport(app=app)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://ingest", headers=headers) as client,
    ):
        yield client


async def read_charts(bootstrap: str, encounter_id: str) -> ChartReady:
    """Read chart.ready.v1 until the chart of this encounter comes."""
    consumer = AIOKafkaConsumer(
        Topic.CHART_READY,
        bootstrap_servers=bootstrap,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=16 * 1024 * 1024,
    )
    await consumer.start()
    try:
        async for record in consumer:
            chart = Envelope[ChartReady].decode(record.value).data
            if chart.encounter.resource_id == encounter_id:
                return chart
    finally:
        await consumer.stop()
    raise AssertionError("the topic ended")


async def test_events_become_a_chart_and_a_broken_one_is_held(postgres_dsn: str, kafka_bootstrap: str) -> None:
    settings = make_settings(postgres_dsn, kafka_bootstrap, "ingest-app")
    await create_topics(settings.kafka, TOPICS)
    context = (
        patient("pt-app"),
        coverage("cov-app", patient_id="pt-app"),
        organization(),
        organization("hospital"),
        practitioner(),
    )
    visit = encounter("enc-app", patient_id="pt-app")
    report = diagnostic_report("dr-app", encounter_id="enc-app", patient_id="pt-app")
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, acks="all") as producer:
        await producer.send_and_wait(Topic.FHIR_ENCOUNTER, b"{ broken", key=b"enc-app")
        for resource in context:
            await producer.send_and_wait(Topic.FHIR_RESOURCE, as_bytes(resource), key=resource["id"].encode())
        await producer.send_and_wait(Topic.FHIR_DIAGNOSTIC_REPORT, as_bytes(report), key=b"enc-app")
        await producer.send_and_wait(Topic.FHIR_ENCOUNTER, as_bytes(visit), key=b"enc-app")
    async with running(settings) as client:
        assert (await client.get("/readyz")).status_code == 200
        chart = await asyncio.wait_for(read_charts(kafka_bootstrap, "enc-app"), PATIENCE_SECONDS)
        assert chart.documents[0].text == "Impression: community-acquired pneumonia."
        summary = (await client.get(f"/v1/charts/{chart.chart_id}")).json()
        assert (summary["state"], summary["document_count"], summary["missing_count"]) == ("ready", 1, 0)
        held = (await client.get("/v1/quarantine", params={"reason": "not-json"})).json()["held"]
        assert [(each["topic"], each["reason"]) for each in held] == [("fhir.encounter.v1", "not-json")]
        assert "body" not in held[0]
        again = await client.post(f"/v1/quarantine/{held[0]['quarantine_id']}/replay")
        assert again.json() == {"outcome": "quarantined", "reason": "not-json"}
        assert (await client.get("/v1/charts/00000000-0000-0000-0000-000000000000")).status_code == 404
        assert (await client.get("/v1/quarantine", headers={"Authorization": "Bearer x"})).status_code == 401
