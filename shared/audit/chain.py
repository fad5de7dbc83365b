"""The chain: each event's hash covers the event and the hash before it.

Pure. Invariant: from the head alone, kept outside the database, every earlier event can be proved unchanged.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

GENESIS = bytes(32)
"""What stands before the first event."""


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event as it is stored."""

    event_id: UUID
    service: str
    recorded_at: datetime
    body: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """An event with its place in the chain."""

    event: LoggedEvent
    sequence: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Anchor:
    """The head of the chain at some time, kept where whoever can write to the database cannot."""

    sequence: int
    hash: bytes


def chain_hash(before: bytes, event: LoggedEvent) -> bytes:
    """SHA-256 over the hash before and every column of the event; parts are told apart by their lengths."""
    digest = hashlib.sha256(before)
    moment = event.recorded_at.astimezone(UTC).isoformat()
    for part in (str(event.event_id), event.service, moment, event.body):
        content = part.encode()
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.digest()
