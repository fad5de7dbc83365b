"""One service's side of the ledger: every record has one outcome, every message is published, waiting or parked."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.ledger.broker import SUBSCRIPTIONS, BrokerOffsets
from shared.postgres.pool import Connection
from shared.postgres.statements import Statements


@dataclass(frozen=True, slots=True)
class Room:
    """What a service has taken in and sent out. `outcomes` counts records by (topic, outcome)."""

    name: str
    outcomes: Mapping[tuple[str, str], int]
    outbox: Mapping[str, int]
    lag: int
    """Records that the broker has and the inbox has not."""
    findings: tuple[str, ...]

    @property
    def in_flight(self) -> tuple[str, ...]:
        """What has not arrived or not left yet."""
        waits = {"records not yet polled": self.lag, "messages not yet published": self.outbox["waiting"]}
        return tuple(f"{self.name}: {count} {text}" for text, count in waits.items() if count)


async def read_room(connection: Connection, name: str, offsets: BrokerOffsets) -> Room:
    """Read and check one schema inside the ledger's snapshot."""
    sql = Statements("services.ledger", schema=name)
    partitions = await sql.fetch(connection, "read_partitions")
    next_offsets = {(row["topic"], row["partition"]): row["next_offset"] for row in partitions}
    committed = offsets.committed.get(name, {})
    outbox = await sql.fetchrow(connection, "count_outbox")
    counts = {
        "partitions whose count differs from their rows": sum(row["records_seen"] != row["rows"] for row in partitions),
        "outcomes beyond their partition's position": sum(row["rows_ahead"] for row in partitions),
        "outcomes of partitions that nobody counted": await sql.fetchval(connection, "count_rows_without_progress"),
        "quarantined records that are not held": await sql.fetchval(connection, "count_unheld"),
        "messages parked in the outbox": outbox["parked"] if outbox else 0,
        "partitions committed beyond the inbox": sum(
            offset > next_offsets.get(place, 0) for place, offset in committed.items()
        ),
    }
    return Room(
        name=name,
        outcomes={
            (row["topic"], row["outcome"]): row["records"] for row in await sql.fetch(connection, "count_outcomes")
        },
        outbox=dict(outbox) if outbox else {},
        lag=sum(
            max(0, end - next_offsets.get(place, 0))
            for place, end in offsets.ends.items()
            if place[0] in SUBSCRIPTIONS[name]
        ),
        findings=tuple(f"{name}: {count} {text}" for text, count in counts.items() if count),
    )
