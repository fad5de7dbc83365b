"""Putting a chart on hold, looking again, and lifting a hold."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query

from services.coder.api.reach import find_reach
from services.coder.api.requests import (
    Cases,
    ChartIdPath,
    CoderPrincipal,
)
from services.coder.hold import FIRST_PAGE, HoldEnded, HoldId
from services.coder.queue_models import HOLDS_TO_REVIEW, HoldRequest, HoldsOfChart, HoldsToReview, HoldView
from services.coder.service.deciding import Coder, UnderLease
from services.coder.work_item import ChartId, LeaseLost, LeaseToken, WrongState
from shared.contracts.errors import Forbidden, InvalidContent, NotFound
from shared.days import IsoDay
from shared.pages import MOMENTS, Moment, cut_page
from shared.web.pages import PageCursor, PageLimit
from shared.web.refusals import document_errors
from shared.web.repeating import RepeatableRequest

router = APIRouter(prefix="/v1", tags=["holds"])

HoldIdPath = Annotated[UUID, Path(description="The hold's id, as placing it returned it.")]
OptionalLeaseToken = Annotated[
    UUID | None, Header(alias="Lease-Token", description="The caller's lease on this chart; a lead needs none.")
]


@router.post(
    "/charts/{chart_id}/holds",
    responses=document_errors(NotFound, LeaseLost, WrongState, InvalidContent),
)
async def place_hold(
    cases: Cases,
    principal: CoderPrincipal,
    chart_id: ChartIdPath,
    request: HoldRequest,
    repeatable: RepeatableRequest,
    lease_token: OptionalLeaseToken = None,
) -> HoldView:
    """Put a chart on hold: its lease ends, and nobody can lease, complete or bill it until its last hold is lifted.

    A coder does this under the lease; a lead may do it to any open or leased chart.
    """
    chart = ChartId(chart_id)
    if lease_token is not None:
        coder = Coder(principal.subject, principal.practitioner)
        under = UnderLease(coder, chart, LeaseToken(lease_token), repeatable)
        return await cases.holding.place(under, request.to_domain())
    if "lead" not in principal.roles:
        raise Forbidden("a coder puts only a leased chart on hold: send its Lease-Token, or ask a lead")
    return await cases.holding.place_without_lease(principal.subject, chart, request.to_domain(), repeatable)


@router.get("/charts/{chart_id}/holds", responses=document_errors(NotFound))
async def list_holds(
    cases: Cases,
    _principal: CoderPrincipal,
    chart_id: ChartIdPath,
    cursor: PageCursor = None,
    limit: PageLimit = 50,
) -> HoldsOfChart:
    """List the holds that a chart has or had, the first one first."""
    after = MOMENTS.read(cursor) if cursor else None
    shown, last = cut_page(await cases.holding.list_of_chart(ChartId(chart_id), after, limit + 1), limit)
    end = Moment(last.placed_at, last.hold_id) if last else None
    return HoldsOfChart(holds=tuple(map(HoldView.of, shown)), next=MOMENTS.write(end) if end else None)


@router.get("/holds", responses=document_errors(InvalidContent))
async def list_holds_to_review(
    cases: Cases,
    principal: CoderPrincipal,
    due_by: Annotated[IsoDay | None, Query(description="Holds to review by this day; today when left out.")] = None,
    cursor: PageCursor = None,
    limit: PageLimit = 50,
) -> HoldsToReview:
    """List the effective holds within the caller's reach that somebody must look at, the longest overdue first."""
    page = await cases.holding.list_to_review(
        principal.subject,
        find_reach(principal),
        due_by=due_by or datetime.now(UTC).date(),
        after=HOLDS_TO_REVIEW.read(cursor) if cursor else FIRST_PAGE,
        limit=limit + 1,
    )
    return HoldsToReview.of(page, limit)


@router.post("/holds/{hold_id}/lift", responses=document_errors(NotFound, HoldEnded))
async def lift_hold(
    cases: Cases, principal: CoderPrincipal, hold_id: HoldIdPath, repeatable: RepeatableRequest
) -> HoldView:
    """Lift a hold whose reason is gone; after a chart's last one the chart is open again, in its old place."""
    return await cases.holding.lift(principal.subject, HoldId(hold_id), repeatable)
