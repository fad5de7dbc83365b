"""Physician queries: templates, live lint, writing, sending, following up; and what a physician was asked."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi import Request as HttpRequest

from services.coder.api.requests import (
    Cases,
    ChartIdPath,
    CoderPrincipal,
    PhysicianPrincipal,
    ReaderPrincipal,
)
from services.coder.queries.life import QueryClosed, QueryId, QueryRefused
from services.coder.queries.model import QueryContent
from services.coder.queries.templates import load_templates
from services.coder.query_models import (
    LintResult,
    QueriesOfChart,
    QueriesToMe,
    QueryRequest,
    QueryView,
    ReassignRequest,
    SendRequest,
    Templates,
    TemplateView,
    WithdrawRequest,
)
from services.coder.service.deciding import Coder
from services.coder.service.queries import Writer
from services.coder.work_item import ChartId, LeaseLost, WrongState
from shared.contracts.errors import InvalidContent, NotFound
from shared.pages import MOMENTS, Moment, cut_page
from shared.postgres.answers import Repeatable
from shared.web.errors import OperationOutcomeResponse, operation_outcome
from shared.web.pages import PageCursor, PageLimit
from shared.web.refusals import document_errors
from shared.web.repeating import RepeatableRequest
from shared.web.security import Principal, Role
from shared.web.tags import TAGGED, Revision, tag_revision

router = APIRouter(prefix="/v1", tags=["queries"])

QueryIdPath = Annotated[UUID, Path(description="The query's id, as writing it returned it.")]


async def _read_writer(principal: CoderPrincipal, repeatable: RepeatableRequest) -> Writer:
    return write_as(principal, repeatable)


WriterOf = Annotated[Writer, Depends(_read_writer)]


def write_as(principal: Principal, repeatable: Repeatable | None = None) -> Writer:
    """The caller as a writer of queries; a lead's rights come with the role."""
    return Writer(Coder(principal.subject, principal.practitioner), Role.LEAD in principal.roles, repeatable)


@router.get("/query-templates", responses=document_errors())
async def list_templates(_principal: CoderPrincipal) -> Templates:
    """List the templates of common queries."""
    return Templates(templates=tuple(TemplateView.of(each) for each in load_templates().values()))


@router.get("/charts/{chart_id}/queries/proposal", dependencies=TAGGED, responses=document_errors(NotFound))
async def propose_query(
    cases: Cases,
    _principal: CoderPrincipal,
    chart_id: ChartIdPath,
    template: Annotated[str | None, Query(description="A template; chosen by the suggestion when left out.")] = None,
    suggestion_id: Annotated[UUID | None, Query(description="The suggestion whose missing details are asked.")] = None,
) -> QueryContent:
    """Begin a query: clinical indicators from the chart with source and date, and the answers that they support."""
    return await cases.queries.propose(ChartId(chart_id), template, suggestion_id)


@router.post("/charts/{chart_id}/queries/lint", responses=document_errors(NotFound, InvalidContent))
async def lint_query(
    cases: Cases, _principal: CoderPrincipal, chart_id: ChartIdPath, content: QueryContent
) -> LintResult:
    """Hold a query against every rule of compliance while it is written; nothing is stored."""
    return LintResult.of(await cases.queries.lint(ChartId(chart_id), content))


@router.get("/charts/{chart_id}/queries", responses=document_errors(NotFound))
async def list_queries(
    cases: Cases,
    _principal: ReaderPrincipal,
    chart_id: ChartIdPath,
    cursor: PageCursor = None,
    limit: PageLimit = 50,
) -> QueriesOfChart:
    """List the queries of a chart with their record, the oldest first."""
    after = MOMENTS.read(cursor) if cursor else None
    shown, last = cut_page(await cases.queries.list_of_chart(ChartId(chart_id), after, limit + 1), limit)
    end = Moment(last.written_at, last.query_id) if last else None
    return QueriesOfChart(queries=tuple(shown), next=MOMENTS.write(end) if end else None)


@router.post("/charts/{chart_id}/queries", responses=document_errors(NotFound, InvalidContent))
async def write_query(cases: Cases, writer: WriterOf, chart_id: ChartIdPath, request: QueryRequest) -> QueryView:
    """Keep a draft; while there is one the chart cannot be completed."""
    return await cases.queries.write(writer, ChartId(chart_id), request)


@router.get("/queries/{query_id}", dependencies=TAGGED, responses=document_errors(NotFound))
async def read_query(cases: Cases, _principal: ReaderPrincipal, query_id: QueryIdPath, response: Response) -> QueryView:
    """Read a query with its record."""
    found = await cases.queries.read(QueryId(query_id))
    response.headers["ETag"] = tag_revision(found.revision)
    return found


@router.put("/queries/{query_id}", responses=document_errors(NotFound, QueryClosed, InvalidContent))
async def revise_query(
    cases: Cases,
    principal: CoderPrincipal,
    query_id: QueryIdPath,
    request: QueryRequest,
    revision: Revision,
    response: Response,
) -> QueryView:
    """Change a draft as it was read; one that somebody else changed meanwhile is not overwritten."""
    revised = await cases.queries.revise(write_as(principal), QueryId(query_id), revision, request)
    response.headers["ETag"] = tag_revision(revised.revision)
    return revised


@router.post(
    "/queries/{query_id}/send",
    responses=document_errors(NotFound, QueryRefused, QueryClosed, LeaseLost, WrongState),
)
async def send_query(cases: Cases, writer: WriterOf, query_id: QueryIdPath, request: SendRequest) -> QueryView:
    """Send a draft: FHIR Task and CommunicationRequest go out, and the chart is on hold until the query is closed.

    Refused with one issue for each breach of a rule. Only a lead may send it nevertheless, with a reason.
    """
    return await cases.queries.send(writer, QueryId(query_id), request.override_reason)


@router.post("/queries/{query_id}/withdraw", responses=document_errors(NotFound, QueryClosed, InvalidContent))
async def withdraw_query(cases: Cases, writer: WriterOf, query_id: QueryIdPath, request: WithdrawRequest) -> QueryView:
    """Take a draft or a sent query back; it stays on the record."""
    return await cases.queries.withdraw(writer, QueryId(query_id), request.reason)


@router.post("/queries/{query_id}/reassign", responses=document_errors(NotFound, QueryClosed, InvalidContent))
async def reassign_query(cases: Cases, writer: WriterOf, query_id: QueryIdPath, request: ReassignRequest) -> QueryView:
    """Ask another clinician instead, whose time to answer begins now."""
    return await cases.queries.reassign(writer, QueryId(query_id), request)


@router.get("/my-queries", responses=document_errors())
async def list_my_queries(
    cases: Cases, principal: PhysicianPrincipal, cursor: PageCursor = None, limit: PageLimit = 50
) -> QueriesToMe:
    """List what the calling physician was asked, and nothing of anybody else's."""
    after = MOMENTS.read(cursor) if cursor else None
    return await cases.queries.read_page_to(principal.practitioner, after, limit)


async def answer_refused_query(_request: HttpRequest, error: Exception) -> OperationOutcomeResponse:
    """Answer a query that was not sent: one issue for each breach, with the rule's id as its code."""
    findings = error.findings if isinstance(error, QueryRefused) else ()
    outcomes = [
        operation_outcome(each.rule, QueryRefused.issue_type, f"{each.message}. {each.fix}", (each.place,))
        for each in findings
    ]
    issues = [issue for outcome in outcomes for issue in _issues_of(outcome)]
    return OperationOutcomeResponse(
        {"resourceType": "OperationOutcome", "issue": issues}, status_code=QueryRefused.http_status
    )


def _issues_of(outcome: dict[str, object]) -> list[object]:
    found = outcome["issue"]
    return found if isinstance(found, list) else []
