"""The vocabulary of audits: how a sample is drawn, what a difference can become, and the errors a reviewer can meet.

Place in the flow: shared by `store`, `service` and `api`; pure. Invariants: nobody reviews their own coding; a
difference is answered by its coder and closed by a lead who had no part in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.coder.audits.comparison import Category
from services.coder.work_item import ChartId, ChartNotComplete
from shared.contracts.errors import Conflict, Forbidden

AuditId = NewType("AuditId", UUID)
DifferenceId = NewType("DifferenceId", UUID)


class Method(StrEnum):
    """How the charts of a sample are chosen."""

    RANDOM = "random"
    """By chance alone: what is counted on them says something about all charts that fit."""
    CHANGED = "changed"
    """Those first whose coder changed, rejected or added most."""
    QUICK = "quick"
    """Those first whose coder accepted everything, and fastest."""
    DRG_SEVERITY = "drg-severity"
    """Stays whose MS-DRG rests on a major complication or comorbidity, then those with another one."""


class DifferenceState(StrEnum):
    """What became of a difference."""

    OPEN = "open"
    """The coder has not answered."""
    ACCEPTED = "accepted"
    """The coder agrees with the reviewer."""
    REBUTTED = "rebutted"
    """The coder does not, and says why; a lead closes it."""
    UPHELD = "upheld"
    """A lead says that the reviewer is right."""
    WITHDRAWN = "withdrawn"
    """A lead says that the coder is right; it counts as no mistake."""


ANSWERABLE: Mapping[DifferenceState, frozenset[DifferenceState]] = {
    DifferenceState.ACCEPTED: frozenset({DifferenceState.OPEN}),
    DifferenceState.REBUTTED: frozenset({DifferenceState.OPEN}),
    DifferenceState.UPHELD: frozenset({DifferenceState.OPEN, DifferenceState.REBUTTED}),
    DifferenceState.WITHDRAWN: frozenset({DifferenceState.OPEN, DifferenceState.REBUTTED}),
}
"""From which states a difference can become this."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which finished codings are drawn from; None is no limit. The days are those of completion, in UTC."""

    since: date
    until: date
    coder: str | None = None
    list_id: str | None = None
    service_line: str | None = None
    specialty: str | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """A sample as it was drawn, and how far its reviews are."""

    audit_id: AuditId
    title: str
    criteria: str
    method: Method
    seed: str
    population: int
    blind: bool
    drawn_by: str
    drawn_at: datetime
    size: int
    reviewed: int
    differing: int
    """Reviewed charts with a difference that stands."""
    revision: int


@dataclass(frozen=True, slots=True)
class SampledChart:
    """A chart of a sample: whose coding it is, and whether it was reviewed."""

    chart_id: ChartId
    position: int
    coding_version: int
    chart_version: int
    coder: str
    completed_at: datetime
    coded_blind_by: str | None
    reviewer: str | None
    reviewed_at: datetime | None
    differences: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A point in which a coding and its review differ, with all that was said about it."""

    difference_id: DifferenceId
    audit_id: AuditId
    audit: str
    chart_id: ChartId
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


class OwnCoding(Forbidden):
    """Nobody reviews their own coding, closes what they had a part in, or answers for somebody else."""

    code = "own-coding"


class ReviewedBefore(Conflict):
    """The chart was reviewed in this audit; its review stays."""

    code = "reviewed-before"


class BlindCodingFirst(Conflict):
    """In a blind audit the reviewer codes the chart before seeing how it was coded."""

    code = "blind-coding-first"


class DifferenceSettled(Conflict):
    """The difference was answered or closed before; what was said stays."""

    code = "difference-settled"


class ReviewNotComplete(ChartNotComplete):
    """A review was refused; `points` lists every difference without a reason."""

    code = "review-not-complete"
