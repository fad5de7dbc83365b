"""Inbox, outbox and quarantine on a real PostgreSQL: one outcome a record, fenced and ordered publishing."""

import asyncio
import json
from collections.abc import Sequence
from uuid import uuid4

import pytest
from pydantic import SecretStr

from shared.contracts.errors import Unavailable
from shared.contracts.topics import MAX_RECORD_BYTES, Topic
from shared.kafka.record import Record
from shared.postgres.inbox import Inbox, InboxEntry, Outcome, PositionTaken
from shared.postgres.migrate import MigrationChanged, migrate
from shared.postgres.outbox import Outbox, OutboxMessage, OutboxRelay, RelaySettings
from shared.postgres.pool import Pool, open_pool
from shared.postgres.quarantine import Quarantine, Unusable
from shared.postgres.settings import PostgresSettings
from shared.postgres.statements import Statements
from shared.telemetry.tracing import span
from shared.transient import is_transient
from tests.conftest import PoolFor

SCHEMA = "room"


@pytest.fixture
async def pool(pool_for: PoolFor) -> Pool:
    return await pool_for(SCHEMA, ("shared.postgres",))


def make_record(offset: int, value: bytes | None = b"{}") -> Record:
    return Record("topic", 0, offset, b"key", value)


async def settle(pool: Pool, entries: Sequence[InboxEntry]) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await Inbox(SCHEMA).record(connection, entries)


class StubbornBroker:
    """A publisher whose answers a test decides."""

    def __init__(self) -> None:
        self.published: list[str] = []
        self.away = False
        self.unsendable: set[str] = set()

    async def publish(self, messages: Sequence[OutboxMessage]) -> list[str | None]:
        if self.away:
            raise Unavailable("away")
        self.published += [message.key for message in messages if message.key not in self.unsendable]
        return ["too-large" if message.key in self.unsendable else None for message in messages]


async def enqueue(pool: Pool, *keys: str) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await Outbox(SCHEMA).enqueue(connection, [OutboxMessage("topic", key, b"x") for key in keys])


async def waiting(pool: Pool) -> list[str]:
    rows = await pool.fetch("select key from room.outbox where published_at is null and parked_at is null order by id")
    return [row["key"] for row in rows]


async def test_a_message_goes_on_with_the_trace_that_caused_it(pool: Pool) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    message = OutboxMessage("topic", "key", b"x", {"content-type": "text/plain"})
    with span("cause", came_from=[trace]):
        async with pool.acquire() as connection, connection.transaction():
            await Outbox(SCHEMA).enqueue(connection, [message])
    headers = json.loads(await pool.fetchval("select headers from room.outbox"))
    assert headers == {"content-type": "text/plain", "traceparent": trace}


async def test_a_position_has_one_outcome_and_the_count_moves_with_it(pool: Pool) -> None:
    await settle(pool, [InboxEntry(make_record(5), Outcome.APPLIED), InboxEntry(make_record(9), Outcome.STALE)])
    with pytest.raises(PositionTaken) as taken:
        await settle(
            pool, [InboxEntry(make_record(9), Outcome.DUPLICATE), InboxEntry(make_record(10), Outcome.APPLIED)]
        )
    assert is_transient(taken.value)
    progress = await pool.fetchrow("select records_seen, next_offset from room.inbox_progress")
    assert progress is not None
    assert tuple(progress) == (2, 10)


async def test_records_delivered_again_are_recognised(pool: Pool) -> None:
    await settle(pool, [InboxEntry(make_record(1), Outcome.APPLIED)])
    async with pool.acquire() as connection:
        fresh = await Inbox(SCHEMA).unseen(connection, [make_record(1), make_record(2)])
    assert [record.offset for record in fresh] == [2]


async def test_only_applied_messages_count_as_known(pool: Pool) -> None:
    await settle(
        pool,
        [
            InboxEntry(make_record(1), Outcome.APPLIED, message_id="a"),
            InboxEntry(make_record(2), Outcome.QUARANTINED, message_id="b", reason="broken"),
        ],
    )
    async with pool.acquire() as connection:
        assert await Inbox(SCHEMA).known_messages(connection, "topic", ["a", "b", "c"]) == {"a"}


async def test_a_held_record_is_whole_and_on_its_way_to_the_dead_letters(pool: Pool) -> None:
    body = b"\x00not json\xff"
    record = Record("topic", 3, 7, None, body, headers=(("h", b"\x00v"),))
    huge = make_record(8, b"x" * MAX_RECORD_BYTES)
    async with pool.acquire() as connection, connection.transaction():
        entries = await Quarantine(SCHEMA).hold(connection, [Unusable(record, "invalid-json"), Unusable(huge, "large")])
        await Inbox(SCHEMA).record(connection, entries)
    held = await pool.fetch('select body, reason, "offset" from room.quarantine order by "offset"')
    assert [(row["body"], row["reason"], row["offset"]) for row in held] == [
        (body, "invalid-json", 7),
        (huge.value, "large", 8),
    ]
    letters = await pool.fetch("select topic, value from room.outbox order by id")
    assert [(row["topic"], row["value"]) for row in letters] == [(Topic.DEAD_LETTER, body), (Topic.DEAD_LETTER, None)]


async def test_the_relay_publishes_in_order_and_a_late_low_id_is_found(pool: Pool) -> None:
    broker = StubbornBroker()
    relay = OutboxRelay(pool, SCHEMA, broker)
    async with pool.acquire() as slow:
        transaction = slow.transaction()
        await transaction.start()
        await Outbox(SCHEMA).enqueue(slow, [OutboxMessage("topic", "late", b"x")])
        await enqueue(pool, "one", "two")
        assert await relay.relay_once() == 2
        await transaction.commit()
    assert await relay.relay_once() == 1
    assert broker.published == ["one", "two", "late"]
    assert await waiting(pool) == []


async def test_nothing_is_marked_while_the_broker_is_away(pool: Pool) -> None:
    broker = StubbornBroker()
    broker.away = True
    relay = OutboxRelay(pool, SCHEMA, broker)
    await enqueue(pool, "one")
    with pytest.raises(Unavailable):
        await relay.relay_once()
    assert await waiting(pool) == ["one"]


async def test_what_can_never_be_sent_is_parked_and_blocks_nothing(pool: Pool) -> None:
    broker = StubbornBroker()
    broker.unsendable = {"huge"}
    await enqueue(pool, "one", "huge", "two")
    assert await OutboxRelay(pool, SCHEMA, broker).relay_once() == 3
    assert broker.published == ["one", "two"]
    parked = await pool.fetch("select key, park_reason from room.outbox where parked_at is not null")
    assert [tuple(row) for row in parked] == [("huge", "too-large")]


async def test_one_relay_works_at_a_time_and_one_that_lost_its_lease_marks_nothing(pool: Pool) -> None:
    await enqueue(pool, "one")
    taken_over = asyncio.Event()

    class SlowBroker(StubbornBroker):
        async def publish(self, messages: Sequence[OutboxMessage]) -> list[str | None]:
            await taken_over.wait()
            return await super().publish(messages)

    first = OutboxRelay(pool, SCHEMA, SlowBroker())
    second_broker = StubbornBroker()
    second = OutboxRelay(pool, SCHEMA, second_broker)
    paused = asyncio.create_task(first.relay_once())
    while not await pool.fetchval("select count(*) from room.relay_lease"):
        await asyncio.sleep(0.01)
    assert await second.relay_once() == 0
    await pool.execute("update room.relay_lease set expires_at = now() - interval '1 second'")
    assert await second.relay_once() == 1
    await enqueue(pool, "two")
    taken_over.set()
    assert await paused == 0
    assert await waiting(pool) == ["two"]


async def test_the_relay_runs_until_told_to_stop_and_gives_its_lease_up(pool: Pool) -> None:
    broker = StubbornBroker()
    broker.away = True
    relay = OutboxRelay(pool, SCHEMA, broker, RelaySettings(idle_seconds=0.01))
    stop = asyncio.Event()
    running = asyncio.create_task(relay.run(stop))
    await enqueue(pool, "one")
    relay.wake()
    broker.away = False
    while await waiting(pool):
        await asyncio.sleep(0.01)
    stop.set()
    await running
    assert await pool.fetchval("select count(*) from room.relay_lease") == 0


async def test_every_statement_is_one_that_postgres_takes(pool: Pool) -> None:
    async with pool.acquire() as connection:
        for statement in Statements("shared.postgres", schema=SCHEMA).by_name.values():
            await connection.prepare(statement.text)


async def test_migrations_run_once_and_a_changed_one_stops_the_start(pool: Pool) -> None:
    assert await migrate(pool, schema=SCHEMA, packages=("shared.postgres",)) == []
    await pool.execute("update room.schema_migration set sha256 = $1", str(uuid4()))
    with pytest.raises(MigrationChanged, match="0001_messaging"):
        await migrate(pool, schema=SCHEMA, packages=("shared.postgres",))


async def test_everything_works_without_prepared_statements_as_behind_a_pooler(postgres_dsn: str) -> None:
    settings = PostgresSettings(dsn=SecretStr(postgres_dsn), statement_cache_size=0, pool_min_size=1)
    async with open_pool(settings, application_name="test") as pool:
        await migrate(pool, schema=SCHEMA, packages=("shared.postgres",))
        await settle(pool, [InboxEntry(make_record(1), Outcome.APPLIED)])
        await enqueue(pool, "one")
        assert await OutboxRelay(pool, SCHEMA, StubbornBroker()).relay_once() == 1
        async with pool.acquire() as connection:
            named = await connection.fetchval("select count(*) from pg_prepared_statements")
    assert named == 0
