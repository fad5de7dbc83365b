"""Seals the log: gives events that have committed their places in the chain.

Place in the flow: a loop of every service; whoever gets the lock does the round. Invariant: places have no gaps, and a
sealed event's hash is computed once, from what was committed.
"""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

from shared.audit.chain import GENESIS, Anchor, LoggedEvent, chain_hash
from shared.audit.log import SQL
from shared.audit.settings import AuditSettings
from shared.loops import Rounds
from shared.postgres.measures import Measure
from shared.postgres.pool import Connection, Pool
from shared.telemetry.metrics import gauge

_LOCK_KEY = 4_201_978
_unsealed = gauge("chartline_audit_unsealed_seconds", "How long the oldest event has waited for its place.")
SEALING = Measure(SQL, "measure_sealing", {"unsealed_seconds": _unsealed})
"""Read by every service, so that somebody tells when nobody seals."""


@dataclass(frozen=True)
class Sealer:
    """Seals whatever any service wrote."""

    pool: Pool
    settings: AuditSettings

    async def seal_round(self) -> int:
        """Seal one batch and keep the new head as an anchor; returns how many events, 0 when another sealer works."""
        async with self.pool.acquire() as connection, connection.transaction():
            if not await SQL.fetchval(connection, "try_sealing", key=_LOCK_KEY):
                return 0
            head, sealed = await _seal(connection, self.settings.batch_size)
        if sealed and self.settings.anchor_file:
            await asyncio.to_thread(append_anchor, self.settings.anchor_file, head)
        return sealed


def make_sealing(pool: Pool, settings: AuditSettings) -> Rounds:
    """Make the loop that seals; a service runs it beside its other loops."""
    return Rounds("seal", Sealer(pool, settings).seal_round, idle_seconds=settings.idle_seconds)


async def read_head(connection: Connection) -> Anchor:
    """Read the end of the chain."""
    row = await SQL.fetchrow(connection, "read_head")
    return Anchor(row["sequence"], row["hash"]) if row else Anchor(0, GENESIS)


async def _seal(connection: Connection, limit: int) -> tuple[Anchor, int]:
    rows = await SQL.fetch(connection, "list_unsealed", limit=limit)
    head = await read_head(connection)
    if not rows:
        return head, 0
    hashes: list[bytes] = []
    last = head.hash
    for row in rows:
        last = chain_hash(last, LoggedEvent(row["event_id"], row["service"], row["recorded_at"], row["body"]))
        hashes.append(last)
    end = head.sequence + len(rows)
    await SQL.execute(
        connection,
        "seal_events",
        event_ids=[row["event_id"] for row in rows],
        sequences=list(range(head.sequence + 1, end + 1)),
        hashes=hashes,
    )
    return Anchor(end, last), len(rows)


def word_anchor(anchor: Anchor) -> str:
    """Write an anchor as a JSON line."""
    return json.dumps({"sequence": anchor.sequence, "hash": anchor.hash.hex()})


def append_anchor(file: Path, anchor: Anchor) -> None:
    """Add an anchor to a file; the file belongs on a medium that only appends."""
    with file.open("a", encoding="utf-8") as lines:
        lines.write(word_anchor(anchor) + "\n")


def read_anchors(text: str) -> list[Anchor]:
    """Read anchors from JSON lines; raises ValueError for anything else."""
    found = [json.loads(line) for line in text.splitlines() if line.strip()]
    return [Anchor(int(each["sequence"]), bytes.fromhex(each["hash"])) for each in found]
