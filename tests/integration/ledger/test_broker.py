"""What the ledger asks of a real Apache Kafka."""

from uuid import uuid4

from services.ledger.broker import read_broker_offsets
from shared.contracts.topics import TOPICS, Topic
from shared.kafka.admin import create_topics
from shared.kafka.producer import open_publisher
from shared.kafka.settings import KafkaSettings
from shared.postgres.outbox import OutboxMessage


async def test_ends_and_commits_are_read_for_every_partition(kafka_bootstrap: str) -> None:
    settings = KafkaSettings(bootstrap_servers=kafka_bootstrap, replication_factor=1, group_prefix=uuid4().hex)
    await create_topics(settings, TOPICS)
    before = await read_broker_offsets(settings)
    assert {place for place in before.ends if place[0] == Topic.CHART_READY} == {
        (str(Topic.CHART_READY), partition) for partition in range(4)
    }
    assert before.committed == {"ingest": {}, "coder": {}, "claims": {}}
    async with open_publisher(settings) as publisher:
        await publisher.publish([OutboxMessage(Topic.CHART_READY, "chart", b"x")] * 3)
    after = await read_broker_offsets(settings)
    assert sum(after.ends.values()) - sum(before.ends.values()) == 3
