"""Writes audit events.

Invariant: an event is written by the transaction that does what it is about, or before its reader gets an answer; no
chain is computed here, so that writers never wait for one another.
"""

from datetime import UTC, datetime
from uuid import uuid4

from shared.audit import SCHEMA
from shared.audit.event import AuditedAction, word_event
from shared.postgres.pool import Executor
from shared.postgres.statements import Statements

SQL = Statements("shared.audit", schema=SCHEMA)


async def write_event(connection: Executor, done: AuditedAction) -> None:
    """Write one event on the caller's connection."""
    event_id, now = uuid4(), datetime.now(UTC)
    body = word_event(event_id, now, done)
    await SQL.execute(connection, "insert_event", event_id=event_id, service=done.service, recorded_at=now, body=body)
