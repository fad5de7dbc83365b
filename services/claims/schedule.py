"""When a claim that was not answered is sent again; pure.

Place in the flow: `service.sending` asks after every attempt and stores the answer as `next_attempt_at`. This is the
long backoff, in steps by the age of the claim; the short one, inside an attempt, is the channel's.
Invariant: a claim is never given up before its deadline, and never sent to a payer that acknowledged it after it.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from services.claims.claim import State


class ScheduleStep(BaseModel):
    """Until a claim is `until_age_seconds` old, `wait_seconds` pass between its attempts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    until_age_seconds: float = Field(gt=0)
    wait_seconds: float = Field(gt=0)


DEFAULT_STEPS = (
    ScheduleStep(until_age_seconds=120, wait_seconds=10),
    ScheduleStep(until_age_seconds=3_600, wait_seconds=60),
    ScheduleStep(until_age_seconds=6 * 3_600, wait_seconds=600),
    ScheduleStep(until_age_seconds=float("inf"), wait_seconds=3_600),
)


class Outcome(StrEnum):
    """What became of one attempt."""

    STARTED = "started"
    """On its way."""
    ANSWERED = "answered"
    """A ClaimResponse came back."""
    DELIVERED = "delivered"
    """Acknowledged without an answer."""
    REFUSED = "refused"
    """Final: the payer does not want this Bundle."""
    FAILED = "failed"
    """The payer did not take it; worth another attempt."""
    UNCERTAIN = "uncertain"
    """Sent, and then nothing: the payer may have it, so the same identifier goes again."""
    LOST = "lost"
    """The process ended between sending and recording."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What decides about the next attempt: the times of the claim, and what its payer's profile allows."""

    now: datetime
    queued_at: datetime
    deadline_at: datetime
    steps: Sequence[ScheduleStep]
    answer_patience: timedelta
    retry_after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Plan:
    """The state after an attempt, and when the next one is due; None when none is."""

    state: State
    next_attempt_at: datetime | None


def plan_next(state: State, outcome: Outcome, timing: Timing, *, chance: random.Random) -> Plan:
    """Decide what follows an unanswered attempt of a claim that is queued or submitted.

    An acknowledged claim is sent again after `answer_patience`, because payers lose answers; an unacknowledged one
    after the step of its age with equal jitter, not before Retry-After.
    """
    if outcome is Outcome.REFUSED:
        return Plan(State.REJECTED, None)
    acknowledged = outcome is Outcome.DELIVERED or state is State.SUBMITTED
    wait = timing.answer_patience if outcome is Outcome.DELIVERED else _jittered_step(timing, chance)
    due = timing.now + max(wait, timing.retry_after)
    if due < timing.deadline_at:
        return Plan(State.SUBMITTED if acknowledged else State.QUEUED, due)
    if acknowledged:
        return Plan(State.SUBMITTED, None)
    if timing.now < timing.deadline_at:
        return Plan(State.QUEUED, timing.deadline_at)
    return Plan(State.UNDELIVERED, None)


def _jittered_step(timing: Timing, chance: random.Random) -> timedelta:
    age = (timing.now - timing.queued_at).total_seconds()
    step = next((step for step in timing.steps if age < step.until_age_seconds), timing.steps[-1])
    return timedelta(seconds=step.wait_seconds * chance.uniform(0.5, 1.0))
