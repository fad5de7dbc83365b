"""The consumer loop and the producer on a real Apache Kafka: nothing skipped, nothing blocked, order kept."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from shared.contracts.errors import InvalidContent
from shared.contracts.topics import TopicSpec
from shared.kafka.admin import create_topics
from shared.kafka.consumer import UNHANDLED, ConsumerLoop
from shared.kafka.producer import TOO_LARGE, open_publisher
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings
from shared.postgres.outbox import OutboxMessage
from shared.telemetry.tracing import TRACE_HEADER, carry_trace


@pytest.fixture
def settings(kafka_bootstrap: str) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=kafka_bootstrap, replication_factor=1, group_prefix=f"test-{uuid4().hex}")


@pytest.fixture
async def topic(settings: KafkaSettings) -> str:
    name = f"topic-{uuid4().hex}"
    spec = TopicSpec(name, partitions=2, max_message_bytes=2_000_000)  # type: ignore[arg-type] # a topic of this test's own
    assert await create_topics(settings, [spec]) == [name]
    assert await create_topics(settings, [spec]) == []
    return name


class Room:
    """A handler whose failures a test decides; it remembers what it settled and what it put aside."""

    def __init__(self) -> None:
        self.settled: list[bytes] = []
        self.rejected: list[tuple[bytes, str]] = []
        self.poison: dict[bytes, Exception] = {}
        self.database_away = False
        self.attempts = 0
        self.traces: list[dict[str, str]] = []

    async def handle(self, records: Sequence[Record]) -> None:
        self.attempts += 1
        self.traces.append(carry_trace())
        if self.database_away:
            raise ConnectionRefusedError
        for record in records:
            if record.value in self.poison:
                raise self.poison[record.value]
        self.settled += [record.value or b"" for record in records]

    async def reject(self, record: Record, reason: str) -> None:
        self.rejected.append((record.value or b"", reason))

    async def settle(self, count: int) -> None:
        """Wait until `count` records are settled or put aside."""
        async with asyncio.timeout(30):
            while len(self.settled) + len(self.rejected) < count:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def consuming(settings: KafkaSettings, topic: str, room: Room) -> AsyncIterator[None]:
    stop = asyncio.Event()
    loop = ConsumerLoop(settings, group="room", topics=[topic], handle=room.handle, reject=room.reject)
    running = asyncio.create_task(loop.run(stop))
    yield
    stop.set()
    await running


async def send(settings: KafkaSettings, topic: str, *values: bytes) -> list[str | None]:
    async with open_publisher(settings) as publisher:
        return await publisher.publish([OutboxMessage(topic, "key", value) for value in values])


def read_lag(settings: KafkaSettings, topic: str) -> float | None:
    """What Prometheus is told."""
    labels = {"group": f"{settings.group_prefix}-room", "topic": topic}
    return REGISTRY.get_sample_value("chartline_consumer_lag_records", labels)


async def test_records_of_one_key_arrive_in_order_and_are_not_read_twice(settings: KafkaSettings, topic: str) -> None:
    values = [b"%d" % number for number in range(300)]
    assert await send(settings, topic, *values) == [None] * 300
    first, second = Room(), Room()
    async with consuming(settings, topic, first):
        await first.settle(300)
    await send(settings, topic, b"more")
    async with consuming(settings, topic, second):
        await second.settle(1)
    assert first.settled == values
    assert second.settled == [b"more"]


async def test_what_a_record_causes_goes_on_with_its_trace(settings: KafkaSettings, topic: str) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    room = Room()
    async with open_publisher(settings) as publisher:
        await publisher.publish([OutboxMessage(topic, "key", b"1", {TRACE_HEADER: trace})])
    async with consuming(settings, topic, room):
        await room.settle(1)
    assert room.traces == [{TRACE_HEADER: trace}]


async def test_a_poisonous_record_is_put_aside_and_the_rest_goes_on(settings: KafkaSettings, topic: str) -> None:
    room = Room()
    room.poison = {b"3": InvalidContent("no"), b"7": ZeroDivisionError()}
    await send(settings, topic, *[b"%d" % number for number in range(10)])
    async with consuming(settings, topic, room):
        await room.settle(10)
    assert sorted(room.settled) == [b"0", b"1", b"2", b"4", b"5", b"6", b"8", b"9"]
    assert room.rejected == [(b"3", "invalid-content"), (b"7", UNHANDLED)]


async def test_while_the_database_is_away_nothing_is_skipped_or_put_aside(settings: KafkaSettings, topic: str) -> None:
    room = Room()
    room.database_away = True
    await send(settings, topic, b"1", b"2")
    async with consuming(settings, topic, room):
        while room.attempts < 3:
            await asyncio.sleep(0.02)
        assert read_lag(settings, topic) == 2
        room.database_away = False
        await room.settle(2)
        async with asyncio.timeout(30):
            while read_lag(settings, topic):
                await asyncio.sleep(0.02)
    assert (room.settled, room.rejected) == ([b"1", b"2"], [])


async def test_a_batch_that_was_not_settled_at_shutdown_comes_again(settings: KafkaSettings, topic: str) -> None:
    first, second = Room(), Room()
    first.database_away = True
    await send(settings, topic, b"1")
    async with consuming(settings, topic, first):
        while first.attempts < 1:
            await asyncio.sleep(0.02)
    async with consuming(settings, topic, second):
        await second.settle(1)
    assert (first.settled, second.settled) == ([], [b"1"])


async def test_a_record_too_large_for_the_topic_is_named_and_its_neighbours_are_sent(
    settings: KafkaSettings, topic: str
) -> None:
    incompressible = bytes(uuid4().bytes[0] for _ in range(2_100_000))
    assert await send(settings, topic, b"1", incompressible, b"2") == [None, TOO_LARGE, None]
