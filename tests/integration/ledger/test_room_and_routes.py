"""The ledger's checks on a real PostgreSQL, each broken once: a breach is found, what is on its way is no breach."""

from datetime import UTC, datetime, timedelta

import pytest

from services.ledger.broker import BrokerOffsets
from services.ledger.room import Room, read_room
from services.ledger.routes import Route, RouteReport, read_route
from shared.contracts.topics import Topic
from shared.kafka.record import Record
from shared.postgres.inbox import Inbox, InboxEntry, Outcome
from shared.postgres.outbox import Outbox, OutboxMessage
from shared.postgres.pool import Pool
from shared.postgres.quarantine import Quarantine, Unusable
from tests.conftest import PoolFor

TOPIC = str(Topic.CHART_READY)
ROUTE = Route(Topic.CHART_READY, "ingest", "coder")


@pytest.fixture
async def pool(pool_for: PoolFor) -> Pool:
    await pool_for("coder", ("shared.postgres",))
    return await pool_for("ingest", ("shared.postgres",))


async def receive(pool: Pool, *offsets: int) -> None:
    """Let coder give records of one partition the outcome `applied`, their message ids being their offsets."""
    entries = [
        InboxEntry(Record(TOPIC, 0, offset, None, None), Outcome.APPLIED, message_id=str(offset)) for offset in offsets
    ]
    async with pool.acquire() as connection, connection.transaction():
        await Inbox("coder").record(connection, entries)


async def publish(pool: Pool, *message_ids: int) -> None:
    """Let ingest have published events."""
    async with pool.acquire() as connection, connection.transaction():
        await Outbox("ingest").enqueue(
            connection, [OutboxMessage(TOPIC, "chart", b"", message_id=str(number)) for number in message_ids]
        )
        await connection.execute("update ingest.outbox set published_at = now()")


def make_offsets(end: int = 0, committed: int = 0) -> BrokerOffsets:
    return BrokerOffsets(ends={(TOPIC, 0): end}, committed={"coder": {(TOPIC, 0): committed}})


async def read_coder(pool: Pool, offsets: BrokerOffsets) -> Room:
    async with pool.acquire() as connection:
        return await read_room(connection, "coder", offsets)


async def read_chart_ready(pool: Pool, offsets: BrokerOffsets) -> RouteReport:
    later = datetime.now(UTC) + timedelta(hours=1)
    async with pool.acquire() as connection:
        return await read_route(connection, ROUTE, offsets, later)


async def test_a_settled_room_has_no_findings_and_nothing_in_flight(pool: Pool) -> None:
    await receive(pool, 0, 1, 2)
    room = await read_coder(pool, make_offsets(end=3, committed=3))
    assert (room.findings, room.in_flight) == ((), ())
    assert room.outcomes == {(TOPIC, "applied"): 3}


async def test_records_not_yet_polled_and_messages_not_yet_published_are_in_flight(pool: Pool) -> None:
    await receive(pool, 0)
    async with pool.acquire() as connection:
        await Outbox("coder").enqueue(connection, [OutboxMessage("t", "k", b"")])
    room = await read_coder(pool, make_offsets(end=4, committed=1))
    assert room.findings == ()
    assert room.in_flight == ("coder: 3 records not yet polled", "coder: 1 messages not yet published")


@pytest.mark.parametrize(
    ("breach", "finding"),
    [
        ('delete from coder.inbox where "offset" = 1', "partitions whose count differs"),
        ("update coder.inbox_progress set next_offset = 1", "outcomes beyond"),
        ("delete from coder.inbox_progress", "nobody counted"),
        (
            "update coder.inbox set outcome = 'quarantined', reason = 'x' where \"offset\" = 1",
            "quarantined records that are not held",
        ),
        (
            "insert into coder.outbox (topic, key, parked_at, park_reason) values ('t', 'k', now(), 'x')",
            "messages parked",
        ),
    ],
)
async def test_a_breach_is_found(pool: Pool, breach: str, finding: str) -> None:
    await receive(pool, 0, 1)
    await pool.execute(breach)
    room = await read_coder(pool, make_offsets(end=2, committed=2))
    assert any(finding in line for line in room.findings), room.findings


async def test_a_commit_beyond_the_inbox_is_found(pool: Pool) -> None:
    await receive(pool, 0, 1)
    room = await read_coder(pool, make_offsets(end=9, committed=3))
    assert room.findings == ("coder: 1 partitions committed beyond the inbox",)


async def test_a_held_record_is_accounted_for(pool: Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        entries = await Quarantine("coder").hold(connection, [Unusable(Record(TOPIC, 0, 0, None, b"x"), "broken")])
        await Inbox("coder").record(connection, entries)
    assert (await read_coder(pool, make_offsets(end=1, committed=1))).findings == ()


async def test_an_event_on_its_way_is_not_called_lost(pool: Pool) -> None:
    await publish(pool, 0, 1)
    await receive(pool, 0)
    report = await read_chart_ready(pool, make_offsets(end=2))
    assert (report.published, report.received, report.finding) == (2, 1, None)


async def test_an_event_that_can_no_longer_arrive_is_called_lost(pool: Pool) -> None:
    await publish(pool, 0, 1)
    await receive(pool, 0, 5)
    report = await read_chart_ready(pool, make_offsets(end=6))
    assert report.finding == "chart.ready.v1: 1 events published by ingest never reached coder"
