"""What the routes of differences and of accuracy take and give.

Place in the flow: beside `audit_models`; `api` and `workbench` read and write these, `service` fills the answers; pure.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from services.coder.api_models import ApiModel, Reason
from services.coder.audits.accuracy import Share
from services.coder.audits.audit import Difference, DifferenceState, Method
from services.coder.audits.comparison import Category
from shared.pages import Page


class DifferenceView(ApiModel):
    """A point in which a coding and its review differ, and what became of it."""

    difference_id: UUID
    audit_id: UUID
    audit: str
    chart_id: UUID
    coder: str
    reviewer: str
    reviewed_at: datetime
    category: Category
    coded: str | None
    correct: str | None
    reason: str
    guideline: str | None
    state: DifferenceState
    answer: str | None
    answered_at: datetime | None
    closing: str | None
    closed_by: str | None
    closed_at: datetime | None

    @classmethod
    def of(cls, difference: Difference) -> Self:
        """Shape a difference."""
        return cls(**{name: getattr(difference, name) for name in DifferenceView.model_fields})


class DifferencesPage(Page):
    """Differences, the latest review first."""

    differences: tuple[DifferenceView, ...]


class AnswerRequest(ApiModel):
    """What the coder says of a difference; who does not agree says why."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"answer": "rebutted", "words": "The plan treats it as bacterial."}]}
    )

    answer: Literal["accepted", "rebutted"]
    words: Reason | None = None

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.answer == "rebutted" and self.words is None:
            raise ValueError("say why it is not right")
        return self


class ClosingRequest(ApiModel):
    """How a lead closes a difference: the review is upheld, or withdrawn and no mistake."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"outcome": "withdrawn", "words": "The note of 3 May supports it."}]}
    )

    outcome: Literal["upheld", "withdrawn"]
    words: Reason


class ShareView(ApiModel):
    """A share with its interval of 95 percent (Wilson); null of nothing."""

    correct: int
    judged: int
    share: float | None
    interval: tuple[float, float] | None

    @classmethod
    def of(cls, share: Share) -> Self:
        """Shape a share."""
        return cls(correct=share.correct, judged=share.judged, share=share.value, interval=share.interval)


class AccuracyRow(ApiModel):
    """How right the codings of one coder, or all, were."""

    coder: str | None = Field(description="Null for all together.")
    charts: ShareView = Field(description="Charts without a difference.")
    codes: ShareView = Field(description="Code over code: the reviewer's codes that the coder had.")
    by_category: dict[Category, ShareView] = Field(
        description="Of everything that either has: a code too many counts as well."
    )


class CodeAccuracy(ApiModel):
    """How often a code was right."""

    category: Category
    code: str
    accuracy: ShareView


class AccuracyReport(ApiModel):
    """What was counted on the reviews of these UTC days."""

    since: date
    until: date
    methods: tuple[Method, ...] = Field(description="Of whose samples; intervals hold for random ones alone.")
    together: AccuracyRow
    coders: tuple[AccuracyRow, ...]
    codes: tuple[CodeAccuracy, ...] = Field(description="Those that were wrong most often, at most 50.")


def page_differences(found: Sequence[Difference], limit: int) -> DifferencesPage:
    """Shape a page that was read one difference too far."""
    last = found[limit - 1] if len(found) > limit else None
    return DifferencesPage(
        differences=tuple(map(DifferenceView.of, found[:limit])), next=str(last.difference_id) if last else None
    )
