"""The page of second opinions: the threads of a chart, asking a colleague or a list, answering.

Invariant: a note that must be a query is refused here as in the API, with the way to the composer.
"""

from collections.abc import Mapping
from uuid import UUID, uuid4

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from services.coder.api.queries import write_as
from services.coder.api.requests import Cases
from services.coder.queries.notes import NoteAsksClinician
from services.coder.queries.prefill import cite_words
from services.coder.service.use_cases import UseCases
from services.coder.store.threads import ThreadId
from services.coder.thread_models import PostRequest, Span, ThreadRequest
from services.coder.work_item import ChartId
from services.coder.workbench.forms import recognise_form
from services.coder.workbench.pages import render_page
from services.coder.workbench.routing import Form, PageRoute, SignedIn, SignedInReader, redirect
from shared.contracts.errors import ChartlineError, Conflict, InvalidContent
from shared.web.security import Principal, Role

router = APIRouter(prefix="/charts/{chart_id}/threads", route_class=PageRoute)

_REFUSALS: tuple[type[ChartlineError], ...] = (InvalidContent, NoteAsksClinician, Conflict)


@router.get("")
async def show_threads(cases: Cases, coder: SignedInReader, chart_id: UUID) -> Response:
    """Show the threads of a chart."""
    return await _show(cases, coder, ChartId(chart_id))


@router.post("")
async def ask(cases: Cases, coder: SignedIn, chart_id: UUID, form: Form) -> Response:
    """Ask a colleague or a list."""
    chart = ChartId(chart_id)
    try:
        request = await _read_request(cases, chart, form)
        await cases.threads.ask(write_as(coder, recognise_form(form, coder, request.model_dump_json())), chart, request)
    except _REFUSALS as error:
        return await _show(cases, coder, chart, error=error, typed=form)
    return redirect(f"/workbench/charts/{chart_id}/threads")


@router.post("/{thread_id}/posts")
async def post(cases: Cases, coder: SignedIn, chart_id: UUID, thread_id: UUID, form: Form) -> Response:
    """Answer in a thread."""
    try:
        body = PostRequest(body=form.get("body", "")).body
        await cases.threads.post(write_as(coder, recognise_form(form, coder, body)), ThreadId(thread_id), body)
    except ValidationError:
        return await _show(cases, coder, ChartId(chart_id), error=InvalidContent("Write up to 2000 characters."))
    except _REFUSALS as error:
        return await _show(cases, coder, ChartId(chart_id), error=error)
    return redirect(f"/workbench/charts/{chart_id}/threads")


@router.post("/{thread_id}/close")
async def close(cases: Cases, coder: SignedIn, chart_id: UUID, thread_id: UUID) -> Response:
    """End a thread."""
    try:
        await cases.threads.close(ThreadId(thread_id))
    except Conflict as error:
        return await _show(cases, coder, ChartId(chart_id), error=error)
    return redirect(f"/workbench/charts/{chart_id}/threads")


async def _read_request(cases: UseCases, chart: ChartId, form: Mapping[str, str]) -> ThreadRequest:
    span = None
    if quote := form.get("quote", "").strip():
        found = cite_words(await cases.queries.read_record(chart), quote)
        if found is None or found.version is None or found.start is None or found.end is None:
            raise InvalidContent("these words do not stand in the chart; copy them as they are written")
        span = Span(document_id=found.source, version=found.version, start=found.start, end=found.end)
    fields = {name: form.get(name, "") for name in ("asked_kind", "asked", "body")}
    try:
        return ThreadRequest.model_validate({**fields, "span": span})
    except ValidationError as error:
        raise InvalidContent("Name a colleague or a list, and write up to 2000 characters.") from error


async def _show(
    cases: UseCases,
    coder: Principal,
    chart: ChartId,
    *,
    error: ChartlineError | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    return render_page(
        "threads.html",
        status=error.http_status if error else 200,
        signed_in=coder,
        chart_id=chart,
        threads=await cases.threads.list_of_chart(chart),
        may_write=bool(coder.roles & {Role.CODER, Role.LEAD}),
        refusal=error.message if error else None,
        needs_query=isinstance(error, NoteAsksClinician),
        typed=typed or {},
        form_id=uuid4(),
    )
