"""The outbox: messages written in the transaction that causes them, published afterwards by a leased relay.

Invariants: messages of one key are published in order of id; a row is marked only after the broker's acknowledgement
and only under a live lease; a message that can never be sent is parked and blocks nothing.
"""

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID, uuid4

import asyncpg
from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.envelope import CONTENT_TYPE, Envelope
from shared.contracts.errors import Unavailable
from shared.loops import rest
from shared.postgres.pool import Connection, Pool
from shared.postgres.statements import Statements
from shared.telemetry.logging import get_logger
from shared.telemetry.metrics import counter
from shared.telemetry.tracing import carry_trace
from shared.transient import TRANSIENT_ERRORS

_log = get_logger(__name__)
_published = counter("chartline_outbox_published_total", "Messages acknowledged by the broker.", ("schema", "topic"))
_parked = counter("chartline_outbox_parked_total", "Messages that can never be sent.", ("schema",))
_LEASE = "outbox"
_WAITS: tuple[type[Exception], ...] = (Unavailable, asyncpg.PostgresError, *TRANSIENT_ERRORS)


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message to publish. `message_id` is the event's id, by which its consumer recognises a repetition."""

    topic: str
    key: str
    value: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict)
    message_id: str | None = None


def event_message(event: Envelope[Any]) -> OutboxMessage:
    """Make the outbox message of one of our events: its type is the topic, its subject the key."""
    return OutboxMessage(
        topic=event.type,
        key=event.subject,
        value=event.encode(),
        headers={"content-type": CONTENT_TYPE},
        message_id=str(event.id),
    )


class Outbox:
    """The outbox of one schema."""

    def __init__(self, schema: str) -> None:
        self._sql = Statements("shared.postgres", schema=schema)

    async def enqueue(self, connection: Connection, messages: Sequence[OutboxMessage]) -> None:
        """Append messages in order, each with the current trace; the caller's transaction decides whether they go."""
        if messages:
            trace = carry_trace()
            await self._sql.execute(
                connection,
                "enqueue_messages",
                message_ids=[message.message_id for message in messages],
                topics=[str(message.topic) for message in messages],
                keys=[message.key for message in messages],
                values=[message.value for message in messages],
                headers=[json.dumps({**message.headers, **trace}) for message in messages],
            )


class Publisher(Protocol):
    """What the relay needs of a producer."""

    async def publish(self, messages: Sequence["OutboxMessage"]) -> list[str | None]:
        """Send in order; for each message None when acknowledged, or the reason why it can never be sent.

        Raises when the broker is unreachable: then nothing is known, and all are sent again.
        """
        ...


class RelaySettings(BaseModel):
    """How the relay works: rows a pass, seconds to wait when there is nothing, seconds that a lease lasts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch_size: int = Field(default=500, ge=1)
    idle_seconds: float = Field(default=0.25, gt=0)
    lease_seconds: float = Field(default=10.0, gt=0)


class OutboxRelay:
    """Publishes one schema's outbox; any number may run, one at a time works."""

    def __init__(self, pool: Pool, schema: str, publisher: Publisher, settings: RelaySettings | None = None) -> None:
        self._pool = pool
        self._schema = schema
        self._sql = Statements("shared.postgres", schema=schema)
        self._publisher = publisher
        self._parked = _parked.labels(schema)
        self._settings = settings or RelaySettings()
        self._token: UUID = uuid4()
        self._work = asyncio.Event()

    def wake(self) -> None:
        """Say that a transaction has just committed messages."""
        self._work.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until `stop`; what is unpublished then waits for the next relay."""
        try:
            while not stop.is_set():
                self._work.clear()
                if await self._pass_or_log() == 0:
                    await rest((self._work, stop), self._settings.idle_seconds)
        finally:
            await self._give_up()

    async def relay_once(self) -> int:
        """Publish one batch; returns how many rows were settled. 0 without the lease or without work."""
        if not await self._lease():
            return 0
        rows = await self._sql.fetch(self._pool, "read_waiting", limit=self._settings.batch_size)
        if not rows:
            return 0
        answers = await asyncio.wait_for(
            self._publisher.publish([_message(row) for row in rows]), timeout=self._settings.lease_seconds
        )
        return await self._settle(rows, answers)

    async def _settle(self, rows: Sequence[asyncpg.Record], answers: Sequence[str | None]) -> int:
        settled = 0
        published = [row for row, reason in zip(rows, answers, strict=True) if reason is None]
        fence = {"name": _LEASE, "token": self._token}
        async with self._pool.acquire() as connection, connection.transaction():
            if published:
                ids = [row["id"] for row in published]
                settled += _affected(await self._sql.execute(connection, "mark_published", ids=ids, **fence))
            for row, reason in zip(rows, answers, strict=True):
                if reason is not None:
                    tag = await self._sql.execute(connection, "park_message", id=row["id"], reason=reason, **fence)
                    settled += _affected(tag)
                    _log.error("outbox-message-parked", topic=row["topic"], reason=reason)
        for row in published:
            _published.labels(self._schema, row["topic"]).inc()
        self._parked.inc(len(rows) - len(published))
        return settled

    async def _lease(self) -> bool:
        seconds = self._settings.lease_seconds
        taken = await self._sql.fetchval(self._pool, "take_lease", name=_LEASE, token=self._token, seconds=seconds)
        return taken is not None

    async def _pass_or_log(self) -> int:
        try:
            return await self.relay_once()
        except _WAITS as error:
            _log.warning("outbox-relay-waits", error_class=type(error).__name__)
            return 0

    async def _give_up(self) -> None:
        with contextlib.suppress(*_WAITS):
            await self._sql.execute(self._pool, "give_lease_up", name=_LEASE, token=self._token)


def _message(row: asyncpg.Record) -> OutboxMessage:
    return OutboxMessage(topic=row["topic"], key=row["key"], value=row["value"], headers=json.loads(row["headers"]))


def _affected(command_tag: str) -> int:
    return int(command_tag.rsplit(" ", 1)[-1])
