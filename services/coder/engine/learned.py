"""What coders' decisions have taught: a bounded shift for each lexicon entry and specialty, as a value.

Place in the flow: `services.coder` counts decisions of one tenant and hands the state in with the chart; `choice` adds
the shift to a candidate's log-odds. Invariants: a shift never exceeds MAX_SHIFT either way; forgetting a decision gives
back the state from before it; nothing here reads a clock, a file or another tenant's counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from math import log
from types import MappingProxyType
from typing import NamedTuple

MAX_SHIFT = 1.5
"""The most that decisions can add to or take from a candidate's log-odds: about 0.5 to 0.82, or to 0.18."""
_PRIOR = 3.0


class EntryKey(NamedTuple):
    """What is learned about: the words and code of an entry, within a specialty ("" when it is not known)."""

    entry: str
    specialty: str


class Outcome(NamedTuple):
    """How often coders kept a suggestion that rested on the entry, and how often they rejected or changed it."""

    kept: int
    refused: int


@dataclass(frozen=True)
class LearnedState:
    """The counts of one tenant. Equal counts have equal hashes, whatever order the decisions came in."""

    counts: Mapping[EntryKey, Outcome] = field(default_factory=lambda: MappingProxyType({}))

    @cached_property
    def content_hash(self) -> str:
        """A digest of the counts, empty when nothing was learned: with it a chart can be computed again exactly."""
        if not self.counts:
            return ""
        lines = (f"{key.entry}\t{key.specialty}\t{n.kept}\t{n.refused}\n" for key, n in sorted(self.counts.items()))
        return sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:20]

    def shift(self, entry: str, specialty: str) -> float:
        """The log-odds to add for `entry`: its own specialty's experience, at most MAX_SHIFT either way."""
        outcome = self.counts.get(EntryKey(entry, specialty)) if self.counts else None
        if outcome is None:
            return 0.0
        kept, refused = outcome
        return max(-MAX_SHIFT, min(MAX_SHIFT, log((kept + _PRIOR) / (refused + _PRIOR))))

    def explain(self, entry: str, specialty: str) -> str:
        """What moved `entry`, for the coder to read; "" where nobody decided about it in the specialty."""
        outcome = self.counts.get(EntryKey(entry, specialty)) if self.counts else None
        return f"kept {outcome.kept} and refused {outcome.refused} times before" if outcome else ""

    def learn(self, entry: str, specialty: str, *, kept: bool, times: int = 1) -> "LearnedState":
        """The state after `times` more decisions about `entry`; a negative `times` forgets that many.

        Raises ValueError when more would be forgotten than was learned.
        """
        key = EntryKey(entry, specialty)
        old = self.counts.get(key, Outcome(0, 0))
        new = Outcome(old.kept + times * kept, old.refused + times * (not kept))
        if min(new) < 0:
            raise ValueError("more decisions would be forgotten than were learned")
        counts = {k: n for k, n in self.counts.items() if k != key}
        return LearnedState(MappingProxyType(counts | ({key: new} if any(new) else {})))

    def __getstate__(self) -> list[tuple[str, str, int, int]]:
        """Plain rows, because named tuples take eight times as long to write for the engine process."""
        return [(*key, *outcome) for key, outcome in self.counts.items()]

    def __setstate__(self, rows: list[tuple[str, str, int, int]]) -> None:
        counts = {EntryKey(entry, specialty): Outcome(kept, refused) for entry, specialty, kept, refused in rows}
        object.__setattr__(self, "counts", MappingProxyType(counts))


NOTHING_LEARNED = LearnedState()
