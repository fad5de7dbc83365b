"""The deep check: reads the topics themselves and asks for every record whether the inbox knows it.

Invariant: a record that the broker still has, at a position before the inbox's next one, has an outcome. It costs a
pass over all that the broker keeps, so it is asked for by name.
"""

from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.ledger.broker import SUBSCRIPTIONS
from shared.kafka.connection import connection_arguments
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings
from shared.postgres.inbox import Inbox
from shared.postgres.pool import Pool, open_pool
from shared.postgres.settings import PostgresSettings
from shared.postgres.statements import Statements

_PAGE = 5000


async def find_unsettled(postgres: PostgresSettings, kafka: KafkaSettings) -> list[str]:
    """Return a finding per partition with records that passed by without an outcome."""
    findings = []
    async with open_pool(postgres, application_name="chartline-ledger") as pool:
        for room in SUBSCRIPTIONS:
            rows = await Statements("services.ledger", schema=room).fetch(pool, "read_partitions")
            for row in rows:
                place = TopicPartition(row["topic"], row["partition"])
                missing = await _count_unsettled(pool, kafka, room, place, row["next_offset"])
                if missing:
                    findings.append(f"{room}: {missing} records of {place.topic}/{place.partition} have no outcome")
    return findings


async def _count_unsettled(pool: Pool, kafka: KafkaSettings, room: str, place: TopicPartition, next_offset: int) -> int:
    missing = 0
    async for page in _read_positions(kafka, place, next_offset):
        async with pool.acquire() as connection:
            missing += len(await Inbox(room).unseen(connection, page))
    return missing


async def _read_positions(kafka: KafkaSettings, place: TopicPartition, until: int) -> AsyncIterator[list[Record]]:
    consumer = AIOKafkaConsumer(
        **connection_arguments(kafka),
        isolation_level="read_committed",
        max_partition_fetch_bytes=kafka.max_record_bytes,
    )
    await consumer.start()
    try:
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        while await consumer.position(place) < until:
            polled = await consumer.getmany(place, timeout_ms=1000, max_records=_PAGE)
            page = [
                Record(entry.topic, entry.partition, entry.offset, None, None)
                for entry in polled.get(place, ())
                if entry.offset < until
            ]
            if not page:
                break
            yield page
    finally:
        await consumer.stop()
