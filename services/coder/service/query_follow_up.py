"""Follows up on queries that nobody answered: reminders, escalation, and at last the end.

Place in the flow: a loop of `app`. Invariant: each step is taken once, whatever the number of processes; after the last
the chart is back in the queue, and what is documented is coded.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from services.coder.queries.life import QueryEvent, QueryPolicy, QueryState, plan_follow_up, plan_next_look
from services.coder.service.queries import release_chart
from services.coder.service.query_dispatch import dispatch_query
from services.coder.store import queries, work_items
from services.coder.store.queries import QueryEntry, StoredQuery
from services.coder.work_item import State
from shared.postgres.pool import Connection, Pool

FOLLOW_UP = "follow-up"
"""Who is named in a query's record for what no person did."""
CODE_AS_DOCUMENTED = "no answer in time: code what is documented"
ENCOUNTER_VOID = "the encounter is void or open again"
_BATCH = 50


@dataclass(frozen=True)
class QueryFollowUp:
    """The clock of sent queries."""

    pool: Pool
    policy: QueryPolicy

    async def look(self, now: datetime | None = None) -> int:
        """Take the next step of every query whose time has come, at most 50; returns how many steps were taken."""
        moment = now or datetime.now(UTC)
        async with self.pool.acquire() as connection, connection.transaction():
            due = await queries.lock_due(connection, moment, _BATCH)
            for query in due:
                await self._step(connection, query, moment)
        return len(due)

    async def _step(self, connection: Connection, query: StoredQuery, now: datetime) -> None:
        step = plan_follow_up(query.clock, now, self.policy)
        item = await work_items.find_by_chart(connection, query.chart_id)
        if item and item.state is State.WITHDRAWN:
            await self._take_back(connection, query, now)
        elif step is QueryEvent.UNANSWERED:
            await self._give_up(connection, query, now)
        else:
            await self._remind(connection, query, now, escalates=step is QueryEvent.ESCALATED)

    async def _give_up(self, connection: Connection, query: StoredQuery, now: datetime) -> None:
        await queries.close_unanswered(connection, query.query_id, now)
        entry = QueryEntry(QueryEvent.UNANSWERED, FOLLOW_UP, CODE_AS_DOCUMENTED, now)
        await queries.insert_event(connection, query.query_id, entry)
        await release_chart(connection, query, FOLLOW_UP)
        await dispatch_query(connection, replace(query, state=QueryState.UNANSWERED), now)

    async def _take_back(self, connection: Connection, query: StoredQuery, now: datetime) -> None:
        """Nobody is asked about an encounter that never was; its holds ended when it became void."""
        await queries.withdraw_query(connection, query.query_id)
        entry = QueryEntry(QueryEvent.WITHDRAWN, FOLLOW_UP, ENCOUNTER_VOID, now)
        await queries.insert_event(connection, query.query_id, entry)
        await dispatch_query(connection, replace(query, state=QueryState.WITHDRAWN), now)

    async def _remind(self, connection: Connection, query: StoredQuery, now: datetime, *, escalates: bool) -> None:
        """Tell the addressee again, or the physician advisor; the time to answer stays what it is."""
        addressee = (self.policy.escalate_to or query.addressee) if escalates else query.addressee
        clock = replace(query.clock, reminders=query.reminders + 1, escalated=escalates or query.clock.escalated)
        told = replace(
            query, addressee=addressee, reminders=clock.reminders, escalated_at=now if escalates else query.escalated_at
        )
        await queries.readdress_query(connection, told, plan_next_look(clock, now, self.policy))
        event = QueryEvent.ESCALATED if escalates else QueryEvent.REMINDED
        await queries.insert_event(connection, query.query_id, QueryEntry(event, FOLLOW_UP, addressee, now))
        await dispatch_query(connection, told, now)
