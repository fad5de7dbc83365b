"""Takes in `query.response.v1`: one transaction a batch, one outcome a record.

Invariants: an answer closes its query and wakes the chart, whenever it comes; it is kept as it came; one that names no
query that was sent is quarantined. Nothing here is evidence: that is the addendum, which comes with the chart.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from services.coder import SCHEMA
from services.coder.queries.exchange import Answer, AnswerUnmatched, read_answer
from services.coder.queries.life import QueryEvent, QueryId, QueryState
from services.coder.service.queries import release_chart
from services.coder.store import queries
from services.coder.store.queries import QueryEntry, StoredQuery
from shared.contracts.errors import InvalidContent
from shared.kafka.record import Record
from shared.postgres.inbox import Inbox, InboxEntry, Outcome
from shared.postgres.pool import Connection, Pool
from shared.postgres.quarantine import Quarantine, Unusable

CLINICIAN = "clinician"
"""Who is named in a query's record where the Communication names no sender."""


class QueryAnswers:
    """Settles batches of answers."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._inbox = Inbox(SCHEMA)
        self._quarantine = Quarantine(SCHEMA)

    async def take_in(self, records: Sequence[Record]) -> None:
        """Give every record that has none its outcome, and apply what is new, in the order in which it came."""
        async with self._pool.acquire() as connection, connection.transaction():
            unusable: list[Unusable] = []
            entries: list[InboxEntry] = []
            seen: set[str] = set()
            for record in await self._inbox.unseen(connection, records):
                try:
                    answer = read_answer(record.value)
                    outcome = await self._apply(connection, record, answer, seen)
                except InvalidContent as error:
                    unusable.append(Unusable(record, error.code, error.expression))
                else:
                    entries.append(InboxEntry(record, outcome, message_id=answer.sha256))
            held = await self._quarantine.hold(connection, unusable)
            await self._inbox.record(connection, [*entries, *held])

    async def _apply(self, connection: Connection, record: Record, answer: Answer, seen: set[str]) -> Outcome:
        """Apply one answer; raises AnswerUnmatched where no such query was sent."""
        known = seen | await self._inbox.known_messages(connection, record.topic, [answer.sha256])
        if answer.sha256 in known:
            return Outcome.DUPLICATE
        seen.add(answer.sha256)
        query = await queries.lock_query(connection, QueryId(answer.query_id))
        if query is None or query.sent_at is None:
            raise AnswerUnmatched("no query with this id was sent", expression="Communication.basedOn")
        await keep_answer(connection, query, answer)
        return Outcome.APPLIED


async def keep_answer(connection: Connection, query: StoredQuery, answer: Answer) -> None:
    """Close the query where it is open; an answer to one that was withdrawn goes on its record and no further."""
    now = datetime.now(UTC)
    actor = answer.answered_by or CLINICIAN
    await queries.insert_event(
        connection, query.query_id, QueryEntry(QueryEvent.ANSWERED, actor, f"sha256 {answer.sha256}", now)
    )
    if answer.addendum:
        entry = QueryEntry(QueryEvent.ADDENDUM, actor, answer.addendum, now)
        await queries.insert_event(connection, query.query_id, entry)
    if query.state is not QueryState.WITHDRAWN:
        await queries.answer_query(connection, query.query_id, answer.body, answer.addendum, now)
    if query.state is QueryState.SENT:
        await release_chart(connection, query, actor)
