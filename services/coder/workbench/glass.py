"""The page before a closed chart, and the reviews of those who opened one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import ValidationError

from services.coder.api.reach import find_reach
from services.coder.api.requests import Cases
from services.coder.glass import GlassId
from services.coder.glass_models import OpeningRequest, OpeningReview
from services.coder.service.deciding import Coder
from services.coder.work_item import ChartId
from services.coder.workbench.pages import render_page
from services.coder.workbench.routing import Form, PageRoute, SignedInLead, redirect, require_session
from shared.contracts.errors import InvalidContent
from shared.web.security import Principal, Role

router = APIRouter(route_class=PageRoute)

Closed = Annotated[Principal, Depends(require_session(Role.CODER, Role.LEAD, Role.AUDITOR, guarded=False))]
_REVIEWS = "/workbench/reviews"


@router.post("/charts/{chart_id}/break-glass")
async def break_glass(cases: Cases, principal: Closed, chart_id: UUID, form: Form) -> Response:
    """Open a closed chart and show it."""
    try:
        request = OpeningRequest.model_validate({"reason": form.get("reason", "")})
    except ValidationError as error:
        raise InvalidContent("write a reason of 10 to 500 characters; go back and try again") from error
    caller = Coder(principal.subject, principal.practitioner)
    await cases.glass.open_chart(caller, find_reach(principal), ChartId(chart_id), request.reason)
    return redirect(f"/workbench/charts/{chart_id}")


@router.get("/reviews")
async def show_reviews(cases: Cases, lead: SignedInLead) -> Response:
    """Show what waits for a review."""
    return render_page("reviews.html", signed_in=lead, openings=await cases.glass.list_unreviewed())


@router.post("/reviews/{glass_id}")
async def review_opening(cases: Cases, lead: SignedInLead, glass_id: UUID, form: Form) -> Response:
    """Keep a review."""
    try:
        request = OpeningReview.model_validate({"outcome": form.get("outcome"), "note": form.get("note") or None})
    except ValidationError as error:
        raise InvalidContent("choose an outcome; a note has at most 500 characters") from error
    await cases.glass.review(lead.subject, GlassId(glass_id), request)
    return redirect(_REVIEWS)
