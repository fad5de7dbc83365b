"""Breaking the glass before a closed chart, and the reviews of it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import Field, StringConstraints

from services.coder.api.problems import document_errors
from services.coder.api.reach import find_reach
from services.coder.api.requests import Cases, ChartIdPath, LeadPrincipal
from services.coder.api_models import NO_NUL, ApiModel
from services.coder.glass import AlreadyReviewed, Barrier, BrokenGlass, GlassId, NotClosed, OwnReview, ReviewOutcome
from services.coder.service.deciding import Coder
from services.coder.work_item import ChartId
from shared.contracts.errors import NotFound
from shared.web.security import Principal, Role, require_principal

router = APIRouter(prefix="/v1", tags=["closed charts"])

Closed = Annotated[Principal, Depends(require_principal(Role.CODER, Role.LEAD, Role.AUDITOR, guarded=False))]
"""Who could read the chart if it were not closed to them."""
GlassReason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=500, pattern=NO_NUL)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=NO_NUL)]


class OpeningRequest(ApiModel):
    """Why the caller must see the chart."""

    reason: GlassReason = Field(examples=["Covering for the assigned coder, claim due today."])


class ReviewRequest(ApiModel):
    """What a lead found."""

    outcome: ReviewOutcome
    note: Note | None = None


class OpeningView(ApiModel):
    """One opening of a closed chart; without `outcome` it waits for a review."""

    glass_id: UUID
    chart_id: UUID
    subject: str
    barrier: Barrier
    reason: str
    opened_at: datetime
    expires_at: datetime
    reviewed_by: str | None
    reviewed_at: datetime | None
    outcome: ReviewOutcome | None
    note: str | None

    @classmethod
    def of(cls, glass: BrokenGlass) -> "OpeningView":
        """Show an opening."""
        return cls(**{name: getattr(glass, name) for name in cls.model_fields})


class OpeningsView(ApiModel):
    """Openings, the oldest first, at most 200."""

    openings: tuple[OpeningView, ...]


@router.post("/charts/{chart_id}/break-glass", responses=document_errors(NotFound, NotClosed))
async def break_glass(cases: Cases, principal: Closed, chart_id: ChartIdPath, request: OpeningRequest) -> OpeningView:
    """Open a chart that is closed to the caller, for an hour and with a reason; a lead reviews it."""
    caller = Coder(principal.subject, principal.practitioner)
    opened = await cases.glass.open_chart(caller, find_reach(principal), ChartId(chart_id), request.reason)
    return OpeningView.of(opened)


@router.get("/broken-glass", responses=document_errors())
async def list_openings(cases: Cases, _principal: LeadPrincipal) -> OpeningsView:
    """List the openings that wait for a review."""
    return OpeningsView(openings=tuple(map(OpeningView.of, await cases.glass.list_unreviewed())))


@router.post("/broken-glass/{glass_id}/review", responses=document_errors(NotFound, AlreadyReviewed, OwnReview))
async def review_opening(
    cases: Cases,
    principal: LeadPrincipal,
    glass_id: Annotated[UUID, Path(description="The opening's id.")],
    request: ReviewRequest,
) -> OpeningView:
    """Say whether an opening was justified; nobody reviews their own."""
    reviewed = await cases.glass.review(principal.subject, GlassId(glass_id), request.outcome, request.note)
    return OpeningView.of(reviewed)
