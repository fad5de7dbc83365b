"""Queries to clinicians, and what happened to them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

import asyncpg

from services.coder.hold import HoldId
from services.coder.queries.life import Clock, QueryEvent, QueryId, QueryState
from services.coder.queries.model import QueryContent
from services.coder.store import SQL, bound_page
from services.coder.work_item import ChartId
from shared.pages import Moment
from shared.postgres.pool import Connection, Executor


@dataclass(frozen=True, slots=True)
class StoredQuery:
    """A query as it stands. `practitioner` is its writer, `addressee` the clinician, `answer` the text as it came."""

    query_id: QueryId
    chart_id: ChartId
    chart_version: int
    state: QueryState
    revision: int
    content: QueryContent
    written_by: str
    practitioner: str
    written_at: datetime
    addressee: str
    sent_at: datetime | None
    due_at: datetime | None
    reminders: int
    escalated_at: datetime | None
    hold_id: HoldId | None
    answer: str | None
    answered_at: datetime | None
    addendum: str | None
    closed_at: datetime | None

    @property
    def clock(self) -> Clock:
        """The clock of a query that was sent."""
        due_at = cast("datetime", self.due_at)  # the constraint query_sent holds it
        return Clock(due_at, self.reminders, self.escalated_at is not None)


@dataclass(frozen=True, slots=True)
class QueryEntry:
    """One line of a query's record."""

    event: QueryEvent
    actor: str
    detail: str | None
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class OpenQueries:
    """How many queries keep a chart from being completed."""

    drafts: int
    sent: int


async def insert_query(
    connection: Connection,
    query_id: QueryId,
    chart_id: ChartId,
    chart_version: int,
    content: QueryContent,
    *,
    written_by: str,
    practitioner: str,
    addressee: str,
) -> None:
    """Keep a new draft."""
    await SQL.execute(
        connection,
        "insert_query",
        query_id=query_id,
        chart_id=chart_id,
        chart_version=chart_version,
        content=content.model_dump_json(),
        written_by=written_by,
        practitioner=practitioner,
        addressee=addressee,
    )


async def revise_query(
    connection: Connection,
    query_id: QueryId,
    revision: int,
    chart_version: int,
    content: QueryContent,
    addressee: str,
) -> bool:
    """Change a draft; False when it is not at this revision any more, or no draft."""
    changed = await SQL.fetchval(
        connection,
        "revise_query",
        query_id=query_id,
        revision=revision,
        chart_version=chart_version,
        content=content.model_dump_json(),
        addressee=addressee,
    )
    return changed is not None


async def send_query(connection: Connection, query: StoredQuery, next_look_at: datetime, hold_id: HoldId) -> None:
    """Mark a draft as sent, at its `sent_at` and due at its `due_at`; the caller holds its row."""
    await SQL.execute(
        connection,
        "send_query",
        query_id=query.query_id,
        revision=query.revision,
        sent_at=query.sent_at,
        due_at=query.due_at,
        next_look_at=next_look_at,
        hold_id=hold_id,
    )


async def lock_query(connection: Connection, query_id: QueryId) -> StoredQuery | None:
    """Read a query and hold it until the transaction ends."""
    row = await SQL.fetchrow(connection, "lock_query", query_id=query_id)
    return _query(row) if row else None


async def read_query(connection: Executor, query_id: QueryId) -> StoredQuery | None:
    """Read a query."""
    row = await SQL.fetchrow(connection, "read_query", query_id=query_id)
    return _query(row) if row else None


async def list_of_chart(
    connection: Executor, chart_id: ChartId, after: Moment | None = None, limit: int | None = None
) -> list[StoredQuery]:
    """List the queries of a chart, the oldest first."""
    rows = await SQL.fetch(connection, "list_queries_of_chart", chart_id=chart_id, limit=limit, **bound_page(after))
    return [_query(row) for row in rows]


async def list_to(connection: Executor, addressee: str, after: Moment | None, limit: int) -> list[StoredQuery]:
    """List what a clinician was asked, the latest first."""
    rows = await SQL.fetch(connection, "list_queries_to", addressee=addressee, limit=limit, **bound_page(after))
    return [_query(row) for row in rows]


async def count_open(connection: Executor, chart_id: ChartId) -> OpenQueries:
    """Count the drafts and sent queries of a chart."""
    row = await SQL.fetchrow(connection, "count_open_queries", chart_id=chart_id)
    return OpenQueries(row["drafts"], row["sent"]) if row else OpenQueries(0, 0)


async def answer_query(
    connection: Connection, query_id: QueryId, answer: str, addendum: str | None, answered_at: datetime
) -> None:
    """Keep an answer; the caller holds the query's row."""
    await SQL.execute(
        connection, "answer_query", query_id=query_id, answer=answer, addendum=addendum, answered_at=answered_at
    )


async def withdraw_query(connection: Connection, query_id: QueryId) -> None:
    """Take a query back; the caller holds its row."""
    await SQL.execute(connection, "withdraw_query", query_id=query_id)


async def close_unanswered(connection: Connection, query_id: QueryId, now: datetime) -> None:
    """Close a query whose time has passed; the caller holds its row."""
    await SQL.execute(connection, "close_unanswered", query_id=query_id, now=now)


async def readdress_query(connection: Connection, query: StoredQuery, next_look_at: datetime) -> None:
    """Store whom a sent query is with, its clock and its next look; the caller holds its row."""
    await SQL.execute(
        connection,
        "readdress_query",
        query_id=query.query_id,
        addressee=query.addressee,
        reminders=query.reminders,
        escalated_at=query.escalated_at,
        due_at=query.due_at,
        next_look_at=next_look_at,
    )


async def lock_due(connection: Connection, now: datetime, limit: int) -> list[StoredQuery]:
    """Hold the sent queries whose time has come, those longest overdue first."""
    return [_query(row) for row in await SQL.fetch(connection, "lock_due_queries", now=now, limit=limit)]


async def insert_event(connection: Connection, query_id: QueryId, entry: QueryEntry) -> None:
    """Append to a query's record."""
    await SQL.execute(
        connection,
        "insert_query_event",
        query_id=query_id,
        event=entry.event,
        actor=entry.actor,
        detail=entry.detail,
        happened_at=entry.happened_at,
    )


async def list_events(connection: Executor, query_ids: Sequence[QueryId]) -> dict[UUID, list[QueryEntry]]:
    """List the records of queries, in order."""
    found: defaultdict[UUID, list[QueryEntry]] = defaultdict(list)
    for row in await SQL.fetch(connection, "list_query_events", query_ids=list(query_ids)):
        entry = QueryEntry(QueryEvent(row["event"]), row["actor"], row["detail"], row["happened_at"])
        found[row["query_id"]].append(entry)
    return found


def _query(row: asyncpg.Record) -> StoredQuery:
    fields = dict(row)
    del fields["next_look_at"]
    return StoredQuery(
        **fields | {"state": QueryState(row["state"]), "content": QueryContent.model_validate_json(row["content"])}
    )
