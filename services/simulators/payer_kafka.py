"""The Kafka side of the simulated payers: reads `claim.bundle.v1`, answers on `claim.response.v1`.

Invariant: a Bundle's offset is committed after its answer is acknowledged; one that comes again gets the same answer.
"""

import asyncio
import contextlib
import json

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import KafkaError

from services.simulators.payer_desk import Mode, PayerDesk, UnusableBundle
from shared.contracts.topics import Topic
from shared.kafka.connection import connection_arguments
from shared.kafka.producer import open_producer
from shared.kafka.settings import KafkaSettings

GROUP = "simulated-payer"
PAYER_HEADER = "payer-id"
_SILENT = frozenset({Mode.TIMEOUT, Mode.DROP_ANSWER})
_RETRY_SECONDS = 1.0


async def answer_topic(kafka: KafkaSettings, desk: PayerDesk, *, slow_seconds: float) -> None:
    """Answer Bundles until cancelled; while the broker is away, try again."""
    while True:
        with contextlib.suppress(KafkaError, OSError):
            async with open_producer(kafka) as producer:
                await _answer_all(kafka, producer, desk, slow_seconds)
        await asyncio.sleep(_RETRY_SECONDS)


async def _answer_all(kafka: KafkaSettings, producer: AIOKafkaProducer, desk: PayerDesk, slow_seconds: float) -> None:
    consumer = AIOKafkaConsumer(
        Topic.CLAIM_BUNDLE,
        **connection_arguments(kafka),
        group_id=f"{kafka.group_prefix}-{GROUP}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=kafka.max_record_bytes,
    )
    await consumer.start()
    try:
        while True:
            polled = await consumer.getmany(timeout_ms=kafka.poll_timeout_ms)
            for record in (record for records in polled.values() for record in records):
                await _answer_one(record, producer, desk, slow_seconds)
            if polled:
                await consumer.commit({place: records[-1].offset + 1 for place, records in polled.items()})
    finally:
        await consumer.stop()


async def _answer_one(
    record: "ConsumerRecord[bytes, bytes]", producer: AIOKafkaProducer, desk: PayerDesk, slow_seconds: float
) -> None:
    """A topic has no status codes: `fail` ignores the claim, `reject` answers with outcome error."""
    payer_id = next((value.decode() for name, value in record.headers if name == PAYER_HEADER), "default")
    mode = desk.mode_of(payer_id)
    if mode is Mode.FAIL or record.value is None:
        return
    try:
        answer = desk.take_in(record.value, payer_id)
    except UnusableBundle:
        return
    if mode in _SILENT:
        return
    if mode is Mode.SLOW:
        await asyncio.sleep(slow_seconds)
    key = json.loads(answer)["request"]["identifier"]["value"].encode()
    await producer.send_and_wait(Topic.CLAIM_RESPONSE, key=key, value=answer)
