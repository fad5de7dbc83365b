"""The pages of audits: drawing a sample, its charts, and the review of one.

Invariant: a blind reviewer's page holds nothing of the first coding before they have coded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import ValidationError

from services.coder.api.audits import act_as
from services.coder.api.reach import find_reach
from services.coder.api.requests import Cases
from services.coder.audit_models import AuditedChart, AuditRequest, Comparison
from services.coder.audits.audit import AuditId, Method, ReviewNotComplete
from services.coder.engine.model import CodeSystem, Setting
from services.coder.service.auditing import Actor, Sampled
from services.coder.service.use_cases import UseCases
from services.coder.work_item import ChartId
from services.coder.workbench.chart_page import Pane, cut_document
from services.coder.workbench.forms import recognise_form
from services.coder.workbench.highlights import Span
from services.coder.workbench.pages import render_page
from services.coder.workbench.review_form import ReviewForm, read_review, show_judgements
from services.coder.workbench.routing import Form, PageRoute, SignedInAuditor, redirect
from shared.contracts.errors import Conflict, InvalidContent
from shared.web.security import Principal

router = APIRouter(prefix="/audits", route_class=PageRoute)

_SHOWN = 50
_DRAWN_DAYS = 30
_FILTERS = ("coder", "list_id", "service_line", "specialty", "seed")
_NOTICES = {"reviewed": "The review is kept. Its coder sees what differs, and can answer."}


@dataclass(frozen=True, slots=True)
class _Said:
    """What the page of a review says beside the chart."""

    status: int = 200
    refusal: str | None = None
    compared: Comparison | None = None


@router.get("")
async def show_audits(
    cases: Cases, auditor: SignedInAuditor, cursor: Annotated[UUID | None, Query()] = None
) -> Response:
    """Show the audits, the latest first, and the form that draws another."""
    return await _show_audits(cases, auditor, cursor)


@router.post("")
async def draw_audit(cases: Cases, auditor: SignedInAuditor, form: Form) -> Response:
    """Draw a sample and show it."""
    try:
        request = _read_criteria(form)
        actor = act_as(auditor, recognise_form(form, auditor, request.model_dump_json()))
        drawn = await cases.auditing.draw(actor, request)
    except InvalidContent as error:
        return await _show_audits(cases, auditor, None, refusal=error.message, typed=form)
    return redirect(f"/workbench/audits/{drawn.audit_id}")


@router.get("/{audit_id}")
async def show_audit(cases: Cases, auditor: SignedInAuditor, audit_id: UUID, notice: str = "") -> Response:
    """Show a sample and how far its reviews are."""
    view, _ = await cases.auditing.read(act_as(auditor).caller, AuditId(audit_id))
    return render_page("audit.html", signed_in=auditor, audit=view, notice=_NOTICES.get(notice))


@router.get("/{audit_id}/charts/{chart_id}")
async def show_review(cases: Cases, auditor: SignedInAuditor, audit_id: UUID, chart_id: UUID) -> Response:
    """Show a chart of a sample, with the coding to review or, blind, with none."""
    place = Sampled(AuditId(audit_id), ChartId(chart_id))
    chart = await cases.auditing.open_chart(act_as(auditor), place)
    codes = chart.coded_blind or chart.coded
    said = _Said()
    if chart.coded_blind and not chart.reviewer and codes:
        request = ReviewForm.of(codes).to_codes()
        said = _Said(compared=await cases.auditing.compare(act_as(auditor), place, request))
    return _render_review(auditor, chart, ReviewForm.of(codes), said, {})


@router.post("/{audit_id}/charts/{chart_id}")
async def act_on_review(cases: Cases, auditor: SignedInAuditor, audit_id: UUID, chart_id: UUID, form: Form) -> Response:
    """Add rows, compare, keep what was coded blind, or keep the review."""
    place = Sampled(AuditId(audit_id), ChartId(chart_id))
    rows = ReviewForm.read(form)
    act = form.get("act", "keep")
    compared = None
    try:
        if act != "more":
            compared = await _act(cases, auditor, place, rows, form, act)
    except (InvalidContent, Conflict, ReviewNotComplete) as error:
        chart = await cases.auditing.open_chart(act_as(auditor), place)
        if isinstance(error, ReviewNotComplete):
            compared = await cases.auditing.compare(act_as(auditor), place, rows.to_codes())
        said = _Said(error.http_status, _explain(error), compared)
        return _render_review(auditor, chart, rows.with_blanks(), said, form)
    if act == "keep":
        return redirect(f"/workbench/audits/{audit_id}?notice=reviewed")
    if act == "blind":
        return redirect(f"/workbench/audits/{audit_id}/charts/{chart_id}")
    chart = await cases.auditing.open_chart(act_as(auditor), place)
    return _render_review(auditor, chart, rows.with_blanks(), _Said(compared=compared), form)


async def _act(
    cases: UseCases, auditor: Principal, place: Sampled, rows: ReviewForm, form: Form, act: str
) -> Comparison:
    codes = rows.to_codes()
    if act == "compare":
        return await cases.auditing.compare(act_as(auditor), place, codes)
    if act == "blind":
        return await cases.auditing.code_blind(_repeatable(auditor, form, codes.model_dump_json()), place, codes)
    review = read_review(form, codes)
    return await cases.auditing.review(_repeatable(auditor, form, review.model_dump_json()), place, review)


def _repeatable(auditor: Principal, form: Form, said: str) -> Actor:
    return act_as(auditor, recognise_form(form, auditor, said, about=(form.get("act", "keep"),)))


def _explain(error: InvalidContent | Conflict | ReviewNotComplete) -> str:
    if isinstance(error, ReviewNotComplete):
        return "Write why, for each difference, or change the code."
    return f"{error.message[:1].upper()}{error.message[1:]}."


def _read_criteria(form: Form) -> AuditRequest:
    """Read how to draw; an empty field is no limit."""
    filters = {name: form[name].strip() for name in _FILTERS if form.get(name, "").strip()}
    size = form.get("size", "")
    given = {name: form.get(name, "") for name in ("title", "since", "until", "method")}
    try:
        return AuditRequest.model_validate(
            {
                **given,
                **filters,
                "size": int(size) if size.isascii() and size.isdecimal() else size,
                "blind": "blind" in form,
            }
        )
    except ValidationError as error:
        place = next((str(part) for part in error.errors()[0]["loc"]), "since")
        raise InvalidContent(f"Write {place.replace('_', ' ')} anew: {error.errors()[0]['msg'].lower()}.") from error


async def _show_audits(
    cases: UseCases,
    auditor: Principal,
    cursor: UUID | None,
    *,
    refusal: str | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    today = datetime.now(UTC).date()
    page = await cases.auditing.list_audits(_SHOWN, AuditId(cursor) if cursor else None)
    usual = {"since": str(today - timedelta(days=_DRAWN_DAYS)), "until": str(today), "size": "30", "method": "random"}
    return render_page(
        "audits.html",
        status=422 if refusal else 200,
        signed_in=auditor,
        page=page,
        methods=list(Method),
        lists=await cases.worklists.count(auditor.subject, find_reach(auditor)),
        typed=typed or usual,
        refusal=refusal,
        form_id=uuid4(),
    )


def _render_review(
    auditor: Principal, chart: AuditedChart, rows: ReviewForm, said: _Said, typed: Mapping[str, str]
) -> Response:
    return render_page(
        "review.html",
        status=said.status,
        signed_in=auditor,
        chart=chart,
        panes=_cut(chart, rows),
        rows=rows,
        evidence=_count_evidence(chart),
        compared=None if said.compared is None else show_judgements(said.compared.judgements, typed),
        refusal=said.refusal,
        systems=list(CodeSystem),
        is_hidden=chart.coded is None,
        is_stay=chart.encounter.setting is Setting.INPATIENT,
        form_id=uuid4(),
    )


def _count_evidence(chart: AuditedChart) -> dict[str, int]:
    codes = [each.code for each in chart.evidence]
    return {code: codes.count(code) for code in codes}


def _cut(chart: AuditedChart, rows: ReviewForm) -> Sequence[Pane]:
    """Cut the documents where the words of a row's first code begin and end; blind rows have codes of their own."""
    coded = [each.code for each in chart.coded or ()]
    numbers = {code: number for number, code in enumerate(coded, 1)}
    if chart.coded_blind:
        numbers = {row.code: row.number for row in rows.rows}
    return [
        cut_document(
            number,
            document,
            [
                Span(each.start, each.end, numbers[each.code])
                for each in chart.evidence
                if each.code in numbers and (each.document_id, each.version) == (document.document_id, document.version)
            ],
        )
        for number, document in enumerate(chart.documents, 1)
    ]
