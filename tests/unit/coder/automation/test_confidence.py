"""The lower bound of agreement: exact where it can be, and honest however one stops."""

import math
import random
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.coder.automation.confidence import bound_agreement, log_capital, log_head, log_tail

STANDARD, ALPHA, MOST = 0.95, 0.05, 400
NEVER = MOST + 1


@cache
def fewest_agreeing() -> list[int]:
    """How many of n charts must agree for the standard to be shown, NEVER where none are enough."""
    return [
        next((k for k in range(int(n * 0.95), n + 1) if log_capital(STANDARD, k, n) >= -math.log(ALPHA)), NEVER)
        for n in range(MOST + 1)
    ]


def chance_of_ever_showing(share: float) -> float:
    """The exact chance that somebody who looks after every one of MOST charts ever sees the standard shown."""
    fewest, alive, shown = fewest_agreeing(), {0: 1.0}, 0.0
    for n in range(1, MOST + 1):
        moved: dict[int, float] = {}
        for agreed, chance in alive.items():
            moved[agreed] = moved.get(agreed, 0.0) + chance * (1 - share)
            moved[agreed + 1] = moved.get(agreed + 1, 0.0) + chance * share
        shown += sum(chance for agreed, chance in moved.items() if agreed >= fewest[n])
        alive = {agreed: chance for agreed, chance in moved.items() if agreed < fewest[n]}
    return shown


@pytest.mark.parametrize("share", [0.95, 0.94, 0.9])
def test_what_is_not_so_is_rarely_ever_shown_though_one_looks_after_every_chart(share: float) -> None:
    assert chance_of_ever_showing(share) <= ALPHA


def test_looking_after_every_chart_with_a_bound_for_one_look_would_not_hold() -> None:
    """The same walk with a binomial test at each look errs far more often: it is the looking that must be paid for."""
    fewest = fewest_agreeing()
    once = [next((k for k in range(n + 1) if _binomial_tail(n, k) <= ALPHA), NEVER) for n in range(MOST + 1)]
    assert all(naive <= honest for naive, honest in zip(once[60:], fewest[60:], strict=True))
    rng = random.Random(5)
    errs = 0
    for _ in range(300):
        agreed = 0
        for n in range(1, MOST + 1):
            agreed += rng.random() < STANDARD
            if agreed >= once[n]:
                errs += 1
                break
    assert errs / 300 > 2 * ALPHA


def _binomial_tail(n: int, k: int) -> float:
    return math.exp(log_head(k, n - k + 1, STANDARD)) if k else 1.0


def test_it_holds_when_charts_come_in_an_order_that_somebody_chose() -> None:
    """Easy charts whenever it goes badly, hard ones whenever it goes well; never more than the standard on average."""
    rng, fewest, shown, runs = random.Random(11), fewest_agreeing(), 0, 2000
    for _ in range(runs):
        agreed = 0
        for n in range(1, MOST + 1):
            share = STANDARD if agreed < 0.95 * n else 0.85
            agreed += rng.random() < share
            if agreed >= fewest[n]:
                shown += 1
                break
    assert shown / runs <= ALPHA


def test_what_is_so_is_shown_in_time() -> None:
    assert bound_agreement(100, 100, ALPHA) >= STANDARD
    assert chance_of_ever_showing(0.99) > 0.9


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3000), st.floats(0, 1), st.sampled_from([0.05, 0.01, 1e-6]))
def test_the_bound_is_the_end_of_what_is_refuted(observed: int, part: float, alpha: float) -> None:
    agreed = round(part * observed)
    bound = bound_agreement(agreed, observed, alpha)
    assert 0 <= bound <= agreed / observed
    if bound > 1e-6:
        assert log_capital(bound * (1 - 1e-6), agreed, observed) >= -math.log(alpha) - 1e-6
        assert log_capital(min(bound * (1 + 1e-6), 1 - 1e-12), agreed, observed) <= -math.log(alpha) + 1e-3
    assert bound_agreement(agreed, observed + 1, alpha) <= bound + 1e-12


@pytest.mark.parametrize(
    ("a", "b", "x", "expected"),
    [(1, 1, 0.3, 0.3), (2, 1, 0.5, 0.25), (30, 1, 0.95, 0.95**30), (5, 3, 0.6, 0.419904), (1, 7, 0.1, 1 - 0.9**7)],
)
def test_the_incomplete_beta_is_that_of_the_tables(a: float, b: float, x: float, expected: float) -> None:
    assert math.exp(log_head(a, b, x)) == pytest.approx(expected, rel=1e-10)
    assert math.exp(log_tail(a, b, x)) == pytest.approx(1 - expected, rel=1e-10)


def test_it_is_stable_far_out() -> None:
    assert log_tail(30, 2000, 0.95) == pytest.approx(-5_700, rel=0.1)
    assert bound_agreement(999_000, 1_000_000, ALPHA) == pytest.approx(0.999, abs=5e-4)
    assert bound_agreement(0, 50, ALPHA) == 0.0
    with pytest.raises(ValueError, match="cannot agree"):
        bound_agreement(3, 2, ALPHA)
