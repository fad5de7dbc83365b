"""What the API tells of denials and overrides: the contract with those who work them.

Invariant: codes, references, offsets and hashes, never the words of a document; these are in the evidence packet only.
"""

from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from pydantic import Field

from services.claims.api_models import ApiModel
from services.claims.denials.reasons import Kind, Step
from services.claims.store.denial_store import PatternPlace
from shared.pages import CursorOf, Page

Status = Literal["open", "returned", "appealed", "written_off", "settled", "overturned", "recoded"]

PATTERNS = CursorOf(PatternPlace)
NO_NUL = r"^[^\x00]*$"  # PostgreSQL's text cannot hold it
NO_NUL_NOT_BLANK = r"^[^\x00]*[^\s\x00][^\x00]*$"


class DenialSummary(ApiModel):
    """One denial on the worklist."""

    denial_id: int
    claim_id: UUID
    chart_id: UUID
    coding_version: int
    payer_id: str
    kind: Kind
    proposed: Step = Field(description="The next step that the payer's codes suggest.")
    status: Status
    denied_at: datetime
    amount: Decimal | None = Field(description="What was taken off, in dollars; null where the payer does not say.")
    reason_codes: tuple[str, ...] = Field(description="CARC, or the codes of the rejection.")


class DenialPage(Page):
    """Denials, oldest first."""

    denials: tuple[DenialSummary, ...]


class EvidenceView(ApiModel):
    """Which words of which document a line rests on."""

    document: str
    version: int
    document_sha256: str
    start: int
    end: int
    sha256: str


class DenialLineView(ApiModel):
    """One denied line, the payer's codes, and what stands behind the line."""

    place: int
    line: int | None = Field(description="Claim.item.sequence.")
    expression: str
    code: str
    diagnoses: tuple[str, ...]
    group_code: str
    reason_code: str
    remark_codes: tuple[str, ...]
    amount: Decimal | None
    kind: Kind
    words: str = Field(description="What the codes mean, in our words.")
    edits: tuple[str, ...] = Field(description="Our own edits that had warned of the line before it was sent.")
    decision_id: UUID | None
    action: str
    practitioner: str = Field(description="The coder who decided.")
    decided_at: datetime | None
    suggestion_id: UUID | None
    evidence: tuple[EvidenceView, ...]


class DenialStepView(ApiModel):
    """What was done about a denial."""

    step: Step
    reason: str
    practitioner: str
    packet_sha256: str | None
    taken_at: datetime


class DenialView(ApiModel):
    """One denial with everything behind it."""

    denial: DenialSummary
    lines: tuple[DenialLineView, ...]
    steps: tuple[DenialStepView, ...]
    history: tuple[DenialSummary, ...] = Field(description="All denials of the chart's claims, this one too.")


class StepTaken(ApiModel):
    """Why somebody takes a step."""

    reason: str = Field(min_length=1, max_length=2000, pattern=NO_NUL_NOT_BLANK)


class DenialPattern(ApiModel):
    """A payer denies a service for the same reason again and again."""

    payer_id: str
    reason_code: str
    code: str
    kind: Kind
    denied: int = Field(description="Claims.")
    taken: int = Field(description="Claims with the service that the payer accepted or paid.")
    last_denied_at: datetime


class DenialPatternPage(Page):
    """Patterns, the most frequent first."""

    patterns: tuple[DenialPattern, ...]


class OverrideRequest(ApiModel):
    """Sets the findings of one warning aside, or the one at `expression`."""

    edit: str
    reason: str = Field(min_length=1, max_length=2000, pattern=NO_NUL_NOT_BLANK)
    expression: str | None = None


class OverrideView(ApiModel):
    """An override on the record."""

    override_id: int
    chart_id: UUID
    edit: str
    expression: str | None
    reason: str
    practitioner: str
    created_at: datetime


class OverridePage(Page):
    """Overrides of a chart, oldest first."""

    overrides: tuple[OverrideView, ...]
