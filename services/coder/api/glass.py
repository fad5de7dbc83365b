"""Breaking the glass before a closed chart, and the reviews of it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path

from services.coder.api.reach import find_reach
from services.coder.api.requests import Cases, ChartIdPath, LeadPrincipal
from services.coder.glass import AlreadyReviewed, GlassId, NotClosed, OwnReview
from services.coder.glass_models import OpeningRequest, OpeningReview, OpeningsPage, OpeningView
from services.coder.service.deciding import Coder
from services.coder.work_item import ChartId
from shared.contracts.errors import NotFound
from shared.pages import MOMENTS, Moment, cut_page
from shared.web.pages import PageCursor, PageLimit
from shared.web.refusals import document_errors
from shared.web.repeating import RepeatableRequest
from shared.web.security import Principal, Role, require_principal

router = APIRouter(prefix="/v1", tags=["closed charts"])

Closed = Annotated[Principal, Depends(require_principal(Role.CODER, Role.LEAD, Role.AUDITOR, guarded=False))]
"""Who could read the chart if it were not closed to them."""


@router.post("/charts/{chart_id}/break-glass", responses=document_errors(NotFound, NotClosed))
async def break_glass(
    cases: Cases,
    principal: Closed,
    chart_id: ChartIdPath,
    request: OpeningRequest,
    repeatable: RepeatableRequest,
) -> OpeningView:
    """Open a chart that is closed to the caller, for an hour and with a reason; a lead reviews it."""
    caller = Coder(principal.subject, principal.practitioner)
    return await cases.glass.open_chart(caller, find_reach(principal), ChartId(chart_id), request.reason, repeatable)


@router.get("/broken-glass", responses=document_errors())
async def list_openings(
    cases: Cases, _principal: LeadPrincipal, cursor: PageCursor = None, limit: PageLimit = 50
) -> OpeningsPage:
    """List the openings that wait for a review."""
    after = MOMENTS.read(cursor) if cursor else None
    shown, last = cut_page(await cases.glass.list_unreviewed(after, limit + 1), limit)
    end = Moment(last.opened_at, last.glass_id) if last else None
    return OpeningsPage(openings=tuple(map(OpeningView.of, shown)), next=MOMENTS.write(end) if end else None)


@router.post("/broken-glass/{glass_id}/review", responses=document_errors(NotFound, AlreadyReviewed, OwnReview))
async def review_opening(
    cases: Cases,
    principal: LeadPrincipal,
    glass_id: Annotated[UUID, Path(description="The opening's id.")],
    request: OpeningReview,
    repeatable: RepeatableRequest,
) -> OpeningView:
    """Say whether an opening was justified; nobody reviews their own."""
    return await cases.glass.review(principal.subject, GlassId(glass_id), request, repeatable)
