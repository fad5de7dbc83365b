"""What the broker knows: where topics end and how far each group has committed.

Source: Kafka protocol, ListOffsets and OffsetFetch.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

from shared.contracts.topics import FHIR_TOPICS, Topic
from shared.kafka.connection import connection_arguments
from shared.kafka.settings import KafkaSettings
from shared.transient import is_transient

SUBSCRIPTIONS: Mapping[str, tuple[Topic, ...]] = {
    "ingest": FHIR_TOPICS,
    "coder": (Topic.CHART_READY, Topic.CLAIM_RETURNED, Topic.QUERY_RESPONSE),
    "claims": (Topic.CHART_CODED, Topic.CHART_WITHDRAWN, Topic.CLAIM_RESPONSE),
}
"""Which service reads which topic."""

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class BrokerOffsets:
    """Offsets by (topic, partition): the end of the log for readers of committed records, and each room's commits."""

    ends: Mapping[Place, int]
    committed: Mapping[str, Mapping[Place, int]]


@retry(retry=retry_if_exception(is_transient), stop=stop_after_delay(15), wait=wait_fixed(0.5), reraise=True)
async def read_broker_offsets(kafka: KafkaSettings) -> BrokerOffsets:
    """Ask the broker; topics that do not exist are left out. A broker that has just begun is asked again."""
    client = AIOKafkaAdminClient(**connection_arguments(kafka))
    await client.start()
    try:
        places = await _list_places(client)
        committed = {
            room: await _read_committed(
                client, f"{kafka.group_prefix}-{room}", [place for place in places if place.topic in topics]
            )
            for room, topics in SUBSCRIPTIONS.items()
        }
        return BrokerOffsets(ends=await _read_ends(kafka, places), committed=committed)
    finally:
        await client.close()


async def _list_places(client: AIOKafkaAdminClient) -> list[TopicPartition]:
    ours = {str(topic) for topics in SUBSCRIPTIONS.values() for topic in topics}
    described = await client.describe_topics(sorted(ours & set(await client.list_topics())))
    return [
        TopicPartition(topic["topic"], partition["partition"])
        for topic in described
        for partition in topic["partitions"]
    ]


async def _read_ends(kafka: KafkaSettings, places: list[TopicPartition]) -> dict[Place, int]:
    consumer = AIOKafkaConsumer(**connection_arguments(kafka), isolation_level="read_committed")
    await consumer.start()
    try:
        ends = await consumer.end_offsets(places) if places else {}
        return {(place.topic, place.partition): offset for place, offset in ends.items()}
    finally:
        await consumer.stop()


async def _read_committed(client: AIOKafkaAdminClient, group: str, places: list[TopicPartition]) -> dict[Place, int]:
    # Places are named, since not every Kafka-compatible broker answers "all".
    offsets = await client.list_consumer_group_offsets(group, partitions=places) if places else {}
    return {(place.topic, place.partition): meta.offset for place, meta in offsets.items() if meta.offset >= 0}
