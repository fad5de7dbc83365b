"""The whole service on a real Kafka and Postgres: a ready chart comes in, a coding goes out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from fastapi import FastAPI
from pydantic import SecretStr

from services.coder.app import create_app
from services.coder.settings import CoderOptions, CoderSettings, EngineSettings
from shared.contracts.envelope import Envelope
from shared.contracts.messages import ChartCoded, ChartReady
from shared.contracts.topics import TOPICS, Topic
from shared.kafka.admin import create_topics
from shared.kafka.producer import open_producer
from shared.kafka.settings import KafkaSettings
from shared.postgres.pool import Pool
from shared.postgres.settings import PostgresSettings
from shared.web.security import Principal, Role, hash_token
from shared.web.settings import WebSettings
from tests.builders.charts import ready_chart
from tests.integration.coder import engines


@pytest.fixture
async def kafka(kafka_bootstrap: str) -> KafkaSettings:
    settings = KafkaSettings(
        bootstrap_servers=kafka_bootstrap, replication_factor=1, group_prefix=f"test-{uuid4().hex}"
    )
    await create_topics(settings, TOPICS)
    return settings


@pytest.fixture
def settings(kafka: KafkaSettings, coder_dsn: str, coder_pool: Pool) -> CoderSettings:
    """`coder_pool` has migrated the database."""
    ann = Principal(subject="ann", practitioner="Practitioner/ann", roles=frozenset({Role.CODER}))
    return CoderSettings(
        postgres=PostgresSettings(dsn=SecretStr(coder_dsn)),
        kafka=kafka,
        web=WebSettings(tokens={hash_token("ann-token"): ann}),
        coder=CoderOptions(engine=EngineSettings(factory=engines.FACTORY, processes=1)),
    )


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Run the service's lifespan and give a client of it."""
    headers = {"Authorization": "Bearer ann-token"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://coder", headers=headers) as client,
    ):
        yield client


async def publish(producer: AIOKafkaProducer, chart: ChartReady) -> None:
    event = Envelope[ChartReady](source="test", type=Topic.CHART_READY, subject=str(chart.chart_id), data=chart)
    await producer.send_and_wait(Topic.CHART_READY, key=event.subject.encode(), value=event.encode())


async def read_coded(kafka: KafkaSettings, chart_id: UUID) -> ChartCoded:
    """Wait for the chart's coding on its topic."""
    consumer = AIOKafkaConsumer(
        Topic.CHART_CODED, bootstrap_servers=kafka.bootstrap_servers, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        async for record in consumer:
            if record.key == str(chart_id).encode():
                return Envelope[ChartCoded].decode(record.value).data
        raise AssertionError("the consumer ended")
    finally:
        await consumer.stop()


async def lease_when_open(client: httpx.AsyncClient, chart: ChartReady) -> dict[str, str]:
    """Lease until the chart comes; the topic is shared, so others may come before it."""
    while True:
        answer = await client.post("/v1/queue/lease-next")
        if answer.status_code == 204:
            await asyncio.sleep(0.1)
        elif answer.json()["chart_id"] == str(chart.chart_id):
            grant: dict[str, str] = answer.json()
            return grant


async def state_of(client: httpx.AsyncClient, chart: ChartReady) -> str:
    answer = await client.get(f"/v1/charts/{chart.chart_id}")
    return str(answer.json()["state"])


async def test_from_a_ready_chart_to_its_coding(settings: CoderSettings) -> None:
    chart, fatal = ready_chart(text="Assessment: pneumonia."), ready_chart(text="crash")
    async with asyncio.timeout(120), open_producer(settings.kafka) as producer, running(create_app(settings)) as client:
        await publish(producer, fatal)
        await publish(producer, chart)
        grant = await lease_when_open(client, chart)
        lease = {"Lease-Token": grant["lease_token"]}
        url = f"/v1/charts/{grant['chart_id']}"
        (target,) = (await client.get(url)).json()["undecided"]
        accept = {"decisions": [{"action": "accept", "target_id": target}]}
        (await client.post(f"{url}/decisions", json=accept, headers=lease)).raise_for_status()
        (await client.post(f"{url}/complete", headers=lease)).raise_for_status()
        coded = await read_coded(settings.kafka, chart.chart_id)
        assert coded.coding_version == 1
        assert (await client.get("/healthz")).status_code == 200
        assert await state_of(client, chart) == "completed"
        while await state_of(client, fatal) != "failed":
            await asyncio.sleep(0.1)
        # The topic's partitions decide which chart came first, so the engine may be starting again just now.
        while (await client.get("/readyz")).json() != {"postgres": "ready", "engine": "ready"}:
            await asyncio.sleep(0.1)
        metrics = (await client.get("/metrics")).text
        assert 'chartline_engine_runs_total{outcome="engine-crashed"}' in metrics


async def test_a_restart_goes_on_where_it_stopped(settings: CoderSettings) -> None:
    first, second = ready_chart(text="pneumonia"), ready_chart(text="pneumonia")
    async with asyncio.timeout(120), open_producer(settings.kafka) as producer:
        async with running(create_app(settings)) as client:
            await publish(producer, first)
            await lease_when_open(client, first)
        await publish(producer, second)
        async with running(create_app(settings)) as client:
            await lease_when_open(client, second)
            assert await state_of(client, first) == "leased"
