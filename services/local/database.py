"""The database of the local stack: created where it is missing, emptied when a demo starts afresh, migrated."""

from collections.abc import Iterator
from importlib import import_module
from itertools import chain

import asyncpg

from services.local.postgres import PostgresServer
from shared.postgres.migrate import migrate
from shared.postgres.pool import open_pool
from shared.postgres.settings import PostgresSettings

DATABASE = "chartline"
SERVICE_PACKAGES = ("shared.audit", "services.ingest", "services.coder", "services.claims", "services.codesets")


async def create_database(server: PostgresServer, *, empty: bool) -> str:
    """Make sure that the database is there, an empty one if asked for; returns its connection string."""
    connection = await asyncpg.connect(server.dsn("postgres"))
    try:
        if empty:
            await connection.execute(f"drop database if exists {DATABASE} with (force)")
        if not await connection.fetchval("select 1 from pg_database where datname = $1", DATABASE):
            await connection.execute(f"create database {DATABASE}")
    finally:
        await connection.close()
    return server.dsn(DATABASE)


async def migrate_services(settings: PostgresSettings) -> list[str]:
    """Bring the schema of every service up to date; returns the names of the migrations that ran."""
    async with open_pool(settings, application_name="chartline-migrate") as pool:
        applied = [await migrate(pool, schema=schema, packages=packages) for schema, packages in _schemas()]
    return list(chain.from_iterable(applied))


def _schemas() -> Iterator[tuple[str, tuple[str, ...]]]:
    for package in SERVICE_PACKAGES:
        service = import_module(package)
        yield service.SCHEMA, service.MIGRATION_PACKAGES
