"""When a lane stops sending, and how it finds out that the payer is back."""

import random
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.claims.breaker import Breaker, BreakerState, BreakerTerms
from services.claims.schedule import Outcome

TERMS = BreakerTerms(failures_to_open=3, open_seconds=10.0, longest_open_seconds=60.0)
LIMIT = 8


@dataclass
class Clock:
    """A clock that a test moves."""

    now: float = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The time of the breaker."""
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    """A breaker that never shortens its time by chance."""
    return Breaker(TERMS, clock=clock, chance=_Longest())


class _Longest(random.Random):
    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


def fail(breaker: Breaker, times: int = 1, retry_after: float = 0.0) -> None:
    """Let attempts fail."""
    for _ in range(times):
        breaker.note(Outcome.FAILED, "http-503", retry_after)


def test_it_opens_after_so_many_failures_in_a_row(breaker: Breaker) -> None:
    fail(breaker, 2)
    breaker.note(Outcome.REFUSED, "http-422")  # A payer that refuses a claim is well.
    fail(breaker, 2)
    assert (breaker.state, breaker.room(LIMIT, 3)) == (BreakerState.CLOSED, 5)
    fail(breaker)
    assert (breaker.state, breaker.room(LIMIT, 0)) == (BreakerState.OPEN, 0)


def test_after_its_time_one_attempt_at_a_time_goes_out(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 10.0
    assert breaker.state is BreakerState.HALF_OPEN
    assert [breaker.room(LIMIT, in_flight) for in_flight in (0, 1, 5)] == [1, 0, 0]


@pytest.mark.parametrize("outcome", [Outcome.ANSWERED, Outcome.DELIVERED, Outcome.REFUSED])
def test_one_that_is_taken_closes_it(breaker: Breaker, clock: Clock, outcome: Outcome) -> None:
    fail(breaker, 3)
    clock.now += 10.0
    breaker.note(outcome, None)
    assert (breaker.state, breaker.room(LIMIT, 0)) == (BreakerState.CLOSED, LIMIT)
    assert breaker.view().reason is None


def test_each_opening_in_a_row_is_twice_as_long_up_to_the_longest(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    waits = []
    for _ in range(4):
        waits.append(breaker.seconds_to_probe)
        clock.now += breaker.seconds_to_probe
        fail(breaker)
    assert waits == [10.0, 20.0, 40.0, 60.0]


def test_what_was_on_its_way_when_it_opened_does_not_open_it_again(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 4.0
    fail(breaker, 5)
    assert breaker.seconds_to_probe == 6.0


def test_a_payer_that_asks_for_a_pause_gets_it_at_once_but_not_for_ever(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, retry_after=45.0)
    assert breaker.seconds_to_probe == 45.0
    clock.now += 45.0
    fail(breaker, retry_after=86_400.0)
    assert breaker.seconds_to_probe == 60.0


def test_what_operators_see(breaker: Breaker, clock: Clock) -> None:
    breaker.open("token-http-503")
    clock.now += 2.5
    view = breaker.view()
    assert (view.state, view.failures, view.reason) == (BreakerState.OPEN, 0, "token-http-503")
    assert view.retry_in_seconds == 7.5


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from([Outcome.ANSWERED, Outcome.REFUSED, Outcome.FAILED, Outcome.UNCERTAIN]),
            st.floats(0, 1e6),
            st.floats(0, 200),
        ),
        max_size=30,
    )
)
def test_it_is_never_open_for_longer_than_the_longest(steps: list[tuple[Outcome, float, float]]) -> None:
    clock = Clock()
    breaker = Breaker(TERMS, clock=clock)
    for outcome, asked, passed in steps:
        breaker.note(outcome, None, asked)
        assert breaker.seconds_to_probe <= TERMS.longest_open_seconds + 1e-6
        assert breaker.room(LIMIT, 0) == {"closed": LIMIT, "half_open": 1, "open": 0}[breaker.state]
        clock.now += passed
