"""Quarantine: records that cannot be used are kept whole, told to operators, and stop nothing.

Invariant: a held record has its row in `quarantine`, its copy on the way to the dead-letter topic, and the outcome
`quarantined`, all in one transaction.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from shared.contracts.topics import MAX_RECORD_BYTES, Topic
from shared.kafka.record import Record
from shared.postgres.inbox import InboxEntry, Outcome
from shared.postgres.outbox import Outbox, OutboxMessage
from shared.postgres.pool import Connection
from shared.postgres.statements import Statements

_HEADROOM_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Unusable:
    """A record and why it cannot be used: a stable reason code, and the FHIRPath or field where it shows."""

    record: Record
    reason: str
    expression: str | None = None


class Quarantine:
    """The quarantine of one schema."""

    def __init__(self, schema: str) -> None:
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
        return [InboxEntry(item.record, Outcome.QUARANTINED, reason=item.reason) for item in unusable]


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
