"""The pages of physician queries: those of a chart, the composer with its live lint, and one query with its record.

Invariant: the composer shows nothing of payment or grouping; what it sends goes through the use case that lints it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import ValidationError

from services.coder.api.queries import write_as
from services.coder.api.requests import Cases
from services.coder.queries.life import QueryId, QueryRefused, QueryState
from services.coder.queries.linter import LintFinding
from services.coder.queries.model import Form as AnswerForm
from services.coder.queries.model import Indicator, Purpose
from services.coder.queries.prefill import cite_words
from services.coder.queries.templates import load_templates
from services.coder.query_models import QueryRequest, QueryView, ReassignRequest
from services.coder.service.use_cases import UseCases
from services.coder.work_item import ChartId
from services.coder.workbench.composition import Composition, compose, read_composition
from services.coder.workbench.forms import recognise_form
from services.coder.workbench.pages import render_page
from services.coder.workbench.routing import Form, PageRoute, SignedIn, SignedInReader, redirect
from shared.contracts.errors import Conflict, Forbidden, InvalidContent, NotFound
from shared.web.security import Principal, Role

router = APIRouter(prefix="/charts/{chart_id}/queries", route_class=PageRoute)


@dataclass(frozen=True, slots=True)
class Draft:
    """The draft that the composer shows, and whom it asks; nothing for a new query."""

    query_id: UUID | None = None
    revision: int = 0
    addressee: str = ""


_NOTICES = {
    "sent": "The query is sent; the chart is on hold until it is answered, withdrawn, or its time has passed.",
    "saved": "The draft is kept. The chart cannot be finished while there is one.",
    "withdrawn": "The query is taken back; it stays on the record.",
    "reassigned": "The query went to the other clinician, whose time to answer begins now.",
}


@router.get("")
async def show_queries(cases: Cases, coder: SignedInReader, chart_id: UUID, notice: str = "") -> Response:
    """Show the queries of a chart, and the templates to begin another one from."""
    return render_page(
        "queries.html",
        signed_in=coder,
        chart_id=chart_id,
        queries=await cases.queries.list_of_chart(ChartId(chart_id)),
        templates=list(load_templates().values()),
        may_write=bool(coder.roles & {Role.CODER, Role.LEAD}),
        notice=_NOTICES.get(notice),
    )


@router.get("/new")
async def begin_query(
    cases: Cases,
    coder: SignedIn,
    chart_id: UUID,
    template: Annotated[str, Query(max_length=60)] = "",
    suggestion: UUID | None = None,
) -> Response:
    """Open the composer with what the chart offers."""
    content = await cases.queries.propose(ChartId(chart_id), template or None, suggestion)
    return await _show_composer(cases, coder, ChartId(chart_id), compose(content), Draft())


@router.post("/lint")
async def lint_composition(cases: Cases, coder: SignedIn, chart_id: UUID, form: Form) -> Response:
    """Answer with what the linter says about the form as it stands; nothing is kept."""
    composition = read_composition(form)
    findings = await cases.queries.lint(ChartId(chart_id), composition.to_content())
    return render_page("findings.html", shown=composition.locate(findings), is_lead=Role.LEAD in coder.roles)


@router.post("")
async def act_on_composition(cases: Cases, coder: SignedIn, chart_id: UUID, form: Form) -> Response:
    """Check, cite one more indicator, keep the draft, or send."""
    chart, draft = ChartId(chart_id), _read_draft(form)
    composition = read_composition(form)
    act = form.get("act", "check")
    try:
        if act == "cite":
            composition = await _cite(cases, chart, composition, form)
        if act in ("save", "send"):
            view = await _keep(cases, coder, chart, composition, draft, form)
            draft = Draft(view.query_id, view.revision, view.addressee)
        if act == "send" and draft.query_id:
            override = form.get("override_reason", "").strip()[:500] or None
            await cases.queries.send(write_as(coder), QueryId(draft.query_id), override)
    except QueryRefused as error:
        findings = error.findings
        return await _show_composer(cases, coder, chart, composition, draft, status=error.http_status, found=findings)
    except (InvalidContent, Conflict, Forbidden) as error:
        return await _show_composer(
            cases, coder, chart, composition, draft, status=error.http_status, refusal=error.message
        )
    if act in ("save", "send"):
        return redirect(f"/workbench/charts/{chart_id}/queries?notice={'sent' if act == 'send' else 'saved'}")
    return await _show_composer(cases, coder, chart, composition, draft)


@router.get("/{query_id}")
async def show_query(cases: Cases, coder: SignedInReader, chart_id: UUID, query_id: UUID) -> Response:
    """Show a query with its record; a draft opens in the composer."""
    view = await _read_of_chart(cases, chart_id, query_id)
    if view.state is QueryState.DRAFT and coder.roles & {Role.CODER, Role.LEAD}:
        draft = Draft(view.query_id, view.revision, view.addressee)
        return await _show_composer(cases, coder, ChartId(chart_id), compose(view.content), draft)
    return await _show_query(cases, coder, view)


@router.post("/{query_id}/withdraw")
async def withdraw(cases: Cases, coder: SignedIn, chart_id: UUID, query_id: UUID, form: Form) -> Response:
    """Take a query back."""
    view = await _read_of_chart(cases, chart_id, query_id)
    reason = form.get("reason", "").strip()
    if not reason:
        return await _show_query(cases, coder, view, refusal="Write why it is taken back.")
    try:
        await cases.queries.withdraw(write_as(coder), QueryId(query_id), reason[:500])
    except Conflict as error:
        return await _show_query(cases, coder, view, refusal=error.message)
    return redirect(f"/workbench/charts/{chart_id}/queries?notice=withdrawn")


@router.post("/{query_id}/reassign")
async def reassign(cases: Cases, coder: SignedIn, chart_id: UUID, query_id: UUID, form: Form) -> Response:
    """Ask another clinician."""
    view = await _read_of_chart(cases, chart_id, query_id)
    try:
        wanted = ReassignRequest.model_validate({name: form.get(name, "") for name in ("addressee", "reason")})
        await cases.queries.reassign(write_as(coder), QueryId(query_id), wanted)
    except ValidationError:
        return await _show_query(cases, coder, view, refusal="Name a clinician as Practitioner/id, and write a reason.")
    except Conflict as error:
        return await _show_query(cases, coder, view, refusal=error.message)
    return redirect(f"/workbench/charts/{chart_id}/queries?notice=reassigned")


def _read_draft(form: Form) -> Draft:
    query_id, revision = form.get("query_id", ""), form.get("revision", "")
    try:
        known = UUID(query_id) if query_id else None
    except ValueError as error:
        raise InvalidContent("the draft was changed on its way; open it again") from error
    return Draft(known, int(revision) if revision.isdecimal() else 0, form.get("addressee", ""))


async def _cite(cases: UseCases, chart: ChartId, composition: Composition, form: Form) -> Composition:
    """Cite words of the chart, or a finding of an earlier encounter as its writer labels it."""
    if words := form.get("earlier-statement", "").strip():
        try:
            return composition.add(
                Indicator.model_validate(
                    {
                        "statement": words,
                        "source": form.get("earlier-source", ""),
                        "dated": form.get("earlier-dated") or None,
                        "encounter": "earlier",
                        "relevance": form.get("earlier-relevance", ""),
                    }
                )
            )
        except ValidationError as error:
            raise InvalidContent("write the date as 2026-09-01, and shorter words") from error
    indicator = cite_words(await cases.queries.read_record(chart), form.get("quote", ""))
    if indicator is None:
        raise InvalidContent("these words do not stand in the chart; copy them as they are written")
    return composition.add(indicator)


async def _keep(
    cases: UseCases, coder: Principal, chart: ChartId, composition: Composition, draft: Draft, form: Form
) -> QueryView:
    try:
        request = QueryRequest(content=composition.to_content(), addressee=draft.addressee)
    except ValidationError as error:
        raise InvalidContent("Name the clinician as Practitioner/id.") from error
    if draft.query_id:
        return await cases.queries.revise(write_as(coder), QueryId(draft.query_id), draft.revision, request)
    repeatable = recognise_form(form, coder, request.model_dump_json())
    return await cases.queries.write(write_as(coder, repeatable), chart, request)


async def _read_of_chart(cases: UseCases, chart_id: UUID, query_id: UUID) -> QueryView:
    view = await cases.queries.read(QueryId(query_id))
    if view.chart_id != chart_id:
        raise NotFound("the chart has no query under this address")
    return view


async def _show_composer(
    cases: UseCases,
    coder: Principal,
    chart: ChartId,
    composition: Composition,
    draft: Draft,
    *,
    status: int = 200,
    refusal: str | None = None,
    found: Sequence[LintFinding] | None = None,
) -> Response:
    record = await cases.queries.read_record(chart)
    if found is None:
        found = await cases.queries.lint(chart, composition.to_content()) if refusal is None else ()
    return render_page(
        "compose.html",
        status=status,
        signed_in=coder,
        chart_id=chart,
        composition=composition,
        draft=draft,
        addressee=draft.addressee or next((each.reference for each in record.clinicians), ""),
        clinicians=record.clinicians,
        shown=composition.locate(found),
        refused=status >= 400,
        refusal=refusal,
        is_lead=Role.LEAD in coder.roles,
        forms=list(AnswerForm),
        purposes=list(Purpose),
        form_id=uuid4(),
    )


async def _show_query(cases: UseCases, coder: Principal, view: QueryView, *, refusal: str | None = None) -> Response:
    record = await cases.queries.read_record(ChartId(view.chart_id))
    return render_page(
        "query.html",
        status=422 if refusal else 200,
        signed_in=coder,
        query=view,
        chart_id=view.chart_id,
        clinicians=record.clinicians,
        refusal=refusal,
        may_write=bool(coder.roles & {Role.CODER, Role.LEAD}),
    )
