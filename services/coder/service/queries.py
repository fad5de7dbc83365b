"""Writes queries to clinicians and sends them: linted, on the record, with the chart on hold.

Place in the flow: behind the query routes and the composer. Invariants: what is sent was linted in the transaction that
sends it; only a lead overrides, and the reason stays on the record; a sent query holds its chart until it is closed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from services.coder.hold import HoldEnded, HoldReason, NewHold
from services.coder.queries.life import (
    QueryClosed,
    QueryEvent,
    QueryId,
    QueryPolicy,
    QueryRefused,
    QueryState,
    plan_next_look,
    start_clock,
)
from services.coder.queries.linter import LintFinding, lint
from services.coder.queries.model import QueryContent
from services.coder.queries.prefill import propose_query
from services.coder.queries.record import ChartRecord
from services.coder.queries.templates import Template, load_templates
from services.coder.query_models import (
    QueriesToMe,
    QueryRequest,
    QueryView,
    ReassignRequest,
    show_query,
    show_to_addressee,
)
from services.coder.service.answers import answer_once
from services.coder.service.chart_records import ChartRecords
from services.coder.service.deciding import Coder
from services.coder.service.holding import lift_hold, place_hold
from services.coder.service.query_dispatch import dispatch_query
from services.coder.store import charts, queries, suggestions, work_items
from services.coder.store.queries import OpenQueries, QueryEntry, StoredQuery
from services.coder.work_item import ChartId, LeaseLost, OpenPoint
from shared.audit.trail import name_entity, record_change
from shared.contracts.errors import Forbidden, NotFound, RevisionChanged
from shared.pages import MOMENTS, Moment, cut_page
from shared.postgres.answers import Repeatable
from shared.postgres.pool import Connection, Pool


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes or sends, as what the request may come again, and whether a lead's rights are theirs."""

    coder: Coder
    is_lead: bool = False
    repeatable: Repeatable | None = None


@dataclass(frozen=True)
class Queries:
    """The use cases around physician queries."""

    pool: Pool
    policy: QueryPolicy
    records: ChartRecords

    async def propose(self, chart_id: ChartId, template: str | None, suggestion_id: UUID | None) -> QueryContent:
        """Begin a query with the indicators that the chart offers; raises NotFound."""
        if template and template not in load_templates():
            raise NotFound("there is no template with this id")
        chosen: Template | None = load_templates()[template] if template else None
        async with self.pool.acquire() as connection:
            version, record = await self.records.read(connection, chart_id)
            proposed = await suggestions.read_suggestions(connection, chart_id, version)
        about = next((each.content for each in proposed if each.suggestion_id == suggestion_id), None)
        if suggestion_id and about is None:
            raise NotFound("the chart version has no suggestion with this id")
        return await asyncio.to_thread(propose_query, record, chosen, about)

    async def read_record(self, chart_id: ChartId) -> ChartRecord:
        """Read what a query about a chart may cite; raises NotFound."""
        async with self.pool.acquire() as connection:
            _, record = await self.records.read(connection, chart_id)
        return record

    async def lint(self, chart_id: ChartId, content: QueryContent) -> list[LintFinding]:
        """Hold a query against every rule, changing nothing; raises NotFound."""
        return await asyncio.to_thread(lint, content, await self.read_record(chart_id))

    async def write(self, writer: Writer, chart_id: ChartId, request: QueryRequest) -> QueryView:
        """Keep a draft; raises NotFound."""

        async def act(connection: Connection) -> QueryView:
            version, _ = await self.records.read(connection, chart_id)
            query_id = QueryId(uuid4())
            await queries.insert_query(
                connection,
                query_id,
                chart_id,
                version,
                request.content,
                written_by=writer.coder.subject,
                practitioner=writer.coder.practitioner,
                addressee=request.addressee,
            )
            await _note(connection, query_id, QueryEvent.WRITTEN, writer.coder.subject)
            return await _show(connection, query_id)

        return await answer_once(self.pool, writer.repeatable, QueryView, act)

    async def revise(self, writer: Writer, query_id: QueryId, revision: int, request: QueryRequest) -> QueryView:
        """Change a draft as it was read at `revision`; raises NotFound, QueryClosed and RevisionChanged."""
        async with self.pool.acquire() as connection, connection.transaction():
            query = await _lock(connection, query_id, QueryState.DRAFT)
            version, _ = await self.records.read(connection, query.chart_id)
            changed = await queries.revise_query(
                connection, query_id, revision, version, request.content, request.addressee
            )
            if not changed:
                raise RevisionChanged("somebody changed the draft; read it again, then change it")
            await _note(connection, query_id, QueryEvent.REVISED, writer.coder.subject)
            await record_change(connection)
            return await _show(connection, query_id)

    async def send(self, writer: Writer, query_id: QueryId, override_reason: str | None = None) -> QueryView:
        """Send a draft and hold its chart; raises QueryRefused, Forbidden, NotFound, QueryClosed and LeaseLost."""

        async def act(connection: Connection) -> QueryView:
            query = await _lock(connection, query_id, QueryState.DRAFT)
            _, record = await self.records.read(connection, query.chart_id)
            findings = await asyncio.to_thread(lint, query.content, record)
            if findings:
                await _override(connection, writer, query_id, findings, override_reason)
            await self._send(connection, writer, query)
            return await _show(connection, query_id)

        return await answer_once(self.pool, writer.repeatable, QueryView, act)

    async def _send(self, connection: Connection, writer: Writer, query: StoredQuery) -> None:
        holder = await work_items.find_holder(connection, query.chart_id)
        if holder not in (None, writer.coder.subject) and not writer.is_lead:
            raise LeaseLost("the chart is in another coder's hands, and sending would take it away; ask a lead")
        now = datetime.now(UTC)
        clock = start_clock(now, self.policy)
        sent = replace(query, state=QueryState.SENT, sent_at=now, due_at=clock.due_at)
        pause = NewHold(HoldReason.PENDING_QUERY, clock.due_at.date(), "a clinician is asked")
        hold = await place_hold(connection, query.chart_id, pause, placed_by=writer.coder.subject)
        await queries.send_query(connection, sent, plan_next_look(clock, now, self.policy), hold.hold_id)
        await _note(connection, query.query_id, QueryEvent.SENT, writer.coder.subject, query.addressee)
        await dispatch_query(connection, sent, now)

    async def withdraw(self, writer: Writer, query_id: QueryId, reason: str) -> QueryView:
        """Take a draft or a sent query back; raises NotFound and QueryClosed."""

        async def act(connection: Connection) -> QueryView:
            query = await _lock(connection, query_id, QueryState.DRAFT, QueryState.SENT)
            await queries.withdraw_query(connection, query_id)
            await _note(connection, query_id, QueryEvent.WITHDRAWN, writer.coder.subject, reason)
            if query.state is QueryState.SENT:
                await release_chart(connection, query, writer.coder.subject)
                await dispatch_query(connection, replace(query, state=QueryState.WITHDRAWN), datetime.now(UTC))
            return await _show(connection, query_id)

        return await answer_once(self.pool, writer.repeatable, QueryView, act)

    async def reassign(self, writer: Writer, query_id: QueryId, request: ReassignRequest) -> QueryView:
        """Ask another clinician, whose time begins now; raises NotFound and QueryClosed."""

        async def act(connection: Connection) -> QueryView:
            query = await _lock(connection, query_id, QueryState.SENT)
            now = datetime.now(UTC)
            clock = start_clock(now, self.policy)
            moved = replace(query, addressee=request.addressee, due_at=clock.due_at, reminders=0, escalated_at=None)
            await queries.readdress_query(connection, moved, plan_next_look(clock, now, self.policy))
            detail = f"{query.addressee} to {request.addressee}: {request.reason}"
            await _note(connection, query_id, QueryEvent.REASSIGNED, writer.coder.subject, detail)
            await dispatch_query(connection, moved, now)
            return await _show(connection, query_id)

        return await answer_once(self.pool, writer.repeatable, QueryView, act)

    async def read(self, query_id: QueryId) -> QueryView:
        """Read a query with its record; raises NotFound."""
        async with self.pool.acquire() as connection:
            return await _show(connection, query_id)

    async def list_of_chart(
        self, chart_id: ChartId, after: Moment | None = None, limit: int | None = None
    ) -> list[QueryView]:
        """List the queries of a chart, the oldest first; raises NotFound."""
        async with self.pool.acquire() as connection:
            item = await work_items.find_by_chart(connection, chart_id)
            if item is None:
                raise NotFound("there is no chart with this id")
            found = await queries.list_of_chart(connection, chart_id, after, limit)
            return await _show_all(connection, found)

    async def read_page_to(self, addressee: str, after: Moment | None, limit: int) -> QueriesToMe:
        """Read a page of what a clinician was asked, the latest first."""
        shown, last = cut_page(await queries.list_to(self.pool, addressee, after, limit + 1), limit)
        end = Moment(last.sent_at, last.query_id) if last and last.sent_at else None
        return QueriesToMe(queries=tuple(map(show_to_addressee, shown)), next=MOMENTS.write(end) if end else None)


def list_open_queries(counts: OpenQueries) -> list[OpenPoint]:
    """What queries keep a chart from being completed, each with its fix."""
    points = []
    if counts.drafts:
        message = "a query is being written: send it, or withdraw it with a reason"
        points.append(OpenPoint("open-query", message, "Task.where(status = 'draft')"))
    if counts.sent:
        message = (
            "a clinician has been asked: wait for the answer, ask another one, or withdraw the query with a reason"
        )
        points.append(OpenPoint("open-query", message, "Task.where(status = 'requested')"))
    return points


async def release_chart(connection: Connection, query: StoredQuery, actor: str) -> None:
    """Lift the hold of a query that is closed, where nothing else has ended it."""
    if query.hold_id:
        try:
            await lift_hold(connection, query.hold_id, lifted_by=actor)
        except HoldEnded:
            return  # a late document woke the chart before


async def _lock(connection: Connection, query_id: QueryId, *states: QueryState) -> StoredQuery:
    query = await queries.lock_query(connection, query_id)
    if query is None:
        raise NotFound("there is no query with this id")
    if query.state not in states:
        raise QueryClosed(f"the query is {query.state}; this needs one that is {' or '.join(states)}")
    return query


async def _override(
    connection: Connection, writer: Writer, query_id: QueryId, findings: Sequence[LintFinding], reason: str | None
) -> None:
    """Let a lead send what breaks rules, on the record; raises QueryRefused, and Forbidden for anybody else."""
    if reason is None:
        raise QueryRefused(findings)
    if not writer.is_lead:
        raise Forbidden("only a lead may send a query that breaks a rule, with a reason; mend it, or ask a lead")
    rules = ", ".join(dict.fromkeys(finding.rule for finding in findings))
    await _note(connection, query_id, QueryEvent.OVERRIDDEN, writer.coder.subject, f"{rules}: {reason}")


async def _note(
    connection: Connection, query_id: QueryId, event: QueryEvent, actor: str, detail: str | None = None
) -> None:
    await queries.insert_event(connection, query_id, QueryEntry(event, actor, detail, datetime.now(UTC)))


async def _show(connection: Connection, query_id: QueryId) -> QueryView:
    query = await queries.read_query(connection, query_id)
    if query is None:
        raise NotFound("there is no query with this id")
    (view,) = await _show_all(connection, [query])
    return view


async def _show_all(connection: Connection, found: Sequence[StoredQuery]) -> list[QueryView]:
    """Shape queries of one chart."""
    if not found:
        return []
    name_entity("chart", found[0].chart_id)
    item = await work_items.find_by_chart(connection, found[0].chart_id)
    version = item.chart_version if item else found[0].chart_version
    chart = await charts.read_chart(connection, found[0].chart_id, version)
    entries = await queries.list_events(connection, [query.query_id for query in found])
    sources = {document.source for document in chart.documents}
    return [show_query(query, entries.get(query.query_id, []), sources) for query in found]
