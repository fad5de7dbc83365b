"""The page of what reviews found: a coder answers, a lead closes, an auditor looks on."""

from uuid import UUID, uuid4

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from services.coder.api.audits import act_as
from services.coder.api.requests import Cases
from services.coder.audits.audit import DifferenceId, DifferenceState
from services.coder.difference_models import AnswerRequest, ClosingRequest
from services.coder.service.use_cases import UseCases
from services.coder.store.audits import Wanted
from services.coder.workbench.forms import recognise_form
from services.coder.workbench.pages import render_page
from services.coder.workbench.routing import (
    Form,
    PageRoute,
    SignedIn,
    SignedInLead,
    SignedInReader,
    redirect,
)
from shared.contracts.errors import Conflict, InvalidContent
from shared.web.security import Principal, Role

router = APIRouter(prefix="/differences", route_class=PageRoute)

_PAGE = "/workbench/differences"
_SHOWN = 100
_WAITING = (DifferenceState.REBUTTED, DifferenceState.OPEN)


@router.get("")
async def show_differences(cases: Cases, reader: SignedInReader) -> Response:
    """Show what concerns the reader."""
    return await _show(cases, reader)


@router.post("/{difference_id}/answer")
async def answer_difference(cases: Cases, coder: SignedIn, difference_id: UUID, form: Form) -> Response:
    """Keep what the coder says of a difference."""
    try:
        request = AnswerRequest.model_validate(
            {"answer": form.get("answer"), "words": form.get("words", "").strip() or None}
        )
        actor = act_as(coder, recognise_form(form, coder, request.model_dump_json()))
        await cases.differences.answer(actor, DifferenceId(difference_id), request)
    except ValidationError:
        return await _show(cases, coder, refusal="Say why you do not agree, in at most 500 characters.", status=422)
    except (InvalidContent, Conflict) as error:
        return await _show(cases, coder, refusal=error.message, status=error.http_status)
    return redirect(_PAGE)


@router.post("/{difference_id}/close")
async def close_difference(cases: Cases, lead: SignedInLead, difference_id: UUID, form: Form) -> Response:
    """Keep what a lead decides about a difference."""
    try:
        request = ClosingRequest.model_validate(
            {"outcome": form.get("outcome"), "words": form.get("words", "").strip()}
        )
        actor = act_as(lead, recognise_form(form, lead, request.model_dump_json()))
        await cases.differences.close(actor, DifferenceId(difference_id), request)
    except ValidationError:
        return await _show(cases, lead, refusal="Choose an outcome and say why, in at most 500 characters.", status=422)
    except (InvalidContent, Conflict) as error:
        return await _show(cases, lead, refusal=error.message, status=error.http_status)
    return redirect(_PAGE)


async def _show(cases: UseCases, reader: Principal, *, refusal: str | None = None, status: int = 200) -> Response:
    caller, roles = act_as(reader).caller, reader.roles
    own = Wanted(coder=reader.subject)
    others = Wanted(states=_WAITING) if Role.LEAD in roles else Wanted()
    about_me = (await cases.differences.list_differences(caller, own, _SHOWN)).differences
    within_reach = (
        (await cases.differences.list_differences(caller, others, _SHOWN)).differences
        if roles & {Role.LEAD, Role.AUDITOR}
        else ()
    )
    return render_page(
        "differences.html",
        status=status,
        signed_in=reader,
        codes=bool(roles & {Role.CODER, Role.LEAD}),
        leads=Role.LEAD in roles,
        oversees=bool(roles & {Role.LEAD, Role.AUDITOR}),
        about_me=about_me,
        within_reach=[each for each in within_reach if each.coder != reader.subject],
        refusal=refusal,
        form_id=uuid4(),
    )
