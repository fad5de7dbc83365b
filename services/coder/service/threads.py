"""Second opinions: asks a colleague or a list about words of a chart, and keeps what is answered with the chart.

Place in the flow: behind the thread routes and the threads page. Invariants: nothing here reaches a claim; a note that
asks a clinician something is refused before it is kept; what was written is never changed.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import uuid4

from services.coder.glass import Sight
from services.coder.queries.notes import require_note
from services.coder.queries.record import ChartRecord
from services.coder.reach import Reach
from services.coder.service.answers import answer_once
from services.coder.service.chart_records import ChartRecords
from services.coder.service.queries import Writer
from services.coder.store import charts, glass, threads
from services.coder.store.threads import NewThread, StoredThread, ThreadId
from services.coder.thread_models import PostView, Span, ThreadRequest, ThreadsPage, ThreadView
from services.coder.work_item import ChartId
from shared.audit.trail import name_entity
from shared.contracts.errors import Conflict, InvalidContent, NotFound
from shared.contracts.messages import ChartReady
from shared.pages import MOMENTS, Moment, cut_page
from shared.postgres.answers import Repeatable
from shared.postgres.pool import Connection, Pool


class ThreadClosed(Conflict):
    """The thread was closed; begin another one."""

    code = "thread-closed"


@dataclass(frozen=True)
class Threads:
    """The use cases of second opinions."""

    pool: Pool
    records: ChartRecords

    async def ask(self, writer: Writer, chart_id: ChartId, request: ThreadRequest) -> ThreadView:
        """Begin a thread; raises NotFound, InvalidContent and NoteAsksClinician."""

        async def act(connection: Connection) -> ThreadView:
            version, record = await self.records.read(connection, chart_id)
            _require_span(record, request.span)
            require_note(request.asked, expression="asked")
            require_note(request.body, record.clinician_names)
            thread_id = ThreadId(uuid4())
            kind, asked = request.asked_kind, request.asked
            new = NewThread(thread_id, chart_id, version, request.span, kind, asked, writer.coder.subject)
            await threads.insert_thread(connection, new)
            await threads.insert_post(connection, thread_id, writer.coder.subject, request.body)
            return await _show(connection, thread_id)

        return await answer_once(self.pool, writer.repeatable, ThreadView, act)

    async def post(self, writer: Writer, thread_id: ThreadId, body: str) -> ThreadView:
        """Answer, or say more; raises NotFound, ThreadClosed and NoteAsksClinician."""

        async def act(connection: Connection) -> ThreadView:
            thread = await _lock_open(connection, thread_id)
            _, record = await self.records.read(connection, thread.chart_id)
            require_note(body, record.clinician_names)
            await threads.insert_post(connection, thread_id, writer.coder.subject, body)
            if writer.coder.subject != thread.opened_by:
                await threads.mark_answered(connection, thread_id)
            return await _show(connection, thread_id)

        return await answer_once(self.pool, writer.repeatable, ThreadView, act)

    async def close(self, thread_id: ThreadId, repeatable: Repeatable | None = None) -> ThreadView:
        """End a thread; it stays with the chart. Raises NotFound and ThreadClosed."""

        async def act(connection: Connection) -> ThreadView:
            await _lock_open(connection, thread_id)
            await threads.close_thread(connection, thread_id)
            return await _show(connection, thread_id)

        return await answer_once(self.pool, repeatable, ThreadView, act)

    async def list_of_chart(
        self, chart_id: ChartId, after: Moment | None = None, limit: int | None = None
    ) -> list[ThreadView]:
        """List the threads of a chart, the oldest first; raises NotFound."""
        async with self.pool.acquire() as connection:
            await self.records.read(connection, chart_id)
            return await _show_all(connection, await threads.list_of_chart(connection, chart_id, after, limit))

    async def read_page_for(self, subject: str, reach: Reach, after: Moment | None, limit: int) -> ThreadsPage:
        """Read a page of the open threads that a coder asked, was asked, or may answer on a list; the latest first.

        One about a chart that is closed to the coder is left out, for its words are the chart's: a page may be short.
        """
        async with self.pool.acquire() as connection:
            found, last = cut_page(
                await threads.list_for(
                    connection,
                    subject,
                    reach.lists or (),
                    every_list=reach.lists is None,
                    after=after,
                    limit=limit + 1,
                ),
                limit,
            )
            sights = {
                each: await glass.find_sight(connection, "chart", each, subject, reach)
                for each in {thread.chart_id for thread in found}
            }
            shown = [thread for thread in found if _is_open_to(sights[thread.chart_id])]
            views = await _show_all(connection, shown)
        following = MOMENTS.write(Moment(last.opened_at, last.thread_id)) if last else None
        return ThreadsPage(threads=tuple(views), next=following)


def _is_open_to(sight: Sight | None) -> bool:
    return sight is None or sight.barrier is None or sight.opened_until is not None


def _require_span(record: ChartRecord, span: Span | None) -> None:
    if span is None:
        return
    document = record.find_document(span.document_id, span.version)
    if document is None or not span.start < span.end <= len(document.text):
        raise InvalidContent("these words are not in the chart; choose them again", expression="span")


async def _lock_open(connection: Connection, thread_id: ThreadId) -> StoredThread:
    thread = await threads.lock_thread(connection, thread_id)
    if thread is None:
        raise NotFound("there is no thread with this id")
    if thread.state == "closed":
        raise ThreadClosed("this thread was closed; begin another one")
    return thread


async def _show(connection: Connection, thread_id: ThreadId) -> ThreadView:
    thread = await threads.lock_thread(connection, thread_id)
    assert thread is not None  # noqa: S101 - the caller has just written it
    (view,) = await _show_all(connection, [thread])
    return view


async def _show_all(connection: Connection, found: Sequence[StoredThread]) -> list[ThreadView]:
    for thread in found:
        name_entity("chart", thread.chart_id)
    posts = await threads.list_posts(connection, [thread.thread_id for thread in found])
    read: dict[tuple[ChartId, int], ChartReady] = {}
    for key in {(thread.chart_id, thread.chart_version) for thread in found if thread.span}:
        read[key] = await charts.read_chart(connection, *key)
    return [
        ThreadView(
            **asdict(thread) | {"span": thread.span},
            quote=_quote(thread.span, read[thread.chart_id, thread.chart_version]) if thread.span else None,
            posts=tuple(PostView.model_validate(asdict(post)) for post in posts.get(thread.thread_id, ())),
        )
        for thread in found
    ]


def _quote(span: Span, chart: ChartReady) -> str | None:
    cited = (each for each in chart.documents if (each.document_id, each.version) == (span.document_id, span.version))
    return next((each.text[span.start : span.end] for each in cited), None)
