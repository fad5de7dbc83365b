"""Audits of earlier coding: drawing a sample, reviewing its charts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response

from services.coder.api.reach import find_reach
from services.coder.api.requests import Cases, ChartIdPath
from services.coder.audit_models import (
    AuditedChart,
    AuditRequest,
    AuditsPage,
    AuditView,
    AuditWithCharts,
    CodesRequest,
    Comparison,
    ReviewRequest,
)
from services.coder.audits.audit import AuditId, BlindCodingFirst, OwnCoding, ReviewedBefore, ReviewNotComplete
from services.coder.service.auditing import Actor, Sampled
from services.coder.service.deciding import Coder
from services.coder.store.reports import Caller
from services.coder.work_item import ChartId
from shared.contracts.errors import InvalidContent, NotFound
from shared.postgres.answers import Repeatable
from shared.web.pages import PageLimit
from shared.web.refusals import document_errors
from shared.web.repeating import RepeatableRequest
from shared.web.security import Principal, Role, require_principal
from shared.web.tags import TAGGED, tag_revision

router = APIRouter(prefix="/v1/audits", tags=["audits"])

AuditorPrincipal = Annotated[Principal, Depends(require_principal(Role.AUDITOR, Role.LEAD))]
AuditIdPath = Annotated[UUID, Path(description="The audit's id.")]


def act_as(principal: Principal, repeatable: Repeatable | None = None) -> Actor:
    """Say who acts and how far they reach."""
    coder = Coder(principal.subject, principal.practitioner)
    return Actor(coder, Caller(principal.subject, find_reach(principal)), repeatable)


async def _read_auditor(principal: AuditorPrincipal, repeatable: RepeatableRequest) -> Actor:
    return act_as(principal, repeatable)


async def _read_sampled(audit_id: AuditIdPath, chart_id: ChartIdPath) -> Sampled:
    return Sampled(AuditId(audit_id), ChartId(chart_id))


Auditor = Annotated[Actor, Depends(_read_auditor)]
SampledChart = Annotated[Sampled, Depends(_read_sampled)]


@router.get("", summary="List audits", responses=document_errors(InvalidContent))
async def list_audits(
    cases: Cases,
    _principal: AuditorPrincipal,
    cursor: Annotated[UUID | None, Query(description="`next` of an earlier page; none for the first.")] = None,
    limit: PageLimit = 50,
) -> AuditsPage:
    """List audits with how far each is, the latest first."""
    return await cases.auditing.list_audits(limit, AuditId(cursor) if cursor else None)


@router.post("", summary="Draw a sample", responses=document_errors(InvalidContent))
async def draw_audit(cases: Cases, auditor: Auditor, request: AuditRequest) -> AuditView:
    """Draw finished charts to review, within the caller's reach: by chance, or the riskiest first.

    The seed is kept: with the same one the same charts are drawn from the same population.
    """
    return await cases.auditing.draw(auditor, request)


@router.get("/{audit_id}", summary="Read an audit", dependencies=TAGGED, responses=document_errors(NotFound))
async def read_audit(
    cases: Cases, principal: AuditorPrincipal, audit_id: AuditIdPath, response: Response
) -> AuditWithCharts:
    """Read an audit with the charts of its sample that the caller may see; the ETag changes with its reviews."""
    view, revision = await cases.auditing.read(act_as(principal).caller, AuditId(audit_id))
    response.headers["ETag"] = tag_revision(revision)
    return view


@router.get(
    "/{audit_id}/charts/{chart_id}",
    summary="Open a chart of a sample",
    dependencies=TAGGED,
    responses=document_errors(NotFound, OwnCoding),
)
async def open_audited_chart(cases: Cases, principal: AuditorPrincipal, place: SampledChart) -> AuditedChart:
    """Read a chart as its coder had it, with the first coding; in a blind audit that is hidden until it is coded."""
    return await cases.auditing.open_chart(act_as(principal), place)


@router.post(
    "/{audit_id}/charts/{chart_id}/blind-coding",
    summary="Code a chart blind",
    responses=document_errors(NotFound, OwnCoding, ReviewedBefore, InvalidContent),
)
async def code_blind(cases: Cases, auditor: Auditor, place: SampledChart, request: CodesRequest) -> Comparison:
    """Keep how the reviewer would code the chart, before seeing how it was coded; the answer compares both."""
    return await cases.auditing.code_blind(auditor, place, request)


@router.post(
    "/{audit_id}/charts/{chart_id}/comparison",
    summary="Compare a coding with the first",
    responses=document_errors(NotFound, OwnCoding, BlindCodingFirst, InvalidContent),
)
async def compare_coding(cases: Cases, auditor: Auditor, place: SampledChart, request: CodesRequest) -> Comparison:
    """Compare a coding with the first one, point by point; nothing is kept."""
    return await cases.auditing.compare(auditor, place, request)


@router.post(
    "/{audit_id}/charts/{chart_id}/review",
    summary="Review a chart",
    responses=document_errors(NotFound, OwnCoding, ReviewedBefore, BlindCodingFirst, ReviewNotComplete, InvalidContent),
)
async def review_chart(cases: Cases, auditor: Auditor, place: SampledChart, request: ReviewRequest) -> Comparison:
    """Keep the coding that the reviewer holds to be right, with a reason for each difference, for good.

    Refused with one issue for each difference that has no reason; `expression` is its key.
    """
    return await cases.auditing.review(auditor, place, request)
