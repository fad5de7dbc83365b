"""Second opinions: asking a colleague or a list about a chart, answering, and what concerns the caller."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from services.coder.api.problems import document_errors
from services.coder.api.queries import WriterOf
from services.coder.api.reach import find_reach
from services.coder.api.requests import Cases, ChartIdPath, CoderPrincipal, ReaderPrincipal
from services.coder.queries.notes import NoteAsksClinician
from services.coder.service.threads import ThreadClosed
from services.coder.store.threads import ThreadId
from services.coder.thread_models import PostRequest, ThreadRequest, Threads, ThreadView
from services.coder.work_item import ChartId
from shared.contracts.errors import InvalidContent, NotFound

router = APIRouter(prefix="/v1", tags=["threads"])

ThreadIdPath = Annotated[UUID, Path(description="The thread's id, as asking returned it.")]


@router.get("/charts/{chart_id}/threads", responses=document_errors(NotFound))
async def list_threads(cases: Cases, _principal: ReaderPrincipal, chart_id: ChartIdPath) -> Threads:
    """List the threads of a chart with all that was written, the oldest first."""
    return Threads(threads=tuple(await cases.threads.list_of_chart(ChartId(chart_id))))


@router.post("/charts/{chart_id}/threads", responses=document_errors(NotFound, InvalidContent, NoteAsksClinician))
async def ask_colleague(cases: Cases, writer: WriterOf, chart_id: ChartIdPath, request: ThreadRequest) -> ThreadView:
    """Ask a colleague or a list about words of a chart. What a clinician is asked is a query, and refused here."""
    return await cases.threads.ask(writer, ChartId(chart_id), request)


@router.post("/threads/{thread_id}/posts", responses=document_errors(NotFound, ThreadClosed, NoteAsksClinician))
async def post_to_thread(cases: Cases, writer: WriterOf, thread_id: ThreadIdPath, request: PostRequest) -> ThreadView:
    """Answer, or say more; what was written is never changed, and never part of a claim."""
    return await cases.threads.post(writer, ThreadId(thread_id), request.body)


@router.post("/threads/{thread_id}/close", responses=document_errors(NotFound, ThreadClosed))
async def close_thread(cases: Cases, _principal: CoderPrincipal, thread_id: ThreadIdPath) -> ThreadView:
    """End a thread; it stays with the chart."""
    return await cases.threads.close(ThreadId(thread_id))


@router.get("/my-threads", responses=document_errors())
async def list_my_threads(cases: Cases, principal: CoderPrincipal) -> Threads:
    """List the open threads that the caller asked, was asked, or may answer on a list; the latest first."""
    return Threads(threads=tuple(await cases.threads.list_for(principal.subject, find_reach(principal))))
