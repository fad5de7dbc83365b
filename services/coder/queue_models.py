"""What the queue's own routes take and give: holds, worklists, places in the queue, coders' desks.

Place in the flow: beside `api_models`; `api` reads and writes these, `service` fills the answers; pure.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, field_validator, model_validator

from services.coder.api_models import ApiModel
from services.coder.engine.model import Setting
from services.coder.hold import Hold, HoldCursor, HoldReason, HoldToReview, NewHold, WhyLifted
from services.coder.place import Place, Urgency
from services.coder.work_item import State
from services.coder.worklist import CoderDesk, ListKind, Worklist
from shared.days import IsoDay
from shared.pages import CursorOf, Page, cut_page

_NO_NUL = r"^[^\x00]*$"  # PostgreSQL's text cannot hold it
ListId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_NO_NUL)]
Terms = Annotated[tuple[Subject, ...], Field(max_length=200)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=_NO_NUL)]


class HoldRequest(ApiModel):
    """Why a chart is to wait, and the day on which somebody must look again."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"reason": "pending-report", "review_on": "2026-12-01", "note": "pathology of the biopsy"}]
        }
    )

    reason: HoldReason
    review_on: IsoDay = Field(description="Today or later; on that day the hold comes up for review.")
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


class HoldsOfChart(Page):
    """A page of the holds that a chart has or had, the first one first."""

    holds: tuple[HoldView, ...]


class HoldToReviewView(HoldView):
    """An effective hold whose day of review has come."""

    default_list: str = Field(description="The list whose people look at it.")


HOLDS_TO_REVIEW = CursorOf(HoldCursor)


class HoldsToReview(Page):
    """A page of holds to review, the longest overdue first."""

    holds: tuple[HoldToReviewView, ...]

    @classmethod
    def of(cls, page: Sequence[HoldToReview], limit: int) -> "HoldsToReview":
        """Shape a page that was read one hold too far."""
        shown, last = cut_page(page, limit)
        views = (
            HoldToReviewView(**HoldView.of(each.hold).model_dump(), default_list=each.default_list) for each in shown
        )
        end = HoldCursor(last.hold.review_on, last.hold.hold_id) if last else None
        return cls(holds=tuple(views), next=HOLDS_TO_REVIEW.write(end) if end else None)


class WorklistRequest(ApiModel):
    """A list's rule; an empty criterion lets everything through, a chart must pass all."""

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=_NO_NUL)]
    kind: ListKind = Field(
        default=ListKind.DEFAULT, description="A chart is on one default list, and on every custom one that fits."
    )
    position: int = Field(
        default=100,
        ge=0,
        le=1_000_000,
        strict=True,
        description="Default lists are tried in this order; the first that fits counts.",
    )
    service_lines: Terms = Field(default=(), description="Such as inpatient, emergency, imaging, clinic.")
    specialties: Terms = Field(default=(), description="Encounter.serviceType as a token, `system|code`.")
    facilities: Terms = Field(default=(), description="Relative references of Organizations.")
    encounter_classes: Terms = Field(default=(), description="v3-ActCode, such as IMP.")
    payers: Terms = Field(default=(), description="Relative references of Organizations.")
    states: tuple[State, ...] = Field(default=(), max_length=10, description="Of custom lists: what they show.")

    @model_validator(mode="after")
    def _only_custom_lists_have_states(self) -> Self:
        if self.kind is ListKind.DEFAULT and self.states:
            raise ValueError("only a custom list chooses states: a default list has its charts whatever their state")
        return self

    def to_domain(self, list_id: str, revision: int = 0) -> Worklist:
        """The list as the use cases take it."""
        return Worklist(list_id=list_id, revision=revision, **dict(self))


class NewWorklist(WorklistRequest):
    """A list's rule under its id, which stays."""

    list_id: ListId

    @field_validator("list_id")
    @classmethod
    def _is_no_route(cls, list_id: str) -> str:
        if list_id == "events":
            raise ValueError("`events` is where news are told; choose another id")
        return list_id


class WorklistView(WorklistRequest):
    """A list as it is stored; that which takes everything else comes after all positions that can be asked for."""

    position: int
    list_id: str
    revision: int

    @classmethod
    def of(cls, worklist: Worklist) -> "WorklistView":
        """Shape a stored list."""
        return cls.model_validate(worklist, from_attributes=True)


class CountedListView(WorklistView):
    """A list and how many of its charts are within the caller's reach, by state; a few seconds old at most."""

    counts: dict[State, int]


class WorklistsPage(Page):
    """A page of worklists: default ones in the order in which they are tried, then custom ones."""

    worklists: tuple[CountedListView, ...]


class PriorityPart(ApiModel):
    """One reason for a chart's place: it comes earlier by so many hours."""

    part: Literal["age", "charge", "flag", "complexity", "raised"] = Field(examples=["charge"])
    hours: int = Field(description="0 for `age`, which is where counting begins.", examples=[48])
    because: str = Field(examples=["about 6000 dollars at stake"])


class PriorityView(ApiModel):
    """Why a chart stands where it does: `urgent_by` is `due_at` minus the hours of all parts; the earliest is next."""

    urgent_by: datetime
    due_at: datetime = Field(description="When the agreed share of the filing limit is used up.")
    filing_limit_on: date | None
    parts: tuple[PriorityPart, ...]

    @classmethod
    def of(cls, urgency: Urgency) -> "PriorityView":
        """Shape the parts of a place."""
        return cls(
            urgent_by=urgency.urgent_by,
            due_at=urgency.due_at,
            filing_limit_on=urgency.filing_limit_on,
            parts=tuple(_list_parts(urgency)),
        )


def _list_parts(urgency: Urgency) -> Iterator[PriorityPart]:
    limit = f"{urgency.filing_limit_on:%Y-%m-%d}" if urgency.filing_limit_on else "unknown"
    yield PriorityPart(part="age", hours=0, because=f"due {urgency.due_at:%Y-%m-%d}, filing limit {limit}")
    if urgency.charge_hours:
        yield PriorityPart(
            part="charge", hours=urgency.charge_hours, because=f"about {urgency.charge} dollars at stake"
        )
    if urgency.flag_hours:
        yield PriorityPart(part="flag", hours=urgency.flag_hours, because=f"encounter priority {urgency.flag}")
    if urgency.complexity_hours:
        because = f"{urgency.complexity_units} units of documents and suggestions"
        yield PriorityPart(part="complexity", hours=urgency.complexity_hours, because=because)
    if urgency.raised_hours:
        because = " and ".join(why.replace("-", " ") for why in urgency.raised_why)
        yield PriorityPart(part="raised", hours=urgency.raised_hours, because=because)


class PlaceView(ApiModel):
    """Where a chart stands in the queue, and why."""

    work_item_id: UUID
    chart_id: UUID
    state: State
    encounter_class: str
    setting: Setting
    service_date: date | None
    arrived_at: datetime
    service_line: str
    specialty: str
    facility: str
    payer: str
    default_list: str
    lists: tuple[str, ...] = Field(description="All lists that the chart is on, its default one among them.")
    assigned_to: str | None
    lease_holder: str | None
    priority: PriorityView

    @classmethod
    def of(cls, place: Place) -> "PlaceView":
        """Shape a place."""
        shared = {name: getattr(place, name) for name in cls.model_fields if name != "priority"}
        return cls(**shared, priority=PriorityView.of(place.urgency))


class PlacesPage(Page):
    """A page of a worklist, the most urgent first."""

    work_items: tuple[PlaceView, ...]


class AssignRequest(ApiModel):
    """Whose chart it is to be."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"coder": "ann"}]})

    coder: Subject | None = Field(description="The coder's subject; null gives the chart back to its lists.")


class RaiseRequest(ApiModel):
    """Whether a chart comes before its time."""

    raised: bool = Field(strict=True, examples=[True])


class CoderDeskRequest(ApiModel):
    """What a coder works on; nothing named is no limit."""

    lists: tuple[ListId, ...] = Field(default=(), max_length=100)
    specialties: Terms = ()
    facilities: Terms = ()
    own_records: Terms = Field(default=(), description="Who the coder is as a patient, such as Patient/7.")

    def to_domain(self, subject: str) -> CoderDesk:
        """The desk as the use cases take it."""
        return CoderDesk(subject, **dict(self))


class CoderDeskView(CoderDeskRequest):
    """What a coder works on, as it is stored."""

    subject: str
    revision: int

    @classmethod
    def of(cls, desk: CoderDesk) -> "CoderDeskView":
        """Shape a stored desk."""
        return cls.model_validate(desk, from_attributes=True)


class CodersPage(Page):
    """A page of desks, by subject."""

    coders: tuple[CoderDeskView, ...]
