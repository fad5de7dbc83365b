"""The inbox: what became of every record, written in the transaction that applies it.

Invariant: a position (topic, partition, offset) has exactly one outcome, and the partition's count moves with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import asyncpg

from shared.contracts.errors import Unavailable
from shared.kafka.record import Record
from shared.postgres.pool import Connection
from shared.postgres.statements import Statements


class Outcome(StrEnum):
    """What can become of a record; see the table in docs/architecture.md."""

    APPLIED = "applied"
    STALE = "stale"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """The outcome of one record. `message_id` is the sender's id of the event, `reason` a code, never free text."""

    record: Record
    outcome: Outcome
    message_id: str | None = None
    reason: str | None = None


class PositionTaken(Unavailable):
    """Two consumers hold a partition for a moment during a rebalance; the later one finds the records settled."""

    code = "position-taken"


class Inbox:
    """The inbox of one schema."""

    def __init__(self, schema: str) -> None:
        self._sql = Statements("shared.postgres", schema=schema)

    async def unseen(self, connection: Connection, records: Sequence[Record]) -> list[Record]:
        """Drop the records whose positions have an outcome already: Kafka delivers them again after a crash."""
        topics, partitions, offsets = _columns(records)
        rows = await self._sql.fetch(connection, "find_recorded", topics=topics, partitions=partitions, offsets=offsets)
        recorded = {(row["topic"], row["partition"], row["offset"]) for row in rows}
        return [record for record in records if record.position not in recorded]

    async def known_messages(self, connection: Connection, topic: str, message_ids: Sequence[str]) -> set[str]:
        """Tell which of these message ids were applied before."""
        rows = await self._sql.fetch(connection, "find_known_messages", topic=topic, message_ids=list(message_ids))
        return {row["message_id"] for row in rows}

    async def record(self, connection: Connection, entries: Sequence[InboxEntry]) -> None:
        """Write the outcomes of fresh records; raises PositionTaken when a position has got one meanwhile."""
        if not entries:
            return
        try:
            await self._insert(connection, entries)
        except asyncpg.UniqueViolationError:
            raise PositionTaken("another consumer settled these records; read them again") from None

    async def _insert(self, connection: Connection, entries: Sequence[InboxEntry]) -> None:
        topics, partitions, offsets = _columns([entry.record for entry in entries])
        await self._sql.execute(
            connection,
            "record_outcomes",
            topics=topics,
            partitions=partitions,
            offsets=offsets,
            message_ids=[entry.message_id for entry in entries],
            outcomes=[entry.outcome.value for entry in entries],
            reasons=[entry.reason for entry in entries],
        )


def _columns(records: Sequence[Record]) -> tuple[list[str], list[int], list[int]]:
    return (
        [record.topic for record in records],
        [record.partition for record in records],
        [record.offset for record in records],
    )
