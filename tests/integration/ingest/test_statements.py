"""PostgreSQL accepts every statement of ingest."""

from services.ingest.store import SQL
from tests.integration.ingest.conftest import Ward


async def test_every_statement_prepares(ward: Ward) -> None:
    async with ward.pool.acquire() as connection:
        for statement in SQL.by_name.values():
            await connection.prepare(statement.text)
    assert len(SQL.by_name) >= 15
