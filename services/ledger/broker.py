"""What the broker knows: where topics end and how far each group has committed.

Source: Kafka protocol, ListOffsets and OffsetFetch.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.contracts.topics import FHIR_TOPICS, Topic
from shared.kafka.connection import connection_arguments
from shared.kafka.settings import KafkaSettings

SUBSCRIPTIONS: Mapping[str, tuple[Topic, ...]] = {
    "ingest": FHIR_TOPICS,
    "coder": (Topic.CHART_READY, Topic.CLAIM_RETURNED),
    "claims": (Topic.CHART_CODED, Topic.CLAIM_RESPONSE),
}
"""Which service reads which topic."""

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class BrokerOffsets:
    """Offsets by (topic, partition): the end of the log for readers of committed records, and each room's commits."""

    ends: Mapping[Place, int]
    committed: Mapping[str, Mapping[Place, int]]


async def read_broker_offsets(kafka: KafkaSettings) -> BrokerOffsets:
    """Ask the broker; topics that do not exist are left out."""
    topics = {str(topic) for topics in SUBSCRIPTIONS.values() for topic in topics}
    return BrokerOffsets(
        ends=await _read_ends(kafka, topics),
        committed={room: await _read_committed(kafka, room) for room in SUBSCRIPTIONS},
    )


async def _read_ends(kafka: KafkaSettings, topics: set[str]) -> dict[Place, int]:
    consumer = AIOKafkaConsumer(**connection_arguments(kafka), isolation_level="read_committed")
    await consumer.start()
    try:
        existing = await consumer.topics()
        places = [
            TopicPartition(topic, partition)
            for topic in topics & set(existing)
            for partition in consumer.partitions_for_topic(topic) or ()
        ]
        ends = await consumer.end_offsets(places) if places else {}
        return {(place.topic, place.partition): offset for place, offset in ends.items()}
    finally:
        await consumer.stop()


async def _read_committed(kafka: KafkaSettings, room: str) -> dict[Place, int]:
    client = AIOKafkaAdminClient(**connection_arguments(kafka))
    await client.start()
    try:
        offsets = await client.list_consumer_group_offsets(f"{kafka.group_prefix}-{room}")
        return {(place.topic, place.partition): meta.offset for place, meta in offsets.items() if meta.offset >= 0}
    finally:
        await client.close()
