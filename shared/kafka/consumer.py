"""The consumer loop: poll, handle, commit.

Invariants: an offset is committed only after the transaction that settled its record; a record that fails alone goes to
`reject` and its partition goes on; while the database is away nothing is skipped, the group is kept, and the same batch
is tried again; on shutdown the batch in hand is finished or left uncommitted, never acknowledged unfinished.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from opentelemetry.trace import SpanKind
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_random_exponential

from shared.kafka.connection import connection_arguments
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings
from shared.telemetry.logging import get_logger
from shared.telemetry.metrics import counter, gauge, histogram
from shared.telemetry.tracing import TRACE_HEADER, Attribute, Value, span
from shared.transient import is_transient

HandleBatch = Callable[[Sequence[Record]], Awaitable[None]]
RejectRecord = Callable[[Record, str], Awaitable[None]]

UNHANDLED = "handler-failed"
"""Reason code of a record that made the handler fail for a cause nobody named."""

_LONGEST_OUTAGE_MS = 24 * 3600 * 1000

_log = get_logger(__name__)
_consumed = counter("chartline_consumed_records_total", "Records settled.", ("group", "topic"))
_lag = gauge("chartline_consumer_lag_records", "Records of our partitions that are not settled.", ("group", "topic"))
_batch_seconds = histogram("chartline_consumer_batch_seconds", "Time to settle one poll's batch.", ("group",))


class _Stopping(Exception):
    """`stop` was set while a batch could not be settled; it stays uncommitted."""


class ConsumerLoop:
    """One member of one consumer group, settling one batch at a time."""

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        group: str,
        topics: Sequence[str],
        handle: HandleBatch,
        reject: RejectRecord,
    ) -> None:
        """`handle` settles a batch in one transaction; `reject` holds one record in a transaction of its own."""
        self._settings = settings
        self._group = f"{settings.group_prefix}-{group}"
        self._topics = [str(topic) for topic in topics]
        self._handle = handle
        self._reject = reject

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`, then leave the group."""
        consumer = self._make_consumer()
        await consumer.start()
        try:
            while not stop.is_set():
                await self._turn(consumer, stop)
        except _Stopping:
            _log.warning("consumer-stops-with-unsettled-batch", group=self._group)
        finally:
            await consumer.stop()

    def _make_consumer(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            *self._topics,
            **connection_arguments(self._settings),
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            # A batch may wait out an outage of the database; heartbeats go on meanwhile, and a member that is
            # thrown out for polling late cannot always rejoin.
            max_poll_interval_ms=_LONGEST_OUTAGE_MS,
            max_partition_fetch_bytes=self._settings.max_record_bytes,
            fetch_max_bytes=4 * self._settings.max_record_bytes,
        )

    async def _turn(self, consumer: AIOKafkaConsumer, stop: asyncio.Event) -> None:
        polled = await consumer.getmany(
            timeout_ms=self._settings.poll_timeout_ms, max_records=self._settings.poll_max_records
        )
        records = [_record(entry) for entries in polled.values() for entry in entries]
        await self._tell_lag(consumer, records)
        if not records:
            return
        with _batch_seconds.labels(self._group).time(), self._trace(records):
            await self._settle(stop, records)
        await self._commit(consumer, {place: entries[-1].offset + 1 for place, entries in polled.items()})
        for record in records:
            _consumed.labels(self._group, record.topic).inc()

    def _trace(self, records: Sequence[Record]) -> AbstractContextManager[None]:
        said: dict[Attribute, Value] = {Attribute.GROUP: self._group, Attribute.COUNT: len(records)}
        topics = {record.topic for record in records}
        if len(topics) == 1:
            said[Attribute.TOPIC] = topics.pop()
        traces = (value for record in records for name, value in record.headers if name == TRACE_HEADER)
        return span("settle records", SpanKind.CONSUMER, said, came_from=(value.decode("latin-1") for value in traces))

    async def _tell_lag(self, consumer: AIOKafkaConsumer, in_hand: Sequence[Record]) -> None:
        """Positions count what was polled as done, so what is in hand is added; it stays so while a batch waits."""
        behind = Counter(record.topic for record in in_hand)
        for place in consumer.assignment():
            end = consumer.highwater(place)
            if end is not None:
                behind[place.topic] += max(0, end - await consumer.position(place))
        for topic in self._topics:
            _lag.labels(self._group, topic).set(behind[topic])

    async def _settle(self, stop: asyncio.Event, records: Sequence[Record]) -> None:
        """Handle the batch; when it fails for good, halve it until the one record that is to blame."""
        error = await self._attempt(stop, lambda: self._handle(records))
        if error is None:
            return
        if len(records) == 1:
            await self._put_aside(stop, records[0], error)
            return
        middle = len(records) // 2
        await self._settle(stop, records[:middle])
        await self._settle(stop, records[middle:])

    async def _put_aside(self, stop: asyncio.Event, record: Record, error: Exception) -> None:
        reason = getattr(error, "code", UNHANDLED)
        reason = reason if isinstance(reason, str) else UNHANDLED
        topic, partition, offset = record.position
        _log.error("record-rejected", topic=topic, partition=partition, offset=offset, reason=reason, exc_info=error)
        failed = await self._attempt(stop, lambda: self._reject(record, reason))
        if failed is not None:
            raise failed

    async def _attempt(self, stop: asyncio.Event, action: Callable[[], Awaitable[None]]) -> Exception | None:
        """Run `action`, waiting out transient failures; returns the error that trying again would not mend."""
        try:
            async for attempt in self._retrying(stop):
                with attempt:
                    await action()
        except _Stopping:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a record causes, its partition must go on
            return error
        return None

    def _retrying(self, stop: asyncio.Event) -> AsyncRetrying:
        async def rest(seconds: float) -> None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), timeout=seconds)
            if stop.is_set():
                raise _Stopping

        def tell(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            _log.warning(
                "batch-waits", group=self._group, error_class=type(error).__name__, attempt=state.attempt_number
            )

        return AsyncRetrying(
            retry=retry_if_exception(is_transient),
            wait=wait_random_exponential(multiplier=0.2, max=10),
            sleep=rest,
            before_sleep=tell,
            reraise=True,
        )

    async def _commit(self, consumer: AIOKafkaConsumer, offsets: dict[TopicPartition, int]) -> None:
        """Commit what is still ours; what a rebalance took is found in the inbox by its next owner."""
        assigned = consumer.assignment()
        ours = {place: offset for place, offset in offsets.items() if place in assigned}
        try:
            if ours:
                await consumer.commit(ours)
        except (IllegalStateError, KafkaError) as error:
            _log.warning("offsets-not-committed", group=self._group, error_class=type(error).__name__)


def _record(entry: ConsumerRecord[bytes, bytes]) -> Record:
    return Record(
        topic=entry.topic,
        partition=entry.partition,
        offset=entry.offset,
        key=entry.key,
        value=entry.value,
        headers=tuple((name, bytes(value or b"")) for name, value in entry.headers),
        timestamp_ms=entry.timestamp,
    )
