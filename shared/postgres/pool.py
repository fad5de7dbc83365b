"""One connection pool a process.

Invariant: whoever opens the pool closes it; nobody keeps a connection across a wait for anything but PostgreSQL.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from shared.postgres.settings import PostgresSettings

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Executor: TypeAlias = "Connection | Pool"
"""A pool runs a single statement on any connection; a transaction needs a connection of its own."""


@asynccontextmanager
async def open_pool(settings: PostgresSettings, *, application_name: str) -> AsyncIterator[Pool]:
    """Open a pool and close it at the end; `application_name` is what `pg_stat_activity` shows."""
    async with asyncpg.create_pool(
        settings.dsn.get_secret_value(),
        min_size=settings.pool_min_size,
        max_size=settings.pool_max_size,
        statement_cache_size=settings.statement_cache_size,
        command_timeout=settings.command_timeout_seconds,
        server_settings={"application_name": application_name},
    ) as pool:
        yield pool


async def probe_pool(pool: Pool) -> None:
    """Answer the readiness question of PostgreSQL; raises when it does not answer."""
    await pool.fetchval("select 1", timeout=2.0)
