"""Whether agreement has fallen of late, tested after every observation.

Place in the flow: `modes` suspends automation over it; pure. The lower bound of all observations moves slowly once
there are many; this looks at the latest ones only. For several worse shares q, a bet that agreement is q and not the
standard is begun anew at every observation, and the best of them counts (CUSUM); the mean over q is an e-detector:
while agreement is at least the standard at every step, given the past, reaching a level A takes A observations or more
on average. Source: Shin, Ramdas and Rinaldo, E-detectors (NEJSDS 2024).
"""

import math
from collections.abc import Sequence

_FALLEN_TO = (0.95, 0.85, 0.6)
"""The worse shares that are bet on, as parts of the standard."""


def detect_fall(recent: Sequence[bool], standard: float) -> float:
    """Return the e-detector's level after the `recent` observations, oldest first: high when agreement has fallen."""
    return sum(_bet_on(standard * part, recent, standard) for part in _FALLEN_TO) / len(_FALLEN_TO)


def _bet_on(share: float, recent: Sequence[bool], standard: float) -> float:
    gain, loss = math.log(share / standard), math.log((1 - share) / (1 - standard))
    best = -math.inf
    for agreed in recent:
        best = max(0.0, best) + (gain if agreed else loss)
    return math.exp(best)
