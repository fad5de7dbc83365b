"""PostgreSQL accepts every statement of ingest, and finds rows of large tables by index."""

from services.ingest.store import SQL
from tests.integration.ingest.conftest import Ward

LARGE_TABLES = ("resource", "resource_version", "document", "chart", "quarantine")


async def test_every_statement_prepares(ward: Ward) -> None:
    async with ward.pool.acquire() as connection:
        for statement in SQL.by_name.values():
            await connection.prepare(statement.text)
    assert len(SQL.by_name) >= 15


async def test_no_statement_has_to_read_a_large_table_whole(ward: Ward) -> None:
    """Scans are made dear: one that is left in a plan is there because no index answers."""
    found = []
    async with ward.pool.acquire() as connection, connection.transaction():
        for dear in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin"):
            await connection.execute(f"set local {dear} = off")
        await connection.execute("set local plan_cache_mode = force_generic_plan")
        for statement in SQL.by_name.values():
            await connection.execute(f"prepare planned as {statement.text}")
            arguments = ", ".join("null" for _ in statement.parameters)
            for line in await connection.fetch(f"explain (costs off) execute planned({arguments})"):
                found += [(statement.name, line[0]) for table in LARGE_TABLES if f"Seq Scan on {table}" in line[0]]
            await connection.execute("deallocate planned")
    assert found == []
