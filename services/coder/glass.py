"""Restricted charts: what stands between a caller and a chart, and the glass that was broken.

Pure. A chart is restricted for everybody without its clearance, for the person whose record it is, and for who is not
responsible for its facility or list. Whoever must see it all the same says why, and a lead reads that.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.coder.work_item import ChartId
from shared.contracts.errors import Conflict, Forbidden

GlassId = NewType("GlassId", UUID)


class Barrier(StrEnum):
    """Why a caller may not see a chart."""

    OWN_RECORD = "own-record"
    RESTRICTED = "restricted"
    OUT_OF_SCOPE = "out-of-scope"


class ReviewOutcome(StrEnum):
    """What a lead found."""

    JUSTIFIED = "justified"
    UNJUSTIFIED = "unjustified"


class ChartRestricted(Forbidden):
    """The caller may not see this chart; with a reason they can open it for a while."""

    code = "chart-restricted"

    def __init__(self, chart_id: ChartId, barrier: Barrier) -> None:
        super().__init__(f"this chart is closed to you ({barrier}); if you must see it, break the glass with a reason")
        self.chart_id = chart_id


class OwnReview(Forbidden):
    """Nobody reviews what they opened themselves."""

    code = "own-review"


class NotClosed(Conflict):
    """There is no glass to break: the caller may see the chart."""

    code = "chart-not-closed"


class AlreadyReviewed(Conflict):
    """Another lead has reviewed it."""

    code = "already-reviewed"


@dataclass(frozen=True, slots=True)
class Sight:
    """What a caller's look at a chart meets: a barrier, and until when the caller has opened it."""

    chart_id: ChartId
    barrier: Barrier | None
    opened_until: datetime | None


@dataclass(frozen=True, slots=True)
class BrokenGlass:
    """One opening of a restricted chart, and its review once there is one."""

    glass_id: GlassId
    chart_id: ChartId
    subject: str
    practitioner: str
    barrier: Barrier
    reason: str
    opened_at: datetime
    expires_at: datetime
    reviewed_by: str | None
    reviewed_at: datetime | None
    outcome: ReviewOutcome | None
    note: str | None
