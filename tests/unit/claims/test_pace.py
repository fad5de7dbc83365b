"""Requests to a payer leave evenly spread."""

from hypothesis import given
from hypothesis import strategies as st

from services.claims.pace import Pace


def test_without_a_limit_nothing_waits() -> None:
    pace = Pace(None)
    assert [pace.reserve(7.0) for _ in range(3)] == [0.0, 0.0, 0.0]


def test_each_waits_for_the_one_before_it() -> None:
    pace = Pace(4.0)
    assert [pace.reserve(10.0) for _ in range(3)] == [0.0, 0.25, 0.5]
    assert pace.reserve(20.0) == 0.0


@given(st.lists(st.floats(0, 0.5), max_size=60))
def test_no_second_has_more_than_the_limit(gaps: list[float]) -> None:
    pace, now, sent = Pace(5.0), 100.0, list[float]()
    for gap in gaps:
        now += gap
        sent.append(now + pace.reserve(now))
    assert all(later - earlier > 0.999 for earlier, later in zip(sent, sent[5:], strict=False))
