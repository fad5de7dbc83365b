"""Reading a chart, deciding about it, completing it."""

from fastapi import APIRouter, Response

from services.coder.api.requests import (
    Cases,
    ChartIdPath,
    CoderPrincipal,
    LeadPrincipal,
    LeasedRequest,
    ReaderPrincipal,
)
from services.coder.api_models import CodingCompleted, LessonsTakenBack
from services.coder.chart_models import ChartView, ScrubView
from services.coder.decision_models import DecisionBatch, DecisionsStored
from services.coder.work_item import ChartId, ChartNotComplete, LeaseLost, WrongState
from shared.contracts.errors import InvalidContent, NotFound
from shared.web.refusals import document_errors
from shared.web.tags import CACHING, TAGGED, IfNoneMatch, answer_unchanged, is_known, tag_revision

router = APIRouter(prefix="/v1/charts/{chart_id}", tags=["charts"])


@router.get("", response_model=ChartView, responses=document_errors(NotFound))
async def read_chart(
    cases: Cases,
    principal: ReaderPrincipal,
    chart_id: ChartIdPath,
    response: Response,
    if_none_match: IfNoneMatch = None,
) -> ChartView | Response:
    """Read the current chart version: documents, suggestions with evidence, decisions, and findings of billing.

    Reading renews the caller's own lease on the chart.
    """
    await cases.queue.renew(ChartId(chart_id), principal.subject)
    if if_none_match:
        current = tag_revision(await cases.charts.find_revision(ChartId(chart_id)))
        if is_known(if_none_match, current):
            return answer_unchanged(current)
    view, revision = await cases.charts.read_chart(ChartId(chart_id))
    response.headers["ETag"] = tag_revision(revision)
    response.headers["Cache-Control"] = CACHING
    return view


@router.post("/decisions", responses=document_errors(NotFound, LeaseLost, InvalidContent))
async def store_decisions(cases: Cases, request: LeasedRequest, batch: DecisionBatch) -> DecisionsStored:
    """Store decisions under the caller's lease, all or none; they are never changed, a later one replaces an earlier.

    `accept`, `change` and `reject` name a suggestion, or the decision_id of an `add`; `add` brings a code of its own.
    """
    return await cases.deciding.decide(request, batch)


@router.get("/scrub", dependencies=TAGGED, responses=document_errors(NotFound, WrongState))
async def preview_scrub(cases: Cases, principal: CoderPrincipal, chart_id: ChartIdPath) -> ScrubView:
    """Say what billing's edits would find if the chart were completed as it is decided now; nothing is stored."""
    findings = await cases.previewing.preview(ChartId(chart_id), principal.practitioner)
    return ScrubView(is_known=findings is not None, findings=findings or ())


@router.post("/complete", responses=document_errors(NotFound, LeaseLost, ChartNotComplete))
async def complete_chart(cases: Cases, request: LeasedRequest) -> CodingCompleted:
    """Finish the chart: the decided codes become the final Claim, which goes to billing.

    Refused with one issue for each open point, each with its fix: selected suggestions without a decision, no
    diagnosis, no coverage, an open query, errors of billing's edits.
    """
    return await cases.completing.complete(request)


@router.delete("/lessons", responses=document_errors(NotFound))
async def take_back_lessons(cases: Cases, _principal: LeadPrincipal, chart_id: ChartIdPath) -> LessonsTakenBack:
    """Take back what this chart's coding taught the engine, for instance when a review found it wrong.

    The coding stays as it is, and the lessons stay on record with their opposites; doing it again changes nothing.
    """
    return await cases.learning.take_back(ChartId(chart_id))
