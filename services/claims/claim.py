"""The life of a claim: its states, its identity, and what an answer does to it; pure.

Place in the flow: every other module of this service speaks in these words. docs/state-machines.md draws the life, and
CHECK constraints hold it.
Invariant: a claim's identifier never changes, so a Bundle that is sent again is the same Bundle to its payer.
"""

from enum import StrEnum
from typing import NewType
from uuid import UUID, uuid5

PayerId = NewType("PayerId", str)

_NAMESPACE = UUID("5f3e4f0e-7c2b-5b7a-9d55-0a1f6f1f3c11")


class State(StrEnum):
    """What a claim waits for, or how it ended."""

    READY = "ready"
    """Waits to be scrubbed and built, and for the answer to an earlier claim of the chart."""
    DRAFT = "draft"
    """Scrubbed, has errors, is back with the coder; never sent."""
    QUEUED = "queued"
    """Waits for its next attempt."""
    SUBMITTED = "submitted"
    """The payer or its topic has it; waits for the answer."""
    UNDELIVERED = "undelivered"
    """The deadline passed without an acknowledgement; waits for an operator, or a late answer."""
    PENDED = "pended"
    """The payer has it and will decide later."""
    ACCEPTED = "accepted"
    """Adjudicated, and nothing refused; nothing is said of money yet, or none is owed by the payer."""
    PAID = "paid"
    """Accepted, and the payer's payment is told."""
    PARTIALLY_DENIED = "partially_denied"
    DENIED = "denied"
    REJECTED = "rejected"
    """Refused before adjudication."""
    REPLACED = "replaced"
    """A later claim of the chart took its place at the payer."""
    VOIDED = "voided"
    """Dropped before it was ever sent, or taken back at the payer by a void."""


class Channel(StrEnum):
    """How a payer takes claims."""

    KAFKA = "kafka"
    FHIR = "fhir"
    X12 = "x12"


NEVER_SENT = frozenset({State.READY, State.DRAFT})
IN_FLIGHT = frozenset({State.QUEUED, State.SUBMITTED, State.UNDELIVERED})
"""The payer may have the claim and has not answered: a later claim of the chart waits."""
IN_FORCE = frozenset({State.PENDED, State.ACCEPTED, State.PAID, State.PARTIALLY_DENIED})
"""The payer holds the claim: a later one names it in `related`."""
ANSWERED = IN_FORCE | {State.DENIED, State.REJECTED}
CLOSED = frozenset({State.REPLACED, State.VOIDED})


def identify_claim(chart_id: UUID, coding_version: int, payer_id: str) -> UUID:
    """Return the one id that this coding's claim to this payer can have, whoever computes it and how often."""
    return uuid5(_NAMESPACE, f"{chart_id}/{coding_version}/{payer_id}")


def identify_void(chart_id: UUID, coding_version: int, payer_id: str) -> UUID:
    """Return the one id of the void that takes back, at this payer, what was billed up to this coding."""
    return uuid5(_NAMESPACE, f"{chart_id}/{coding_version}/{payer_id}/void")


def take_answer(state: State, answer: State) -> State:
    """Return the state after a payer's answer: a closed claim stays closed, a decision outlives a late `pended`, and a
    payment a late acceptance."""
    decided = state in ANSWERED and state is not State.PENDED
    late = (decided and answer is State.PENDED) or (state is State.PAID and answer is State.ACCEPTED)
    return state if state in CLOSED or late else answer
