"""When a chart can be coded. Pure: facts and the time in, a decision and the time to look again out.

The rule: an encounter that is finished, with no report pending, something to read, and the patient, the coverage and
its payer known, is complete. What is missing is waited for until the hold time of the encounter's class has passed
since the encounter ended, or since we learned that it had, when that was later: a hospital that sends last year's
visits does not have its charts cut short. What a claim merely likes to have is waited for only a short grace.

Invariant: whatever is missing, an ended encounter is decided at `hold_until` at the latest.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal

from shared.fhir.subset import EncounterSubset

FINISHED = "finished"
PLANNED = "planned"
VOID = frozenset({"cancelled", "entered-in-error"})
PENDING_REPORT = frozenset({"registered", "partial", "preliminary"})
READABLE_REPORT = frozenset({"final", "amended", "corrected", "appended", "current"})
"""Statuses whose text may be coded; `current` is that of a DocumentReference."""

Setting = Literal["inpatient", "outpatient", "emergency"]
Reason = Literal["complete", "hold-elapsed", "encounter-void", "encounter-reopened"]
_SETTINGS: dict[str, Setting] = {"IMP": "inpatient", "ACUTE": "inpatient", "NONAC": "inpatient", "EMER": "emergency"}
_SHORTEST_LOOK = timedelta(seconds=1)


class Decision(StrEnum):
    """What to do with a chart now."""

    WAIT = "wait"
    EMIT = "emit"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class ChartFacts:
    """What is known of a chart. `hold_until` is None while the encounter has not ended."""

    is_ready: bool
    """The coder has it."""
    encounter_status: str
    hold_until: datetime | None
    learned_at: datetime
    pending_reports: int
    readable: int
    """Documents with text, and reports, that may be coded."""
    missing: frozenset[str]
    """What a claim cannot do without: patient, coverage, payer."""
    wanted: frozenset[str]
    """What a claim would like to have: who treated, where."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """The decision, why, and when to look again (None: only when something arrives)."""

    decision: Decision
    reason: Reason | None = None
    look_again_at: datetime | None = None

    def require_reason(self) -> Reason:
        """Return the reason, which every decision but WAIT has."""
        if self.reason is None:
            raise ValueError(f"{self.decision} has no reason")
        return self.reason


def decide_readiness(facts: ChartFacts, now: datetime, grace: timedelta) -> Readiness:
    """Decide on a chart; `grace` is how long to wait for what is only wanted."""
    if facts.encounter_status in VOID:
        return Readiness(Decision.WITHDRAW, "encounter-void")
    if facts.hold_until is None:
        return Readiness(Decision.WITHDRAW, "encounter-reopened") if facts.is_ready else Readiness(Decision.WAIT)
    complete = facts.encounter_status == FINISHED and not facts.pending_reports and facts.readable and not facts.missing
    if complete and (not facts.wanted or now >= facts.learned_at + grace):
        return Readiness(Decision.EMIT, "complete")
    if now >= facts.hold_until:
        return Readiness(Decision.EMIT, "complete" if complete else "hold-elapsed")
    limit = min(facts.learned_at + grace, facts.hold_until) if complete else facts.hold_until
    return Readiness(Decision.WAIT, look_again_at=_look_again_at(facts.learned_at, now, limit))


def _look_again_at(learned_at: datetime, now: datetime, limit: datetime) -> datetime:
    """After as long as the chart has waited so far: an arrival wakes it, and this finds what crossed in between."""
    return min(limit, now + max(_SHORTEST_LOOK, now - learned_at))


def hold_until(status: str, ended_at: datetime | None, now: datetime, hold: timedelta) -> datetime | None:
    """Return when waiting for an encounter ends; None while it goes on. A finished one without end ended by now."""
    if status in VOID or status == PLANNED or (status != FINISHED and (ended_at is None or ended_at > now)):
        return None
    return max(ended_at or now, now) + hold


def setting_of(encounter_class: str) -> Setting:
    """Return the setting of a v3-ActCode encounter class; observation and short stay count as outpatient."""
    return _SETTINGS.get(encounter_class, "outpatient")


def service_date_of(encounter: EncounterSubset) -> date | None:
    """Return the day whose code sets apply, in the hospital's own zone: discharge for inpatients, else the start."""
    start = encounter.period.start
    end = encounter.period.end
    chosen = (end or start) if setting_of(encounter.class_.code) == "inpatient" else (start or end)
    return chosen.date() if chosen else None
