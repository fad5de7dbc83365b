"""Holds: named, reversible pauses before billing.

Place in the flow: shared by `store`, `service` and `api`; pure. Invariant: a chart is on hold exactly while one of its
holds is effective; migrations/0010 counts them in the work item's row and checks that.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.coder.work_item import ChartId
from shared.contracts.errors import Conflict

HoldId = NewType("HoldId", UUID)


class HoldReason(StrEnum):
    """What a chart waits for."""

    PENDING_REPORT = "pending-report"
    PENDING_QUERY = "pending-query"
    REGISTRATION_PROBLEM = "registration-problem"


class WhyLifted(StrEnum):
    """Why a hold ended."""

    SETTLED = "settled"
    """Somebody said that the reason is gone."""
    LATE_DOCUMENT = "late-document"
    """A newer chart version came; the chart is read again whatever it was waiting for."""
    WITHDRAWN = "withdrawn"
    """The encounter is void or open again."""


@dataclass(frozen=True, slots=True)
class NewHold:
    """Why a chart is to wait, and the day on which somebody must look again."""

    reason: HoldReason
    review_on: date
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold as it is stored; effective until `lifted_at` is set."""

    hold_id: HoldId
    chart_id: ChartId
    chart_version: int
    reason: HoldReason
    note: str | None
    review_on: date
    placed_by: str
    placed_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None
    lifted_why: WhyLifted | None


@dataclass(frozen=True, slots=True)
class HoldToReview:
    """An effective hold whose day of review has come, and the list whose people look at it."""

    default_list: str
    hold: Hold


@dataclass(frozen=True, slots=True)
class HoldCursor:
    """The hold that a page ended with."""

    review_on: date
    hold_id: UUID


FIRST_PAGE = HoldCursor(date.min, UUID(int=0))


class HoldEnded(Conflict):
    """The hold was lifted before, or a newer chart version ended it."""

    code = "hold-ended"
