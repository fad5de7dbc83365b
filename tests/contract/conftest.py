"""One world for each service: a real database with something of everything, in an event loop of its own.

Generated tests are no coroutines, so the worlds live behind a portal. Invariant: all three share one database, each in
its schema, as they do in the embedded stack.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import asyncpg
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from pydantic import SecretStr

from services import claims, coder, ingest
from services.local.postgres import PostgresServer
from shared import audit
from shared.codesets import store as codesets
from shared.postgres.migrate import migrate
from shared.postgres.pool import Pool, open_pool
from shared.postgres.settings import PostgresSettings
from tests.contract.claims_world import open_claims_world
from tests.contract.coder_world import open_coder_world
from tests.contract.ingest_world import open_ingest_world
from tests.contract.world import Asker, World, asking

OpenWorld = Callable[[Pool], AbstractAsyncContextManager[World]]
OPENERS: dict[str, OpenWorld] = {
    "coder": open_coder_world,
    "claims": open_claims_world,
    "ingest": open_ingest_world,
}
_SCHEMAS = (
    (audit.SCHEMA, audit.MIGRATION_PACKAGES),
    (codesets.SCHEMA, codesets.MIGRATION_PACKAGES),
    *((room.SCHEMA, room.MIGRATION_PACKAGES) for room in (coder, claims, ingest)),
)


@pytest.fixture(scope="session")
async def contract_dsn(postgres_server: PostgresServer) -> str:
    """A database for the tests of this folder."""
    maintenance = await asyncpg.connect(postgres_server.dsn("postgres"))
    await maintenance.execute("create database contract_tests")
    await maintenance.close()
    return postgres_server.dsn("contract_tests")


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    """An event loop in a thread of its own."""
    with start_blocking_portal() as opened:
        yield opened


@pytest.fixture(scope="session")
def contract_pool(contract_dsn: str, portal: BlockingPortal) -> Iterator[Pool]:
    """A pool on the migrated database."""
    with portal.wrap_async_context_manager(_open_migrated(contract_dsn)) as pool:
        yield pool


@asynccontextmanager
async def _open_migrated(dsn: str) -> AsyncIterator[Pool]:
    settings = PostgresSettings(dsn=SecretStr(dsn), pool_min_size=1, pool_max_size=4)
    async with open_pool(settings, application_name="test-contract") as pool:
        for schema, packages in _SCHEMAS:
            await migrate(pool, schema=schema, packages=packages)
        yield pool


def open_world(room: str, pool: Pool, portal: BlockingPortal) -> Iterator[tuple[World, Asker]]:
    """Yield the world of one service and who asks it."""
    with portal.wrap_async_context_manager(OPENERS[room](pool)) as world, asking(world, portal) as asker:
        yield world, asker


@pytest.fixture(scope="module")
def coder_world(contract_pool: Pool, portal: BlockingPortal) -> Iterator[tuple[World, Asker]]:
    """The coder service."""
    yield from open_world("coder", contract_pool, portal)


@pytest.fixture(scope="module")
def claims_world(contract_pool: Pool, portal: BlockingPortal) -> Iterator[tuple[World, Asker]]:
    """The claims service."""
    yield from open_world("claims", contract_pool, portal)


@pytest.fixture(scope="module")
def ingest_world(contract_pool: Pool, portal: BlockingPortal) -> Iterator[tuple[World, Asker]]:
    """The ingest service."""
    yield from open_world("ingest", contract_pool, portal)
