"""Quarantine: records that cannot be used are kept whole, told to operators, and stop nothing.

Invariant: a held record has its row in `quarantine`, its copy on the way to the dead-letter topic, and the outcome
`quarantined`, all in one transaction.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.topics import MAX_RECORD_BYTES, Topic
from shared.kafka.record import Record
from shared.postgres.inbox import InboxEntry, Outcome
from shared.postgres.outbox import Outbox, OutboxMessage
from shared.postgres.pool import Connection, Executor
from shared.postgres.statements import Statements
from shared.telemetry.metrics import counter

_HEADROOM_BYTES = 64 * 1024
_held = counter(
    "chartline_quarantine_records_total", "Records held; counted again when a batch is repeated.", ("schema",)
)


@dataclass(frozen=True, slots=True)
class Unusable:
    """A record and why it cannot be used: a stable reason code, and the FHIRPath or field where it shows."""

    record: Record
    reason: str
    expression: str | None = None


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """What operators are told of a held record: never its key, headers or body."""

    quarantine_id: int
    topic: str
    partition: int
    offset: int
    reason: str
    expression: str | None
    size_bytes: int | None
    held_at: datetime
    replayed_at: datetime | None


class Quarantine:
    """The quarantine of one schema."""

    def __init__(self, schema: str) -> None:
        self._held = _held.labels(schema)
        self._sql = Statements("shared.postgres", schema=schema)
        self._outbox = Outbox(schema)

    async def hold(self, connection: Connection, unusable: Sequence[Unusable]) -> list[InboxEntry]:
        """Hold the records and return their inbox entries, which the caller records."""
        if unusable:
            records = [item.record for item in unusable]
            await self._sql.execute(
                connection,
                "hold_records",
                topics=[record.topic for record in records],
                partitions=[record.partition for record in records],
                offsets=[record.offset for record in records],
                keys=[record.key for record in records],
                headers=[_headers_json(record) for record in records],
                bodies=[record.value for record in records],
                reasons=[item.reason for item in unusable],
                expressions=[item.expression for item in unusable],
            )
            await self._outbox.enqueue(connection, [dead_letter(item) for item in unusable])
            self._held.inc(len(records))
        return [InboxEntry(item.record, Outcome.QUARANTINED, reason=item.reason) for item in unusable]

    async def list_held(
        self, executor: Executor, *, reason: str | None, before: int | None, limit: int
    ) -> list[HeldRecord]:
        """List what is held, newest first, at most `limit`; `before` is the last id of the page above."""
        rows = await self._sql.fetch(executor, "list_quarantine", reason=reason, before=before, limit=limit)
        return [HeldRecord(**dict(row)) for row in rows]

    async def read_held(self, executor: Executor, quarantine_id: int) -> Record | None:
        """Read one held record, whole."""
        row = await self._sql.fetchrow(executor, "read_quarantined", quarantine_id=quarantine_id)
        return Record(row["topic"], row["partition"], row["offset"], row["key"], row["body"]) if row else None

    async def mark_replayed(self, connection: Connection, quarantine_id: int, now: datetime) -> bool:
        """Say that a held record was applied after all; False when it was before."""
        marked = await self._sql.fetchval(connection, "mark_replayed", quarantine_id=quarantine_id, now=now)
        return marked is not None


def dead_letter(item: Unusable) -> OutboxMessage:
    """The copy for operators: original bytes, place and reason in headers; without the body when it would not fit."""
    record = item.record
    fits = record.value is None or len(record.value) < MAX_RECORD_BYTES - _HEADROOM_BYTES
    headers = {
        "source-topic": record.topic,
        "source-partition": str(record.partition),
        "source-offset": str(record.offset),
        "reason": item.reason,
        "body": "whole" if fits else "in-quarantine-only",
    }
    return OutboxMessage(
        topic=Topic.DEAD_LETTER,
        key=f"{record.topic}/{record.partition}/{record.offset}",
        value=record.value if fits else None,
        headers=headers,
    )


def _headers_json(record: Record) -> str:
    """Headers as JSON text; bytes as Latin-1, and no NUL, which jsonb cannot hold."""
    return json.dumps({name: value.decode("latin-1").replace("\0", "") for name, value in record.headers})
