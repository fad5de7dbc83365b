"""How urgent a chart is, in parts that can be shown.

Place in the flow: `service.placing` ranks a chart when it arrives and again when the engine has answered; pure.
Invariant: a rank is an instant, `urgent_by`, made of instants and hours that do not change while time passes. Two
charts keep their order however long they wait, so that a stored column and its index are the queue.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from pydantic import BaseModel, ConfigDict, Field

_CHARACTERS_PER_UNIT = 4000


class PriorityWeights(BaseModel):
    """What a chart's parts weigh. A heavier part moves `urgent_by` earlier by so many hours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    filing_limit_days: int = Field(default=90, ge=1)
    """Days after the service within which a payer takes a claim, where `filing_limit_days_by_payer` does not say."""
    filing_limit_days_by_payer: Mapping[str, int] = {}
    """By the payer's reference, such as Organization/7."""
    due_share: float = Field(default=0.25, gt=0, le=1)
    """A chart is due when this share of its filing limit is used up."""
    typical_charge: Mapping[str, int] = {"IMP": 15_000, "ACUTE": 15_000, "OBSENC": 6_000, "SS": 8_000, "EMER": 3_000}
    """Dollars at stake by encounter class: charges do not travel with a chart."""
    other_charge: int = Field(default=400, ge=0)
    hours_per_1000_dollars: float = Field(default=8.0, ge=0)
    most_charge_hours: int = Field(default=240, ge=0)
    flag_hours: Mapping[str, int] = {"EM": 96, "UR": 48, "A": 48, "S": 48, "T": 24, "CR": 24}
    """By Encounter.priority (v3-ActPriority)."""
    hours_per_unit_of_complexity: float = Field(default=2.0, ge=0)
    """A unit is a document, 4,000 characters, or a suggestion: what takes long must begin early."""
    most_complexity_hours: int = Field(default=72, ge=0)
    returned_hours: int = Field(default=8_760, ge=1)
    """What billing sent back is at the front: its filing limit is already running."""
    raised_by_lead_hours: int = Field(default=2_160, ge=1)


@dataclass(frozen=True, slots=True)
class RankedFacts:
    """What the rank of a chart is made of; `suggestions` is 0 until the engine has answered."""

    service_date: date | None
    encounter_class: str
    payer: str
    flag: str
    """Encounter.priority, empty where it says nothing."""
    documents: int
    characters: int
    suggestions: int = 0


@dataclass(frozen=True, slots=True)
class Rank:
    """The parts of a place: `due_at` is moved earlier by the hours of the others."""

    due_at: datetime
    filing_limit_on: date
    charge: int
    charge_hours: int
    flag: str
    flag_hours: int
    complexity_units: int
    complexity_hours: int


def rank_chart(facts: RankedFacts, weights: PriorityWeights, arrived_on: date) -> Rank:
    """Rank a chart; one without a service date counts from the day of its arrival."""
    limit_days = weights.filing_limit_days_by_payer.get(facts.payer, weights.filing_limit_days)
    served_on = facts.service_date or arrived_on
    charge = weights.typical_charge.get(facts.encounter_class, weights.other_charge)
    units = facts.documents + facts.characters // _CHARACTERS_PER_UNIT + facts.suggestions
    return Rank(
        due_at=datetime.combine(served_on, time(), UTC) + timedelta(days=limit_days) * weights.due_share,
        filing_limit_on=served_on + timedelta(days=limit_days),
        charge=charge,
        charge_hours=min(int(charge / 1000 * weights.hours_per_1000_dollars), weights.most_charge_hours),
        flag=facts.flag,
        flag_hours=weights.flag_hours.get(facts.flag, 0),
        complexity_units=units,
        complexity_hours=min(int(units * weights.hours_per_unit_of_complexity), weights.most_complexity_hours),
    )
