"""What one service sent to another: every event that the broker acknowledged was received.

Invariant: an event is called lost only when the receiver has settled the whole topic as it stood after the event was
acknowledged, and has no outcome for it.
"""

from dataclasses import dataclass
from datetime import datetime

from services.ledger.broker import BrokerOffsets
from shared.contracts.topics import Topic
from shared.postgres.pool import Connection
from shared.postgres.statements import Statements


@dataclass(frozen=True, slots=True)
class Route:
    """A topic between two services."""

    topic: Topic
    sender: str
    receiver: str


ROUTES: tuple[Route, ...] = (
    Route(Topic.CHART_READY, "ingest", "coder"),
    Route(Topic.CHART_CODED, "coder", "claims"),
    Route(Topic.CHART_WITHDRAWN, "coder", "claims"),
    Route(Topic.CLAIM_RETURNED, "claims", "coder"),
)


@dataclass(frozen=True, slots=True)
class RouteReport:
    """Events published before the ledger was read, how many of them have arrived, and whether the topic is settled."""

    route: Route
    published: int
    received: int
    settled: bool

    @property
    def finding(self) -> str | None:
        """The breach, if there is one."""
        lost = self.published - self.received
        if not lost or not self.settled:
            return None
        return f"{self.route.topic}: {lost} events published by {self.route.sender} never reached {self.route.receiver}"


async def read_route(connection: Connection, route: Route, offsets: BrokerOffsets, before: datetime) -> RouteReport:
    """Compare the sender's outbox with the receiver's inbox inside the ledger's snapshot."""
    sender = Statements("services.ledger", schema=route.sender)
    receiver = Statements("services.ledger", schema=route.receiver)
    topic = str(route.topic)
    published = {row[0] for row in await sender.fetch(connection, "read_published_ids", topic=topic, before=before)}
    received = {row[0] for row in await receiver.fetch(connection, "read_received_ids", topic=topic)}
    positions = {
        (row["topic"], row["partition"]): row["next_offset"]
        for row in await receiver.fetch(connection, "read_partitions")
    }
    ends = {place: end for place, end in offsets.ends.items() if place[0] == topic}
    settled = bool(ends) and all(positions.get(place, 0) >= end for place, end in ends.items())
    return RouteReport(route, len(published), len(published & received), settled)
