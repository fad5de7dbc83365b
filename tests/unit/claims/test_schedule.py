"""What follows an attempt that brought no answer."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.claims.claim import State
from services.claims.schedule import DEFAULT_STEPS, Outcome, Plan, Timing, plan_next

QUEUED = datetime(2026, 9, 2, 8, 0, tzinfo=UTC)
DEADLINE = QUEUED + timedelta(hours=72)


def plan(
    state: State, outcome: Outcome, *, age: timedelta = timedelta(0), retry_after: timedelta = timedelta(0)
) -> Plan:
    """Plan for a claim of some age with the default schedule."""
    timing = Timing(QUEUED + age, QUEUED, DEADLINE, DEFAULT_STEPS, timedelta(hours=24), retry_after)
    return plan_next(state, outcome, timing, chance=random.Random(7))


@pytest.mark.parametrize(
    ("age", "shortest", "longest"),
    [(0, 5, 10), (119, 5, 10), (120, 30, 60), (3_600, 300, 600), (6 * 3_600, 1_800, 3_600), (48 * 3_600, 1_800, 3_600)],
)
def test_the_wait_grows_with_the_age(age: int, shortest: int, longest: int) -> None:
    result = plan(State.QUEUED, Outcome.FAILED, age=timedelta(seconds=age))
    assert result.state is State.QUEUED
    assert result.next_attempt_at is not None
    waited = (result.next_attempt_at - QUEUED).total_seconds() - age
    assert shortest <= waited <= longest


def test_a_refusal_is_final() -> None:
    assert plan(State.QUEUED, Outcome.REFUSED) == Plan(State.REJECTED, None)
    assert plan(State.SUBMITTED, Outcome.REFUSED) == Plan(State.REJECTED, None)


def test_retry_after_is_not_undercut() -> None:
    asked = timedelta(hours=5)
    result = plan(State.QUEUED, Outcome.FAILED, retry_after=asked)
    assert result.next_attempt_at == QUEUED + asked


def test_the_last_attempt_is_at_the_deadline() -> None:
    late = DEADLINE - timedelta(minutes=1)
    assert plan(State.QUEUED, Outcome.UNCERTAIN, age=late - QUEUED) == Plan(State.QUEUED, DEADLINE)
    assert plan(State.QUEUED, Outcome.UNCERTAIN, age=DEADLINE - QUEUED) == Plan(State.UNDELIVERED, None)


def test_an_acknowledged_claim_is_asked_about_again_and_then_waits_for_ever() -> None:
    assert plan(State.QUEUED, Outcome.DELIVERED) == Plan(State.SUBMITTED, QUEUED + timedelta(hours=24))
    late = timedelta(hours=60)
    assert plan(State.SUBMITTED, Outcome.DELIVERED, age=late) == Plan(State.SUBMITTED, None)


def test_a_failed_repetition_does_not_undo_the_acknowledgement() -> None:
    assert plan(State.SUBMITTED, Outcome.FAILED).state is State.SUBMITTED
    assert plan(State.SUBMITTED, Outcome.FAILED, age=timedelta(hours=80)) == Plan(State.SUBMITTED, None)


@given(
    state=st.sampled_from([State.QUEUED, State.SUBMITTED]),
    outcome=st.sampled_from([Outcome.DELIVERED, Outcome.FAILED, Outcome.UNCERTAIN, Outcome.LOST]),
    age=st.integers(0, 100 * 3_600),
    asked=st.integers(0, 100 * 3_600),
)
def test_nothing_is_given_up_before_the_deadline_and_nothing_is_planned_after_it(
    state: State, outcome: Outcome, age: int, asked: int
) -> None:
    result = plan(state, outcome, age=timedelta(seconds=age), retry_after=timedelta(seconds=asked))
    now = QUEUED + timedelta(seconds=age)
    assert (result.state is State.QUEUED) <= (result.next_attempt_at is not None)
    assert result.next_attempt_at is None or now < result.next_attempt_at <= DEADLINE
    assert (result.state is State.UNDELIVERED) <= (now >= DEADLINE)
