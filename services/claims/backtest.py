"""What new edits would have done to past claims, against what their payers did; pure.

Place in the flow: a biller writes a rule from a pattern of denials, `chartline backtest` judges it here before anyone
turns it on. Invariants: nothing is changed by it; a rule is judged as it would run, by payer, channel and day of
service, on the bytes that were sent; a claim counts once a rule, however many of its lines the rule finds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import sqrt

from services.claims.edits import ClaimUnderEdit, EditContext
from services.claims.edits.model import Edit
from services.claims.edits.selection import select_edits
from services.claims.payers import PayerLimits

_NORMAL_95 = 1.959964
Interval = tuple[float, float]


class Fate(StrEnum):
    """What the payer did."""

    DENIED = "denied"
    """Some of it or all, at least once."""
    TAKEN = "taken"
    """Accepted or paid, and never denied."""


@dataclass(frozen=True, slots=True)
class PastClaim:
    """A claim that was decided, as it was sent. `submitted_on` is the day on which it was queued."""

    bundle: bytes
    payer_id: str
    channel: str
    submitted_on: date
    fate: Fate


@dataclass(frozen=True, slots=True)
class Trial:
    """One edit on past claims: to how many it applied, of how many it found something, and what became of those."""

    edit: str
    severity: str
    judged: int
    denied: int
    stopped: int
    stopped_denied: int

    @property
    def stopped_taken(self) -> int:
        """Claims that the edit would have stopped and the payer took."""
        return self.stopped - self.stopped_denied

    @property
    def precision(self) -> float | None:
        """The share of denied ones among what it stops; None where it stops nothing."""
        return self.stopped_denied / self.stopped if self.stopped else None

    @property
    def precision_interval(self) -> Interval | None:
        """Where the precision lies with 95 % confidence."""
        return wilson(self.stopped_denied, self.stopped) if self.stopped else None

    @property
    def caught(self) -> float | None:
        """The share of the denied ones that it stops; None where none was denied."""
        return self.stopped_denied / self.denied if self.denied else None


def try_edits(edits: Sequence[Edit], past: Iterable[PastClaim]) -> list[Trial]:
    """Run each edit on every past claim to which it applies."""
    tallies = {edit.id: [0, 0, 0, 0] for edit in edits}
    for claim in past:
        subject = _as_subject(claim)
        is_denied = claim.fate is Fate.DENIED
        for edit in select_edits(tuple(edits), subject.service_day, claim.payer_id, claim.channel):
            stops = bool(edit.scrub(subject))
            for place, counts in enumerate((True, is_denied, stops, stops and is_denied)):
                tallies[edit.id][place] += counts
    return [Trial(edit.id, edit.severity, *tallies[edit.id]) for edit in edits]


def wilson(hits: int, of: int) -> Interval:
    """The 95 % score interval of a share, which holds for few claims too. Source: Wilson, JASA 22 (1927) 209."""
    share, square = hits / of, _NORMAL_95**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = _NORMAL_95 / (1 + square / of) * sqrt(share * (1 - share) / of + square / (4 * of**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def _as_subject(claim: PastClaim) -> ClaimUnderEdit:
    context = EditContext(payer=claim.payer_id, channel=claim.channel, submitted_on=claim.submitted_on)
    return ClaimUnderEdit(claim.bundle, PayerLimits(), None, context)
