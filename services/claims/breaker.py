"""The circuit breaker of a lane: stops sending to a payer that does not take claims, and asks it now and then; pure.

Place in the flow: a lane asks how many attempts may begin, and tells how each ended. docs/state-machines.md draws it.
Invariants: while it is open no claim is taken, so an outage costs neither attempts nor their schedule; after it one
attempt at a time goes out, until one of them is taken or fails; a payer that refuses a claim is well.
"""

import random
import time
from collections.abc import Callable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt

from services.claims.schedule import Outcome

_TAKEN = frozenset({Outcome.ANSWERED, Outcome.DELIVERED, Outcome.REFUSED})


class BreakerState(StrEnum):
    """What a lane may do."""

    CLOSED = "closed"
    """Send as usual."""
    OPEN = "open"
    """Send nothing."""
    HALF_OPEN = "half_open"
    """Send one claim at a time, to see whether the payer is back."""


class BreakerTerms(BaseModel):
    """When the breaker opens, and for how long: twice as long each time in a row, less up to half of it by chance."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    failures_to_open: PositiveInt = 5
    """So many attempts in a row that the payer did not take."""
    open_seconds: PositiveFloat = 5.0
    longest_open_seconds: PositiveFloat = 300.0
    """Also the most that a payer's Retry-After holds up the lane; the claim that it was said to waits all of it."""


class BreakerView(BaseModel):
    """What operators see of a lane, as this process has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: BreakerState
    failures: int = Field(description="Attempts in a row that the payer did not take.")
    reason: str | None = Field(description="Code of the last failure; null when the last attempt was taken.")
    retry_in_seconds: float = Field(description="How long until one claim is tried; 0 unless open.")


class Breaker:
    """The breaker of one lane in one process."""

    def __init__(
        self,
        terms: BreakerTerms,
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: random.Random | None = None,
    ) -> None:
        self._terms = terms
        self._clock = clock
        self._chance = chance or random.Random()  # noqa: S311 - spreads load, guards nothing
        self._failures = 0
        self._openings = 0
        self._reason: str | None = None
        self._open_until = 0.0

    @property
    def state(self) -> BreakerState:
        """Open becomes half-open by itself when its time is over."""
        if not self._openings:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._clock() < self._open_until else BreakerState.HALF_OPEN

    @property
    def seconds_to_probe(self) -> float:
        """How long nothing is sent from now on."""
        return max(0.0, self._open_until - self._clock()) if self._openings else 0.0

    def room(self, limit: int, in_flight: int) -> int:
        """How many attempts may begin now, where at most `limit` may be on their way at one time."""
        most = {BreakerState.CLOSED: limit, BreakerState.HALF_OPEN: 1, BreakerState.OPEN: 0}[self.state]
        return max(0, most - in_flight)

    def note(self, outcome: Outcome, reason: str | None, retry_after_seconds: float = 0.0) -> None:
        """Learn how an attempt ended. A payer that asks for a pause gets it at once."""
        if outcome in _TAKEN:
            self._failures, self._openings, self._reason = 0, 0, None
            return
        self._failures += 1
        self._reason = reason
        enough = self._failures >= self._terms.failures_to_open
        if retry_after_seconds or (enough and self.state is BreakerState.CLOSED) or self._is_probing:
            self.open(reason, retry_after_seconds)

    def open(self, reason: str | None, least_seconds: float = 0.0) -> None:
        """Open, or stay open for longer."""
        self._reason = reason
        self._openings += self.state is not BreakerState.OPEN
        longest = self._terms.longest_open_seconds
        usual = min(longest, self._terms.open_seconds * 2 ** min(self._openings - 1, 30))
        seconds = max(usual * self._chance.uniform(0.5, 1.0), min(least_seconds, longest))
        self._open_until = max(self._open_until, self._clock() + seconds)

    def view(self) -> BreakerView:
        """Tell operators."""
        return BreakerView(
            state=self.state,
            failures=self._failures,
            reason=self._reason,
            retry_in_seconds=round(self.seconds_to_probe, 1),
        )

    @property
    def _is_probing(self) -> bool:
        return self.state is BreakerState.HALF_OPEN
