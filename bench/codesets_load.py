"""Measures loading an official file: `python -m bench.codesets_load KIND FILE... --json`, into an own PostgreSQL.

Wall-clock seconds from the file to the committed release, as `chartline codesets load` does it, with the processor
seconds of this process beside them: where other work is on the machine the first grow and the second hardly do.
"""

import argparse
import asyncio
import json
import tempfile
import time
from datetime import date
from pathlib import Path

from pydantic import SecretStr

from services.codesets import MIGRATION_PACKAGES, SCHEMA
from services.local.postgres import open_postgres
from shared.codesets.kinds import KINDS
from shared.codesets.opening import read_release
from shared.codesets.store import store_release
from shared.postgres.migrate import migrate
from shared.postgres.pool import open_pool
from shared.postgres.settings import PostgresSettings


async def load(kind_name: str, files: list[Path], folder: Path, *, excerpt: bool) -> dict[str, object]:
    """Load one release into a database in `folder` and say what it took."""
    kind = KINDS[kind_name]
    async with open_postgres(folder / "postgres", log=folder / "postgres.log") as server:
        settings = PostgresSettings(dsn=SecretStr(server.dsn("postgres")), pool_min_size=1)
        async with open_pool(settings, application_name="bench") as pool:
            await migrate(pool, schema=SCHEMA, packages=MIGRATION_PACKAGES)
            started, worked = time.perf_counter(), time.process_time()
            opened = read_release(kind, *files, excerpt=excerpt)
            read = time.perf_counter()
            async with pool.acquire() as connection, connection.transaction():
                await store_release(connection, kind, opened, date(2026, 1, 1), lambda done: None)
            ended = time.perf_counter()
            return {
                "kind": kind_name,
                "entries": len(opened.reading.entries),
                "seconds": round(ended - started, 2),
                "of_which_reading": round(read - started, 2),
                "processor_seconds": round(time.process_time() - worked, 2),
            }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--excerpt", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)  # The server runs as a user of its own.
        result = asyncio.run(load(given.kind, given.files, folder, excerpt=given.excerpt))
    print(json.dumps(result) if given.json else "\n".join(f"{name:>18}  {value}" for name, value in result.items()))


if __name__ == "__main__":
    main()
