"""Forward-only migrations: `migrations/NNNN_title.sql` of each package, applied once per schema, in order.

Invariant: a migration that ran is never changed; one whose text differs from what ran stops the start.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from shared.contracts.errors import ChartlineError
from shared.postgres.pool import Connection, Pool

_FILE = re.compile(r"^\d{4}_\w+\.sql$")
_LOCK_KEY = 4_201_977


class MigrationChanged(ChartlineError):
    """A migration that already ran has another text now."""

    code = "migration-changed"


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its package-qualified name, text with the schema filled in, and the hash of that text."""

    name: str
    text: str
    sha256: str


def read_migrations(package: str, schema: str) -> list[Migration]:
    """Read the migrations of one package in the order in which they apply."""
    folder = files(package) / "migrations"
    found = []
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if _FILE.match(file.name):
            text = file.read_text(encoding="utf-8").replace("{schema}", schema)
            found.append(Migration(f"{package}:{file.name}", text, hashlib.sha256(text.encode()).hexdigest()))
    return found


async def migrate(pool: Pool, *, schema: str, packages: Sequence[str]) -> list[str]:
    """Bring `schema` up to date and return the names that were applied; concurrent callers wait for one another."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", _LOCK_KEY)
        await connection.execute(f"create schema if not exists {schema}")
        await connection.execute(
            f"create table if not exists {schema}.schema_migration ("
            "name text primary key, sha256 text not null, applied_at timestamptz not null default now())"
        )
        ran = {row["name"]: row["sha256"] for row in await connection.fetch(f"select * from {schema}.schema_migration")}  # noqa: S608 - a schema's name is ours
        pending = [step for package in packages for step in read_migrations(package, schema)]
        return [step.name for step in pending if await _apply(connection, schema, step, ran)]


async def _apply(connection: Connection, schema: str, step: Migration, ran: dict[str, str]) -> bool:
    if step.name in ran:
        if ran[step.name] != step.sha256:
            raise MigrationChanged(f"{step.name} differs from what ran in schema {schema}; add a new migration instead")
        return False
    await connection.execute(step.text)
    await connection.execute(
        f"insert into {schema}.schema_migration (name, sha256) values ($1, $2)",  # noqa: S608 - a schema's name is ours
        step.name,
        step.sha256,
    )
    return True
