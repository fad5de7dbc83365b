"""Creates the topics that are not there; where operators own topics, nothing here needs to run."""

from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.contracts.topics import TopicSpec
from shared.kafka.connection import connection_arguments
from shared.kafka.settings import KafkaSettings


async def create_topics(settings: KafkaSettings, topics: Iterable[TopicSpec]) -> list[str]:
    """Create missing topics and return the names of those that this call created.

    A topic that another process makes meanwhile is fine; raises the broker's error for any other refusal.
    """
    client = AIOKafkaAdminClient(**connection_arguments(settings))
    await client.start()
    try:
        existing = set(await client.list_topics())
        missing = [_new_topic(spec, settings) for spec in topics if str(spec.name) not in existing]
        response = await client.create_topics(missing) if missing else None
        codes = {name: code for name, code, *_ in response.topic_errors} if response else {}
        for name, code in codes.items():
            if code not in (0, TopicAlreadyExistsError.errno):
                raise for_code(code)(name)
        return [name for name, code in codes.items() if code == 0]
    finally:
        await client.close()


def _new_topic(spec: TopicSpec, settings: KafkaSettings) -> NewTopic:
    return NewTopic(
        name=str(spec.name),
        num_partitions=spec.partitions,
        replication_factor=settings.replication_factor,
        topic_configs={"max.message.bytes": str(spec.max_message_bytes)},
    )
