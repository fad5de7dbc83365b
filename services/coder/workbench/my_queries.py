"""The pages of an asked clinician: what waits for an answer, and one query to answer.

Invariant: no code, no group, no money, and nothing of the chart but the indicators that the query cites.
"""

from uuid import UUID, uuid4

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from services.coder.answer_models import AskedQuery, QueryAnswerRequest
from services.coder.api.requests import Cases
from services.coder.queries.life import QueryId, QueryState
from services.coder.workbench.forms import recognise_form
from services.coder.workbench.pages import render_page
from services.coder.workbench.routing import MY_QUERIES, Form, PageRoute, SignedInPhysician, redirect
from shared.contracts.errors import Conflict, InvalidContent
from shared.web.security import Principal

router = APIRouter(prefix="/my-queries", route_class=PageRoute)

_SHOWN = 200
_WAITING = (QueryState.SENT, QueryState.UNANSWERED)
_NOTICES = {"answered": "Thank you. Your answer is on its way into the record as an addendum, and the coder goes on."}


@router.get("")
async def show_my_queries(cases: Cases, physician: SignedInPhysician, notice: str = "") -> Response:
    """Show what waits for the physician's answer, the one due first at the top, and what was closed."""
    asked = (await cases.queries.read_page_to(physician.practitioner, None, _SHOWN)).queries
    waiting = sorted((each for each in asked if each.state in _WAITING), key=lambda each: str(each.due_at))
    return render_page(
        "my_queries.html",
        signed_in=physician,
        waiting=waiting,
        closed=[each for each in asked if each.state not in _WAITING],
        notice=_NOTICES.get(notice),
    )


@router.get("/{query_id}")
async def show_my_query(cases: Cases, physician: SignedInPhysician, query_id: UUID) -> Response:
    """Show one query with its indicators, and the form to answer it."""
    return _show(physician, await cases.answering.read(physician.practitioner, QueryId(query_id)))


@router.post("/{query_id}")
async def answer_my_query(cases: Cases, physician: SignedInPhysician, query_id: UUID, form: Form) -> Response:
    """Keep the answer and go back to the list."""
    try:
        request = _read_answer(form)
        repeatable = recognise_form(form, physician, request.model_dump_json())
        await cases.answering.answer(physician.practitioner, QueryId(query_id), request, repeatable)
    except (InvalidContent, Conflict) as error:
        asked = await cases.answering.read(physician.practitioner, QueryId(query_id))
        return _show(physician, asked, status=error.http_status, refusal=error.message, typed=form)
    return redirect(f"{MY_QUERIES}?notice=answered")


def _read_answer(form: Form) -> QueryAnswerRequest:
    option = form.get("option", "")
    try:
        return QueryAnswerRequest(
            option=int(option) if option.isascii() and option.isdecimal() else None, words=form.get("words", "")
        )
    except ValidationError as error:
        raise InvalidContent("write at most 2000 characters") from error


def _show(
    physician: Principal,
    asked: AskedQuery,
    *,
    status: int = 200,
    refusal: str | None = None,
    typed: Form | None = None,
) -> Response:
    return render_page(
        "my_query.html",
        status=status,
        signed_in=physician,
        asked=asked,
        is_open=asked.state in _WAITING,
        refusal=refusal,
        typed=typed or {},
        form_id=uuid4(),
    )
