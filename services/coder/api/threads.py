"""Second opinions: asking a colleague or a list about a chart, answering, and what concerns the caller."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from services.coder.api.queries import WriterOf
from services.coder.api.reach import find_reach
from services.coder.api.requests import Cases, ChartIdPath, CoderPrincipal, ReaderPrincipal
from services.coder.queries.notes import NoteAsksClinician
from services.coder.service.threads import ThreadClosed
from services.coder.store.threads import ThreadId
from services.coder.thread_models import PostRequest, ThreadRequest, ThreadsPage, ThreadView
from services.coder.work_item import ChartId
from shared.contracts.errors import InvalidContent, NotFound
from shared.pages import MOMENTS, Moment, cut_page
from shared.web.pages import PageCursor, PageLimit
from shared.web.refusals import document_errors
from shared.web.repeating import RepeatableRequest

router = APIRouter(prefix="/v1", tags=["threads"])

ThreadIdPath = Annotated[UUID, Path(description="The thread's id, as asking returned it.")]


@router.get("/charts/{chart_id}/threads", responses=document_errors(NotFound))
async def list_threads(
    cases: Cases,
    _principal: ReaderPrincipal,
    chart_id: ChartIdPath,
    cursor: PageCursor = None,
    limit: PageLimit = 50,
) -> ThreadsPage:
    """List the threads of a chart with all that was written, the oldest first."""
    after = MOMENTS.read(cursor) if cursor else None
    shown, last = cut_page(await cases.threads.list_of_chart(ChartId(chart_id), after, limit + 1), limit)
    return ThreadsPage(
        threads=tuple(shown), next=MOMENTS.write(Moment(last.opened_at, last.thread_id)) if last else None
    )


@router.post("/charts/{chart_id}/threads", responses=document_errors(NotFound, InvalidContent, NoteAsksClinician))
async def ask_colleague(cases: Cases, writer: WriterOf, chart_id: ChartIdPath, request: ThreadRequest) -> ThreadView:
    """Ask a colleague or a list about words of a chart. What a clinician is asked is a query, and refused here."""
    return await cases.threads.ask(writer, ChartId(chart_id), request)


@router.post("/threads/{thread_id}/posts", responses=document_errors(NotFound, ThreadClosed, NoteAsksClinician))
async def post_to_thread(cases: Cases, writer: WriterOf, thread_id: ThreadIdPath, request: PostRequest) -> ThreadView:
    """Answer, or say more; what was written is never changed, and never part of a claim."""
    return await cases.threads.post(writer, ThreadId(thread_id), request.body)


@router.post("/threads/{thread_id}/close", responses=document_errors(NotFound, ThreadClosed))
async def close_thread(
    cases: Cases, _principal: CoderPrincipal, thread_id: ThreadIdPath, repeatable: RepeatableRequest
) -> ThreadView:
    """End a thread; it stays with the chart."""
    return await cases.threads.close(ThreadId(thread_id), repeatable)


@router.get("/my-threads", responses=document_errors())
async def list_my_threads(
    cases: Cases, principal: CoderPrincipal, cursor: PageCursor = None, limit: PageLimit = 50
) -> ThreadsPage:
    """List the open threads that the caller asked, was asked, or may answer on a list; the latest first."""
    after = MOMENTS.read(cursor) if cursor else None
    return await cases.threads.read_page_for(principal.subject, find_reach(principal), after, limit)
