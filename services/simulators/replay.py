"""Sends events to Kafka as an integration engine would: bytes as they are, keyed, in order, at a set pace.

Invariant: a second event of a key is never acknowledged before the first; when this returns, all are acknowledged.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

from aiokafka import AIOKafkaProducer

from services.simulators.events import Event

BATCH = 100
"""Events between two looks at the clock."""


async def send_events(
    producer: AIOKafkaProducer,
    events: Sequence[Event],
    *,
    events_per_second: float | None = None,
    advance: Callable[[int], None] = lambda sent: None,
) -> None:
    """Send `events` in order, as fast as Kafka goes or at `events_per_second`; `advance` is told the count so far."""
    started = time.monotonic()
    sent = 0
    step = BATCH if events_per_second is None else max(1, min(BATCH, int(events_per_second / 10)))
    while sent < len(events):
        group = events[sent : sent + step]
        waiting = [await producer.send(event.topic, key=event.key, value=event.value) for event in group]
        await asyncio.gather(*waiting)
        sent += len(group)
        advance(sent)
        if events_per_second is not None:
            await asyncio.sleep(max(0.0, started + sent / events_per_second - time.monotonic()))
