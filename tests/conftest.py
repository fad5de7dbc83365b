"""Fixtures that any test may ask for: a real PostgreSQL and a real Apache Kafka, started once a session.

PostgreSQL gives every test that asks a database of its own. Kafka is shared: tests use keys, topics or group prefixes
of their own. Where Java or Maven is missing, tests of Kafka are skipped on a developer's machine and fail when CI=true.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from hypothesis import settings
from pydantic import SecretStr

import shared.audit
from services.local.kafka import is_apache_kafka_available, open_kafka
from services.local.postgres import NO_DURABILITY, PostgresServer, open_postgres
from shared.postgres.migrate import migrate
from shared.postgres.pool import Pool, open_pool
from shared.postgres.settings import PostgresSettings

PoolFor = Callable[[str, Sequence[str]], Awaitable[Pool]]

_database_numbers = count(1)

# An example takes as long as the machine lets it: no test is about the clock. The rest is Hypothesis's own default.
settings.register_profile("chartline", parent=settings.default, deadline=None)
settings.load_profile("chartline")


@pytest.fixture(scope="session")
def stack_folder() -> Iterator[Path]:
    """A folder that the server's own account can enter, unlike pytest's temporary ones."""
    folder = Path(tempfile.mkdtemp(prefix="chartline-tests-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
async def postgres_server(stack_folder: Path) -> AsyncIterator[PostgresServer]:
    """One real PostgreSQL for the session."""
    log = stack_folder / "postgres.log"
    async with open_postgres(stack_folder / "postgres", log=log, settings=NO_DURABILITY) as server:
        yield server


@pytest.fixture
async def postgres_dsn(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """The connection string of a fresh, empty database, dropped after the test."""
    name = f"test_{next(_database_numbers)}"
    maintenance = await asyncpg.connect(postgres_server.dsn("postgres"))
    try:
        await maintenance.execute(f"create database {name}")
        yield postgres_server.dsn(name)
        await maintenance.execute(f"drop database {name} with (force)")
    finally:
        await maintenance.close()


@pytest.fixture
async def pool_for(postgres_dsn: str) -> AsyncIterator[PoolFor]:
    """`await pool_for(schema, packages)` migrates `schema` in the test's database and opens a pool on it."""
    settings = PostgresSettings(dsn=SecretStr(postgres_dsn), pool_min_size=1, pool_max_size=8)
    async with AsyncExitStack() as pools:

        async def open_migrated(schema: str, packages: Sequence[str]) -> Pool:
            pool = await pools.enter_async_context(open_pool(settings, application_name=f"test-{schema}"))
            for each in ((shared.audit.SCHEMA, shared.audit.MIGRATION_PACKAGES), (schema, packages)):
                await migrate(pool, schema=each[0], packages=each[1])
            return pool

        yield open_migrated


@pytest.fixture(scope="session")
async def kafka_bootstrap(stack_folder: Path) -> AsyncIterator[str]:
    """The bootstrap servers of one real Apache Kafka for the session; it creates no topic by itself."""
    if not is_apache_kafka_available():
        reason = "Apache Kafka needs Java 17 or later, and Maven the first time"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    async with open_kafka(stack_folder / "kafka", log=stack_folder / "kafka.log") as bootstrap_servers:
        yield bootstrap_servers
