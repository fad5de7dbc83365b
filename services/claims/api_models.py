"""What the claims API shows: the contract with operators and dashboards.

Invariant: nothing here is content of a claim. Ids, states, codes, counts and times only.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from services.claims.breaker import BreakerView
from services.claims.claim import Channel, State
from services.claims.schedule import Outcome
from services.claims.store.x12_store import FilePlace
from shared.contracts.messages import ChartCoded, Finding
from shared.days import IsoDay
from shared.pages import CursorOf, Page


@dataclass(frozen=True, slots=True)
class RowPlace:
    """Where a row stands in a list in order of its number."""

    number: Annotated[int, Field(ge=0, le=2**63 - 1)]


CLAIMS, PAYER_FILES, ROWS = CursorOf(UUID), CursorOf(FilePlace), CursorOf(RowPlace)
"""Cursors of lists in order of id, of time, and of a number."""


class ApiModel(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class OverriddenFinding(ApiModel):
    """A finding that no longer counts, why, and who said so."""

    finding: Finding
    reason: str
    by: str


class ClaimView(ApiModel):
    """One claim and what it waits for."""

    claim_id: UUID = Field(description="Also the value of Bundle.identifier, which the payer answers to.")
    chart_id: UUID
    coding_version: int
    payer_id: str
    is_void: bool = Field(description="Whether it takes back what the payer holds, instead of billing.")
    state: State
    superseded_by: UUID | None = Field(
        description="The later claim of the chart; without it, this is the effective one."
    )
    replaces: UUID | None = Field(description="The claim at the payer that this one replaces.")
    findings: tuple[Finding, ...]
    overridden: tuple[OverriddenFinding, ...]
    channel: Channel | None
    bundle_sha256: str | None
    queued_at: datetime | None
    deadline_at: datetime | None
    attempts: int
    next_attempt_at: datetime | None
    reason: str | None = Field(description="Code of what happened last.")
    codes: tuple[str, ...] = Field(description="CARC of the answer, or issue codes of the refusal.")
    created_at: datetime
    updated_at: datetime


class ClaimPage(Page):
    """Claims in order of id."""

    claims: tuple[ClaimView, ...]


class SubmissionView(ApiModel):
    """One attempt to deliver a claim."""

    attempt: int
    channel: Channel
    outcome: Outcome
    tries: int = Field(description="How often it was posted within this attempt.")
    status_code: int | None
    reason: str | None
    issue_codes: tuple[str, ...]
    started_at: datetime
    finished_at: datetime | None


class SubmissionPage(Page):
    """Attempts, oldest first."""

    submissions: tuple[SubmissionView, ...]


class LaneStats(ApiModel):
    """Claims of one payer and channel in one state."""

    payer_id: str
    channel: Channel | None
    state: State
    count: int
    effective: int
    oldest: datetime = Field(description="When the longest unchanged one changed last.")


class LaneBreaker(ApiModel):
    """Whether a payer that is sent to is trusted to take claims, as the answering process has it."""

    payer_id: str
    channel: Channel
    breaker: BreakerView


class ClaimStats(ApiModel):
    """Where all claims are."""

    states: dict[State, int]
    attempts: dict[Outcome, int]
    lanes: tuple[LaneStats, ...]
    breakers: tuple[LaneBreaker, ...] = Field(description="Of the lanes of this process; others have their own.")
    unserved_lanes: tuple[str, ...] = Field(description="Payer and channel of waiting claims that no settings serve.")
    unbalanced_charts: tuple[UUID, ...] = Field(description="Charts without exactly one effective claim; always empty.")


class CodingToScrub(ChartCoded):
    """A coding, as `chart.coded.v1` would carry it; numbers and days only as they are written, for it is a request."""

    chart_version: StrictInt
    coding_version: StrictInt
    service_date: IsoDay | None


class ScrubPreview(ApiModel):
    """What the edits would find in a coding, as the claim of this payer."""

    payer_id: str
    is_sendable: bool = Field(description="Whether the claim would go out.")
    findings: tuple[Finding, ...]
    overridden: tuple[OverriddenFinding, ...] = ()


class PayerFileView(ApiModel):
    """A file that a payer left, by its content; never its name, which is the payer's choice."""

    sha256: str
    payer_id: str
    outcome: Literal["read", "quarantined"]
    reason: str | None
    place: str | None = Field(description="Where in the file, such as `segment 17`.")
    answers: int
    unmatched: int = Field(description="Answers that were parked.")
    read_at: datetime


class PayerFilePage(Page):
    """Files that payers left, newest first."""

    files: tuple[PayerFileView, ...]


class ParkedAnswerView(ApiModel):
    """An answer out of a payer's file that nobody could apply; its segments are in `claims.x12_unmatched`."""

    unmatched_id: int
    payer_id: str
    sha256: str = Field(description="The file that it is from.")
    reason: str
    read_at: datetime


class ParkedAnswerPage(Page):
    """Parked answers, newest first."""

    answers: tuple[ParkedAnswerView, ...]
