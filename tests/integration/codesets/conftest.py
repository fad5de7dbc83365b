"""A migrated schema of code sets, and a way to load made-up releases into it."""

from collections.abc import Awaitable, Callable
from datetime import date
from hashlib import sha256

import pytest

from shared.codesets.entry import SourceFile
from shared.codesets.kinds import KINDS
from shared.codesets.opening import Opened
from shared.codesets.store import MIGRATION_PACKAGES, SCHEMA, store_release
from shared.postgres.pool import Pool
from tests.conftest import PoolFor

Load = Callable[[str, bytes, date], Awaitable[bool]]


@pytest.fixture
async def codesets_pool(pool_for: PoolFor) -> Pool:
    """A pool on a fresh, migrated schema."""
    return await pool_for(SCHEMA, MIGRATION_PACKAGES)


@pytest.fixture
def load(codesets_pool: Pool) -> Load:
    """`await load(kind, content, effective)` reads and stores a release; False when it was there."""
    return load_into(codesets_pool)


def load_into(pool: Pool) -> Load:
    """The same for the database of a pool."""

    async def load_content(name: str, content: bytes, effective: date) -> bool:
        kind = KINDS[name]
        reading = kind.read_source(SourceFile("made-up.txt", content, excerpt=True))
        opened = Opened("made-up.txt", sha256(content).hexdigest(), reading)
        async with pool.acquire() as connection, connection.transaction():
            return await store_release(connection, kind, opened, effective, lambda done: None)

    return load_content
