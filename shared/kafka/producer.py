"""The producer: acks=all, idempotent, compressed; and the publisher that the outbox relay drives."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from shared.contracts.errors import Unavailable
from shared.kafka.connection import connection_arguments
from shared.kafka.settings import KafkaSettings
from shared.postgres.outbox import OutboxMessage

TOO_LARGE = "too-large-for-topic"


@asynccontextmanager
async def open_producer(settings: KafkaSettings) -> AsyncIterator[AIOKafkaProducer]:
    """Start a producer and flush it at the end."""
    producer = AIOKafkaProducer(
        **connection_arguments(settings),
        acks="all",
        enable_idempotence=settings.enable_idempotence,
        compression_type="zstd",
        linger_ms=settings.producer_linger_ms,
        max_batch_size=settings.producer_batch_bytes,
        max_request_size=settings.max_record_bytes,
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


class KafkaPublisher:
    """Publishes outbox messages in order, and tells apart what can never be sent from what is only late."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    async def publish(self, messages: Sequence[OutboxMessage]) -> list[str | None]:
        """Send all; per message None when acknowledged or a reason code. Raises Unavailable when nothing is known."""
        waiting = [await self._send(message) for message in messages]
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        return [await self._settle(message, answer) for message, answer in zip(messages, answers, strict=True)]

    async def _send(self, message: OutboxMessage) -> asyncio.Future[object]:
        try:
            future: asyncio.Future[object] = await self._producer.send(
                message.topic,
                key=message.key.encode(),
                value=message.value,
                headers=[(name, value.encode()) for name, value in message.headers.items()],
            )
        except KafkaError as error:
            future = asyncio.get_running_loop().create_future()
            future.set_exception(error)
        return future

    async def _settle(self, message: OutboxMessage, answer: object) -> str | None:
        """A batch is refused whole when one record in it is too large, so its records are tried again alone."""
        if isinstance(answer, MessageSizeTooLargeError):
            try:
                await (await self._send(message))
            except MessageSizeTooLargeError:
                return TOO_LARGE
            except KafkaError as error:
                raise Unavailable(f"the broker did not acknowledge: {type(error).__name__}") from error
            return None
        if isinstance(answer, BaseException):
            raise Unavailable(f"the broker did not acknowledge: {type(answer).__name__}") from answer
        return None
