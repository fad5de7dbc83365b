"""The log in a real PostgreSQL: append-only, sealed without gaps, every way of tampering found where it was done."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import pytest

from shared.audit import MIGRATION_PACKAGES, SCHEMA
from shared.audit.chain import Anchor
from shared.audit.event import Actor, AuditedAction
from shared.audit.log import SQL, write_event
from shared.audit.seal import Sealer, read_anchors
from shared.audit.settings import AuditSettings
from shared.audit.verify import verify_chain
from shared.postgres.pool import Pool
from tests.conftest import PoolFor

ANN = Actor("ann", "Practitioner/ann", ("coder",))


@pytest.fixture
async def pool(pool_for: PoolFor) -> Pool:
    return await pool_for(SCHEMA, MIGRATION_PACKAGES)


async def write(pool: Pool, count: int) -> None:
    for number in range(count):
        await write_event(pool, AuditedAction("coder", ANN, "read-chart", "R", (("chart", str(number)),)))


async def seal(pool: Pool, **settings: object) -> int:
    return await Sealer(pool, AuditSettings.model_validate(settings)).seal_round()


async def tamper(pool: Pool, *statements: str) -> None:
    """Do what a database administrator could: switch the triggers off first."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("alter table audit.event disable trigger user")
        for statement in statements:
            await connection.execute(statement)
        await connection.execute("alter table audit.event enable trigger user")


async def list_findings(pool: Pool, anchors: Sequence[Anchor] = ()) -> list[str]:
    return [str(finding) for finding in (await verify_chain(pool, anchors)).findings]


async def test_every_statement_is_valid(pool: Pool) -> None:
    async with pool.acquire() as connection:
        for statement in SQL.by_name.values():
            await connection.prepare(statement.text)


async def test_what_is_written_is_sealed_in_batches_and_whole(pool: Pool) -> None:
    await write(pool, 5)
    assert (await verify_chain(pool)).unsealed == 5
    assert [await seal(pool, batch_size=3) for _ in range(3)] == [3, 2, 0]
    result = await verify_chain(pool)
    assert (result.events, result.head.sequence, list(result.findings), result.unsealed) == (5, 5, [], 0)


async def test_an_event_that_commits_late_gets_the_next_place(pool: Pool) -> None:
    async with pool.acquire() as late, late.transaction():
        await write_event(late, AuditedAction("coder", ANN, "decide", "E"))
        await write(pool, 2)
        assert await seal(pool) == 2
    assert await seal(pool) == 1
    assert await list_findings(pool) == []


async def test_many_sealers_at_once_make_one_chain(pool: Pool) -> None:
    await write(pool, 40)
    while sum(await asyncio.gather(*(seal(pool, batch_size=7) for _ in range(4)))):
        pass
    result = await verify_chain(pool)
    assert (result.events, result.unsealed, list(result.findings)) == (40, 0, [])


@pytest.mark.parametrize(
    "statement",
    [
        "update audit.event set body = '{}' where sequence = 2",
        "update audit.event set sequence = 9, hash = hash where sequence = 2",
        "update audit.event set body = '{}', sequence = 4, hash = sha256('') where sequence is null",
        "delete from audit.event where sequence = 3",
        "delete from audit.event where sequence is null",
        "truncate audit.event",
    ],
)
async def test_the_database_refuses_to_rewrite_the_log(pool: Pool, statement: str) -> None:
    await write(pool, 3)
    await seal(pool)
    await write(pool, 1)
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await pool.execute(statement)


@pytest.mark.parametrize(
    ("statements", "finding"),
    [
        (["update audit.event set body = replace(body, 'ann', 'bob') where sequence = 4"], "changed at 4"),
        (["update audit.event set recorded_at = recorded_at - interval '1 day' where sequence = 4"], "changed at 4"),
        (["update audit.event set hash = sha256('x') where sequence = 4"], "changed at 4"),
        (["delete from audit.event where sequence in (4, 5)"], "deleted at 4 to 5"),
        (
            [
                "update audit.event set sequence = sequence + 1000 where sequence >= 4",
                "insert into audit.event values (gen_random_uuid(), 'coder', now(), '{}', 4, sha256('x'))",
                "update audit.event set sequence = sequence - 999 where sequence > 1000",
            ],
            "inserted at 4",
        ),
        (["delete from audit.event where sequence > 6"], "truncated at 7 to 8"),
    ],
)
async def test_tampering_is_found_where_it_was_done(
    pool: Pool, statements: list[str], finding: str, tmp_path: Path
) -> None:
    anchors = tmp_path / "anchors"
    await write(pool, 8)
    await seal(pool, anchor_file=anchors)
    await tamper(pool, *statements)
    found = await list_findings(pool, read_anchors(anchors.read_text()))
    assert finding in found or (finding == "changed at 4" and found == ["changed at 4", "changed at 5"])
    assert found[0] == finding


async def test_an_anchor_is_kept_outside_after_every_round(pool: Pool, tmp_path: Path) -> None:
    anchors = tmp_path / "anchors"
    for _ in range(2):
        await write(pool, 2)
        await seal(pool, anchor_file=anchors)
    assert [anchor.sequence for anchor in read_anchors(anchors.read_text())] == [2, 4]
    assert await list_findings(pool, read_anchors(anchors.read_text())) == []
