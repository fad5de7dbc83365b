"""The producer: acks=all, idempotent, compressed; and the publisher that the outbox relay drives."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NoReturn

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


@asynccontextmanager
async def open_publisher(settings: KafkaSettings) -> AsyncIterator["KafkaPublisher"]:
    """Open the publisher of an outbox relay, and flush it at the end."""
    publisher = KafkaPublisher(settings)
    try:
        yield publisher
    finally:
        await publisher.close()


class KafkaPublisher:
    """Publishes outbox messages in order, and tells apart what can never be sent from what is only late.

    An idempotent producer that was refused a batch has a gap in its sequence and is of no more use; after any failure
    the next send opens a new one. Consumers recognise what is thereby sent twice by its message id.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._opened = AsyncExitStack()
        self._producer: AIOKafkaProducer | None = None

    async def publish(self, messages: Sequence[OutboxMessage]) -> list[str | None]:
        """Send all; per message None when acknowledged or a reason code. Raises Unavailable when nothing is known."""
        try:
            waiting = [await self._send(message) for message in messages]
            await asyncio.gather(*waiting)
        except MessageSizeTooLargeError:
            await self.close()
            return [await self._publish_alone(message) for message in messages]
        except KafkaError as error:
            await self._give_up(error)
        return [None] * len(messages)

    async def close(self) -> None:
        """Flush and close the producer, if one is open."""
        self._producer = None
        await self._opened.aclose()

    async def _publish_alone(self, message: OutboxMessage) -> str | None:
        """A batch is refused whole when one record in it is too large; alone, the culprit shows itself."""
        try:
            await (await self._send(message))
        except MessageSizeTooLargeError:
            await self.close()
            return TOO_LARGE
        except KafkaError as error:
            await self._give_up(error)
        return None

    async def _send(self, message: OutboxMessage) -> asyncio.Future[object]:
        producer = self._producer or await self._open()
        acknowledged: asyncio.Future[object] = await producer.send(
            message.topic,
            key=message.key.encode(),
            value=message.value,
            headers=[(name, value.encode()) for name, value in message.headers.items()],
        )
        return acknowledged

    async def _open(self) -> AIOKafkaProducer:
        self._producer = await self._opened.enter_async_context(open_producer(self._settings))
        return self._producer

    async def _give_up(self, error: KafkaError) -> NoReturn:
        await self.close()
        raise Unavailable(f"the broker did not acknowledge: {type(error).__name__}") from error
