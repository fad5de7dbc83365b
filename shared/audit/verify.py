"""Checks the chain and says where it was tampered with.

Invariant: every finding names a place. What was done is told from what still fits: a missing place was deleted; where
an event fits to one before its predecessor, what lies between was inserted; else it was changed, it or the hash before
it. What was cut off at the end, or rewritten with all its hashes, only an anchor shows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import asyncpg

from shared.audit.chain import GENESIS, Anchor, LoggedEvent, Sealed, chain_hash
from shared.audit.log import SQL
from shared.postgres.pool import Pool

_PAGE = 2000


class Tampering(StrEnum):
    """What was done."""

    CHANGED = "changed"
    DELETED = "deleted"
    INSERTED = "inserted"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class Finding:
    """A place, or the first and last of several, where the chain does not hold."""

    tampering: Tampering
    sequence: int
    last: int

    def __str__(self) -> str:
        """Name the places."""
        places = str(self.sequence) if self.last == self.sequence else f"{self.sequence} to {self.last}"
        return f"{self.tampering} at {places}"


@dataclass(slots=True)
class Walk:
    """Goes along the chain: `follow` takes every sealed event in order, `finish` ends it."""

    anchors: dict[int, set[bytes]] = field(default_factory=dict)
    events: int = 0
    findings: list[Finding] = field(default_factory=list)
    head: Anchor = field(default_factory=lambda: Anchor(0, GENESIS))
    _fitting: list[Anchor] = field(default_factory=lambda: [Anchor(0, GENESIS)] * 2)
    """The last two events that fitted."""

    @classmethod
    def against(cls, anchors: Iterable[Anchor]) -> "Walk":
        """Begin a walk that compares the chain with anchors."""
        due: dict[int, set[bytes]] = {}
        for anchor in anchors:
            due.setdefault(anchor.sequence, set()).add(anchor.hash)
        return cls(anchors=due)

    def follow(self, sealed: Sealed) -> None:
        """Check the next event."""
        here = Anchor(sealed.sequence, sealed.hash)
        expected = self.head.sequence + 1
        if sealed.sequence > expected:
            self.findings.append(Finding(Tampering.DELETED, expected, sealed.sequence - 1))
            self._fitting = [here, here]
        elif chain_hash(self.head.hash, sealed.event) == sealed.hash:
            self._fitting = [self._fitting[1], here]
        else:
            self._explain(sealed, here)
        if self.anchors.pop(sealed.sequence, {sealed.hash}) != {sealed.hash} and not self.findings:
            self.findings.append(Finding(Tampering.REWRITTEN, sealed.sequence, sealed.sequence))
        self.events += 1
        self.head = here

    def _explain(self, sealed: Sealed, here: Anchor) -> None:
        for earlier in reversed(self._fitting):
            if earlier.sequence < self.head.sequence and chain_hash(earlier.hash, sealed.event) == sealed.hash:
                self.findings = [found for found in self.findings if found.sequence <= earlier.sequence]
                self.findings.append(Finding(Tampering.INSERTED, earlier.sequence + 1, self.head.sequence))
                self._fitting = [earlier, here]
                return
        self.findings.append(Finding(Tampering.CHANGED, sealed.sequence, sealed.sequence))

    def finish(self) -> Sequence[Finding]:
        """Return all findings, with what the anchors know of and the log has no more."""
        beyond = max(self.anchors, default=0)
        if beyond > self.head.sequence:
            self.findings.append(Finding(Tampering.TRUNCATED, self.head.sequence + 1, beyond))
        return self.findings


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check came to. `unsealed` events are not in the chain yet, the oldest since `unsealed_since`."""

    events: int
    head: Anchor
    findings: Sequence[Finding]
    unsealed: int
    unsealed_since: datetime | None


async def verify_chain(pool: Pool, anchors: Iterable[Anchor] = ()) -> Verification:
    """Read the whole log in one snapshot and check it."""
    walk = Walk.against(anchors)
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        after = 0
        while rows := await SQL.fetch(connection, "read_chain", after=after, limit=_PAGE):
            for row in rows:
                walk.follow(read_sealed(row))
            after = rows[-1]["sequence"]
        waiting = await SQL.fetchrow(connection, "count_unsealed")
    findings = walk.finish()
    count, since = (waiting["events"], waiting["oldest"]) if waiting else (0, None)
    return Verification(walk.events, walk.head, findings, count, since)


def read_sealed(row: asyncpg.Record) -> Sealed:
    """Read a row of the chain."""
    event = LoggedEvent(row["event_id"], row["service"], row["recorded_at"], row["body"])
    return Sealed(event, row["sequence"], row["hash"])
