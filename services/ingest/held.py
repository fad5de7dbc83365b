"""Reads of the quarantine for its operators, and the mark that a held record was applied after all."""

from dataclasses import dataclass
from datetime import datetime

from services.ingest.store import SQL
from shared.kafka.record import Record
from shared.postgres.pool import Connection, Executor


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """What is told of a held record: never its key, headers or body."""

    quarantine_id: int
    topic: str
    partition: int
    offset: int
    reason: str
    expression: str | None
    size_bytes: int | None
    held_at: datetime
    replayed_at: datetime | None


async def list_held(executor: Executor, *, reason: str | None, before: int | None, limit: int) -> list[HeldRecord]:
    """List what is held, newest first, at most `limit`; `before` is the last id of the page above."""
    rows = await SQL.fetch(executor, "list_quarantine", reason=reason, before=before, limit=limit)
    return [HeldRecord(**dict(row)) for row in rows]


async def read_held(executor: Executor, quarantine_id: int) -> Record | None:
    """Read one held record, whole."""
    row = await SQL.fetchrow(executor, "read_quarantined", quarantine_id=quarantine_id)
    return Record(row["topic"], row["partition"], row["offset"], row["key"], row["body"]) if row else None


async def mark_replayed(connection: Connection, quarantine_id: int, now: datetime) -> bool:
    """Say that a held record was applied after all; False when it was before."""
    marked = await SQL.fetchval(connection, "mark_replayed", quarantine_id=quarantine_id, now=now)
    return marked is not None
