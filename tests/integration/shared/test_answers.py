"""Repeated requests on a real PostgreSQL: done once, answered alike, and never mixed up."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from pydantic import BaseModel

from shared.postgres.answers import Answers, KeyReused, Repeatable, RequestInFlight
from shared.postgres.pool import Connection, Pool
from tests.conftest import PoolFor

SCHEMA = "room"
ANSWERS = Answers(SCHEMA)
FIRST = Repeatable.of("ann", "k1", "POST", "/v1/things", "{}")


class Done(BaseModel):
    number: int


@pytest.fixture
async def pool(pool_for: PoolFor) -> Pool:
    pool = await pool_for(SCHEMA, ("shared.postgres",))
    await pool.execute("create table room.work (number integer generated always as identity)")
    return pool


async def work(connection: Connection) -> Done:
    return Done(number=await connection.fetchval("insert into room.work default values returning number"))


async def ask(
    pool: Pool, request: Repeatable | None = FIRST, act: Callable[[Connection], Awaitable[Done]] = work
) -> int:
    return (await ANSWERS.once(pool, request, Done, act)).number


async def test_the_same_request_is_done_once_and_answered_alike(pool: Pool) -> None:
    assert [await ask(pool) for _ in range(3)] == [1, 1, 1]
    assert await pool.fetchval("select count(*) from room.work") == 1


async def test_a_request_without_a_key_is_done_each_time(pool: Pool) -> None:
    assert [await ask(pool, None) for _ in range(2)] == [1, 2]


async def test_the_same_requests_at_one_time_are_done_once(pool: Pool) -> None:
    assert await asyncio.gather(*(ask(pool) for _ in range(4))) == [1] * 4


@pytest.mark.parametrize("said", [("POST", "/v1/things", "{} "), ("POST", "/v1/thing", "s{}"), ("POST",)])
async def test_another_request_under_the_key_is_refused(pool: Pool, said: tuple[str, ...]) -> None:
    await ask(pool)
    with pytest.raises(KeyReused):
        await ask(pool, Repeatable.of("ann", "k1", *said))


async def test_a_key_belongs_to_its_caller(pool: Pool) -> None:
    await ask(pool)
    assert await ask(pool, Repeatable.of("bob", "k1", "POST", "/v1/things", "{}")) == 2


async def test_a_request_that_failed_leaves_its_key_free(pool: Pool) -> None:
    async def fail(connection: Connection) -> Done:
        await work(connection)
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        await ask(pool, act=fail)
    assert await pool.fetchval("select count(*) from room.work") == 0
    assert await ask(pool) == 2


async def test_a_request_that_is_being_done_is_refused_for_now(pool: Pool) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def work_long(connection: Connection) -> Done:
        begun.set()
        await may_end.wait()
        return await work(connection)

    first = asyncio.create_task(ask(pool, act=work_long))
    await begun.wait()
    with pytest.raises(RequestInFlight):
        await ask(pool)
    assert await ask(pool, Repeatable.of("ann", "k2", "POST", "/v1/things", "{}")) == 1
    may_end.set()
    assert await first == await ask(pool) == 2


async def test_a_key_serves_for_a_day(pool: Pool) -> None:
    await ask(pool)
    await pool.execute("update room.given_answer set answered_at = now() - interval '23 hours'")
    await ANSWERS.forget(pool)
    assert await ask(pool) == 1
    await pool.execute("update room.given_answer set answered_at = now() - interval '25 hours'")
    assert await ask(pool) == 2
    assert await ask(pool) == 2
    await pool.execute("update room.given_answer set answered_at = now() - interval '25 hours'")
    await ANSWERS.forget(pool)
    assert await pool.fetchval("select count(*) from room.given_answer") == 0


async def test_of_a_request_only_a_hash_is_kept(pool: Pool) -> None:
    await ask(pool, Repeatable.of("ann", "k1", "the patient's own words"))
    row = await pool.fetchrow("select * from room.given_answer")
    assert row is not None
    assert set(row.keys()) == {"caller", "key", "fingerprint", "answer", "answered_at"}
    assert "words" not in str(dict(row))
