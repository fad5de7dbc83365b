"""The rate limit of a payer: requests leave evenly spread, none is refused; pure.

Place in the flow: a channel asks before every request, repetitions included.
Invariant: no second, wherever it begins, has more than `per_second` requests, rounded up.
"""


class Pace:
    """Gives every request its time. Without a limit that is now."""

    def __init__(self, per_second: float | None) -> None:
        self._gap = 1.0 / per_second if per_second else 0.0
        self._next = 0.0

    def reserve(self, now: float) -> float:
        """Return how many seconds the next request waits; `now` is of a clock that never goes back."""
        begin = max(now, self._next)
        self._next = begin + self._gap
        return begin - now
