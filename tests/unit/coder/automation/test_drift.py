"""A fall of agreement is seen soon, and while there is none rarely."""

import random

from services.coder.automation.drift import detect_fall

STANDARD, RUN_LENGTH, WINDOW = 0.95, 1000.0, 200


def raised_at(shares: list[float], rng: random.Random) -> int | None:
    """After how many observations a fall is raised, None when it is not."""
    seen: list[bool] = []
    for n, share in enumerate(shares, 1):
        seen.append(rng.random() < share)
        if detect_fall(seen[-WINDOW:], STANDARD) >= RUN_LENGTH:
            return n
    return None


def test_while_the_standard_holds_it_is_raised_no_more_often_than_the_run_length_allows() -> None:
    rng, runs, charts = random.Random(3), 200, 100
    raised = sum(raised_at([STANDARD] * charts, rng) is not None for _ in range(runs))
    assert raised / runs <= charts / RUN_LENGTH


def test_a_fall_after_a_long_good_time_is_raised_within_a_few_charts() -> None:
    rng = random.Random(4)
    falls = [raised_at([0.99] * 300 + [0.6] * 60, rng) for _ in range(20)]
    assert all(at is not None and 300 < at <= 345 for at in falls)


def test_nothing_observed_is_no_fall() -> None:
    assert detect_fall([], STANDARD) == 0.0
    assert detect_fall([True] * 50, STANDARD) < 1
