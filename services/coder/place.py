"""A chart's place in the queue, with the parts that its urgency is made of, and how pages of places are turned.

Place in the flow: `store.places` reads it, `api` and `workbench` show it; pure. Invariant: `urgent_by` is `due_at`
minus the hours of all parts, which the database computes, so that what is shown is what the queue goes by.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from services.coder.engine.model import Setting
from services.coder.work_item import ChartId, Lease, State, WorkItemId


@dataclass(frozen=True, slots=True)
class Urgency:
    """The parts of a place; each moves `urgent_by` earlier by its hours."""

    urgent_by: datetime
    due_at: datetime
    filing_limit_on: date | None
    charge: int
    charge_hours: int
    flag: str
    flag_hours: int
    complexity_units: int
    complexity_hours: int
    raised_why: tuple[str, ...]
    raised_hours: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chart stands, on which lists, and how urgent it is."""

    work_item_id: WorkItemId
    chart_id: ChartId
    state: State
    revision: int
    arrival: int
    """Which of the service's charts it was; of equally urgent ones the first comes first."""
    arrived_at: datetime
    encounter_class: str
    setting: Setting
    service_date: date | None
    service_line: str
    specialty: str
    facility: str
    payer: str
    default_list: str
    lists: tuple[str, ...]
    assigned_to: str | None
    lease_holder: str | None
    urgency: Urgency


@dataclass(frozen=True, slots=True)
class HeldChart:
    """A chart that a coder has leased."""

    place: Place
    lease: Lease


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place that a page ended with."""

    urgent_by: AwareDatetime
    arrival: Annotated[int, Field(ge=0, lt=2**63)]

    @classmethod
    def after(cls, place: Place) -> "Cursor":
        """The cursor behind a place."""
        return cls(place.urgency.urgent_by, place.arrival)
