"""How sure a share is that was counted on a sample.

Place in the flow: `service.auditing` counts, leads and coders read; pure. Invariant: no share stands without its
interval, and of nothing there is no share.
"""

import math
from dataclasses import dataclass

_NORMAL = 1.959964
"""The normal distribution's quantile for an interval of 95 percent."""


@dataclass(frozen=True, slots=True)
class Share:
    """`correct` of `judged`."""

    correct: int
    judged: int

    @property
    def value(self) -> float | None:
        """The share itself; None of nothing."""
        return self.correct / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's score interval of 95 percent; None of nothing.

        Source: Wilson, Probable Inference, the Law of Succession, and Statistical Inference (1927).
        """
        if not self.judged:
            return None
        share, squared = self.correct / self.judged, _NORMAL**2 / self.judged
        middle = (share + squared / 2) / (1 + squared)
        spread = _NORMAL / (1 + squared) * math.sqrt(share * (1 - share) / self.judged + squared / self.judged / 4)
        return max(0.0, middle - spread), min(1.0, middle + spread)
