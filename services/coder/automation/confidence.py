"""How often the automation agrees with people, as a lower bound that holds however often and whenever one looks.

Place in the flow: `modes` asks before charts are closed without touch, and after every observation; pure. For each
candidate share p, a bettor who holds that agreement is more frequent than p stakes on every observation: capital is
spread over the shares q by a Beta prior, the part below p is kept in hand, and the part at q above p is multiplied by
the likelihood ratio of q to p. While agreement is at most p at every step, given the past, capital is a nonnegative
supermartingale, so it ever reaches 1/alpha with a chance of at most alpha (Ville): whatever the order of the charts,
however their difficulty changes, and whenever somebody stops. The bound is the largest p that is refuted with all
below it.

Source: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting (JRSS B, 2024); Robbins'
mixture over a Beta prior, which for yes and no makes the capital a closed form. Invariant: the capital falls in p up to
the observed share, so that what is refuted is an interval and bisection finds its end.
"""

import math

_PRIOR_A, _PRIOR_B = 30.0, 1.0
"""Where the bets lie: mostly between 0.9 and 1, which is where a standard of 95 percent is decided."""
_STEPS = 60
_MOST_TERMS = 100_000


def bound_agreement(agreed: int, observed: int, alpha: float) -> float:
    """Return the lower confidence bound of the share of agreement, at confidence 1 - alpha, at any time at once."""
    if not 0 <= agreed <= observed:
        raise ValueError(f"{agreed} of {observed} charts cannot agree")
    if agreed == 0:
        return 0.0
    low, high = 0.0, agreed / observed
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if log_capital(middle, agreed, observed) >= -math.log(alpha):
            low = middle
        else:
            high = middle
    return low


def log_capital(share: float, agreed: int, observed: int) -> float:
    """Return the log of what a bet against "agreement is at most `share`" has made of 1; `share` is within (0, 1)."""
    if not 0 < share < 1:
        return math.inf if share <= 0 else 0.0
    a, b = _PRIOR_A + agreed, _PRIOR_B + observed - agreed
    likelihood = agreed * math.log(share) + (observed - agreed) * math.log1p(-share)
    staked = _log_beta(a, b) - _log_beta(_PRIOR_A, _PRIOR_B) + log_tail(a, b, share) - likelihood
    kept = log_head(_PRIOR_A, _PRIOR_B, share)
    most = max(staked, kept)
    return most + math.log(math.exp(staked - most) + math.exp(kept - most))


def log_tail(a: float, b: float, x: float) -> float:
    """Return the log of the chance that a Beta(a, b) variable exceeds `x`."""
    return log_head(b, a, 1.0 - x)


def log_head(a: float, b: float, x: float) -> float:
    """Return the log of the chance that a Beta(a, b) variable is at most `x`: the regularized incomplete beta."""
    if not 0 < x < 1:
        return -math.inf if x <= 0 else 0.0
    if x > (a + 1.0) / (a + b + 2.0):  # beyond the mean the fraction converges for the other tail
        other = math.exp(log_head(b, a, 1.0 - x))
        return math.log1p(-min(other, 1.0 - 1e-16))
    front = a * math.log(x) + b * math.log1p(-x) - math.log(a) - _log_beta(a, b)
    return front + math.log(_continue_fraction(a, b, x))


def _continue_fraction(a: float, b: float, x: float) -> float:
    """Lentz's evaluation of the continued fraction. Source: DLMF 8.17.22."""
    c, d = 1.0, _invert(1.0 - (a + b) * x / (a + 1.0))
    total = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = _invert(1.0 + even * d), 1.0 + even / c
        total *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = _invert(1.0 + odd * d), 1.0 + odd / c
        total *= d * c
        if abs(d * c - 1.0) < 1e-13:
            return total
    raise ArithmeticError(f"the fraction of {a}, {b} does not settle")


def _invert(value: float) -> float:
    return 1.0 / (value if abs(value) > 1e-300 else 1e-300)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
