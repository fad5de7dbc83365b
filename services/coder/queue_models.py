"""What the queue's own routes take and give: holds, worklists, places in the queue, coders' desks.

Place in the flow: beside `api_models`; `api` reads and writes these, `service` fills the answers; pure.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from services.coder.api_models import ApiModel
from services.coder.hold import Hold, HoldReason, NewHold, WhyLifted

_NO_NUL = r"^[^\x00]*$"  # PostgreSQL's text cannot hold it
Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=_NO_NUL)]


class HoldRequest(ApiModel):
    """Why a chart is to wait, and the day on which somebody must look again."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"reason": "pending-report", "review_on": "2026-12-01", "note": "pathology of the biopsy"}]
        }
    )

    reason: HoldReason
    review_on: date = Field(description="Today or later; on that day the hold comes up for review.")
    note: Note | None = Field(default=None, description="For colleagues; it never leaves the queue.")

    def to_domain(self) -> NewHold:
        """The hold as the use cases take it."""
        return NewHold(self.reason, self.review_on, self.note)


class HoldView(ApiModel):
    """A hold; effective until `lifted_at` is set."""

    hold_id: UUID
    chart_id: UUID
    chart_version: int
    reason: HoldReason
    note: str | None
    review_on: date
    placed_by: str
    placed_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None
    lifted_why: WhyLifted | None

    @classmethod
    def of(cls, hold: Hold) -> "HoldView":
        """Shape a stored hold."""
        return cls.model_validate(hold, from_attributes=True)


class HoldsOfChart(ApiModel):
    """The holds that a chart has or had, the first one first."""

    holds: tuple[HoldView, ...]
