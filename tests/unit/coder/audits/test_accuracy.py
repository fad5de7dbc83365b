"""Shares and their intervals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coder.audits.accuracy import Share


@pytest.mark.parametrize(
    ("correct", "judged", "low", "high"),
    [
        # Newcombe, Two-sided confidence intervals for the single proportion (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_wilsons(correct: int, judged: int, low: float, high: float) -> None:
    assert Share(correct, judged).interval == pytest.approx((low, high), abs=0.00005)


@given(st.integers(0, 500).flatmap(lambda judged: st.tuples(st.integers(0, judged), st.just(judged))))
def test_the_share_is_within_its_interval(counted: tuple[int, int]) -> None:
    share = Share(*counted)
    if share.value is None or share.interval is None:
        assert counted[1] == 0
        return
    low, high = share.interval
    assert 0 <= low <= share.value + 1e-12
    assert share.value - 1e-12 <= high <= 1
