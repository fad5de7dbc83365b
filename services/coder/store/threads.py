"""Second opinions: threads and what was written in them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NewType
from uuid import UUID

import asyncpg

from services.coder.store import SQL, bound_page
from services.coder.thread_models import AskedKind, Span, ThreadState
from services.coder.work_item import ChartId
from shared.pages import Moment
from shared.postgres.pool import Connection, Executor

ThreadId = NewType("ThreadId", UUID)


@dataclass(frozen=True, slots=True)
class NewThread:
    """A thread about to be kept; `span` is None for the whole chart."""

    thread_id: ThreadId
    chart_id: ChartId
    chart_version: int
    span: Span | None
    asked_kind: AskedKind
    asked: str
    opened_by: str


@dataclass(frozen=True, slots=True)
class StoredThread(NewThread):
    """A thread as it stands."""

    opened_at: datetime
    state: ThreadState
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredPost:
    """What somebody wrote."""

    author: str
    body: str
    posted_at: datetime


async def insert_thread(connection: Connection, new: NewThread) -> None:
    """Keep a new thread."""
    span = new.span
    await SQL.execute(
        connection,
        "insert_thread",
        thread_id=new.thread_id,
        chart_id=new.chart_id,
        chart_version=new.chart_version,
        document_id=span.document_id if span else None,
        document_version=span.version if span else None,
        start_at=span.start if span else None,
        end_at=span.end if span else None,
        asked_kind=new.asked_kind,
        asked=new.asked,
        opened_by=new.opened_by,
    )


async def insert_post(connection: Connection, thread_id: ThreadId, author: str, body: str) -> None:
    """Append to a thread."""
    await SQL.execute(connection, "insert_post", thread_id=thread_id, author=author, body=body)


async def lock_thread(connection: Connection, thread_id: ThreadId) -> StoredThread | None:
    """Read a thread and hold it until the transaction ends."""
    row = await SQL.fetchrow(connection, "lock_thread", thread_id=thread_id)
    return _thread(row) if row else None


async def mark_answered(connection: Connection, thread_id: ThreadId) -> None:
    """Say that somebody else than its opener wrote."""
    await SQL.execute(connection, "mark_thread_answered", thread_id=thread_id)


async def close_thread(connection: Connection, thread_id: ThreadId) -> None:
    """End a thread."""
    await SQL.execute(connection, "close_thread", thread_id=thread_id)


async def list_of_chart(
    connection: Executor, chart_id: ChartId, after: Moment | None = None, limit: int | None = None
) -> list[StoredThread]:
    """List the threads of a chart, the oldest first."""
    rows = await SQL.fetch(connection, "list_threads_of_chart", chart_id=chart_id, limit=limit, **bound_page(after))
    return [_thread(row) for row in rows]


async def list_for(
    connection: Executor, subject: str, lists: Collection[str], *, every_list: bool, after: Moment | None, limit: int
) -> list[StoredThread]:
    """List the open threads that concern a coder, the latest first."""
    rows = await SQL.fetch(
        connection,
        "list_threads_for",
        subject=subject,
        lists=list(lists),
        every_list=every_list,
        limit=limit,
        **bound_page(after),
    )
    return [_thread(row) for row in rows]


async def list_posts(connection: Executor, thread_ids: Sequence[ThreadId]) -> dict[UUID, list[StoredPost]]:
    """List what was written in threads, in order."""
    found: defaultdict[UUID, list[StoredPost]] = defaultdict(list)
    for row in await SQL.fetch(connection, "list_posts", thread_ids=list(thread_ids)):
        found[row["thread_id"]].append(StoredPost(row["author"], row["body"], row["posted_at"]))
    return found


def _thread(row: asyncpg.Record) -> StoredThread:
    fields = dict(row)
    document_id, version, start, end = (
        fields.pop(name) for name in ("document_id", "document_version", "start_at", "end_at")
    )
    span = Span(document_id=document_id, version=version, start=start, end=end) if document_id else None
    return StoredThread(**fields, span=span)
