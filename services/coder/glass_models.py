"""What the routes of closed charts take and give."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.coder.api_models import NO_NUL, ApiModel
from services.coder.glass import Barrier, BrokenGlass, ReviewOutcome
from shared.pages import Page

GlassReason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=500, pattern=NO_NUL)]
ReviewNote = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=NO_NUL)]


class OpeningRequest(ApiModel):
    """Why the caller must see the chart."""

    reason: GlassReason = Field(examples=["Covering for the assigned coder, claim due today."])


class OpeningReview(ApiModel):
    """What a lead found."""

    outcome: ReviewOutcome
    note: ReviewNote | None = None


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


class OpeningsPage(Page):
    """A page of openings that wait for a review, the oldest first."""

    openings: tuple[OpeningView, ...]
