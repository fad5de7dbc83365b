"""What goes into the claims schema and comes out of it, as values.

Place in the flow: `service` and the lanes speak in these, `claim_store` reads and writes them; pure.
Invariant: what is on the record about an attempt is codes and counts, never content.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.claims.claim import Channel, PayerId, State
from services.claims.edits.overrides import Overridden
from services.claims.schedule import Outcome, Plan
from shared.contracts.messages import Finding

CodingKey = tuple[UUID, int]
"""A chart and a coding version of it."""
AttemptKey = tuple[UUID, int]
"""A claim and the number of an attempt of it."""


@dataclass(frozen=True, slots=True)
class NewCoding:
    """A coding as it arrived; `event` is the value of its record."""

    chart_id: UUID
    coding_version: int
    chart_version: int
    claim_sha256: str
    event: bytes


@dataclass(frozen=True, slots=True)
class NewClaim:
    """The claim that a coding makes. `superseded_by` is set when a later coding arrived in the same batch."""

    claim_id: UUID
    chart_id: UUID
    coding_version: int
    payer_id: PayerId
    superseded_by: UUID | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a chart is: its newest coding, and the newest that was withdrawn; 0 is none."""

    coding_version: int
    withdrawn_coding: int


@dataclass(frozen=True, slots=True)
class NewVoid:
    """Takes back at a payer what it holds of a chart up to a coding version."""

    claim_id: UUID
    chart_id: UUID
    coding_version: int
    payer_id: PayerId


@dataclass(frozen=True, slots=True)
class ReadyClaim:
    """A claim to scrub and build. `original_id` is the earlier claim that its payer holds, under `original_number`.

    A void is built from `original_bundle` and from nothing else.
    """

    claim_id: UUID
    chart_id: UUID
    coding_version: int
    payer_id: PayerId
    is_void: bool
    event: bytes
    original_id: UUID | None
    original_number: str | None
    original_bundle: bytes | None


@dataclass(frozen=True, slots=True)
class BuiltClaim:
    """A claim that can be sent, with its destination."""

    claim_id: UUID
    channel: Channel
    endpoint: str | None
    bundle: bytes
    bundle_sha256: str
    findings: tuple[Finding, ...]
    overridden: tuple[Overridden, ...]
    replaces: UUID | None
    deadline_seconds: float


@dataclass(frozen=True, slots=True)
class Terms:
    """The times by which a claim's next attempt is planned; `now` is the database's clock."""

    state: State
    queued_at: datetime
    deadline_at: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class TakenClaim:
    """A claim under lease: what to send, where to, and the attempt's number, which fences the result."""

    claim_id: UUID
    payer_id: PayerId
    endpoint: str | None
    bundle: bytes
    attempt: int
    terms: Terms

    @property
    def key(self) -> AttemptKey:
        """The attempt that this is."""
        return self.claim_id, self.attempt


@dataclass(frozen=True, slots=True)
class AttemptReport:
    """What is on the record about an attempt: codes and counts, no content."""

    outcome: Outcome
    tries: int
    status_code: int | None = None
    reason: str | None = None
    issue_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedClaim:
    """A claim whose attempt ended without an answer, why, and what follows."""

    claim_id: UUID
    plan: Plan
    report: AttemptReport
