"""Measures loading an official file: `python -m bench.codesets_load KIND FILE... --json`, into an own PostgreSQL.

Wall-clock seconds from the file to the committed release, as `chartline codesets load` does it, with the processor
seconds of this process beside them: where other work is on the machine the first grow and the second hardly do. By
`--made-up-pairs N` the file is a made-up NCCI release of N pairs in four parts. `rss_mb` is the most memory that this
process ever had, of which `rss_mb_before` was there before the file was opened.
"""

import argparse
import asyncio
import json
import resource
import tempfile
import time
from datetime import date
from itertools import islice
from pathlib import Path

from pydantic import SecretStr

from services.codesets import MIGRATION_PACKAGES, SCHEMA
from services.local.postgres import open_postgres
from shared.codesets.kinds import KINDS
from shared.codesets.opening import read_release
from shared.codesets.pair_table import PairPacker, PairTable
from shared.codesets.store import list_releases, read_pairs, store_release
from shared.postgres.migrate import migrate
from shared.postgres.pool import Pool, open_pool
from shared.postgres.settings import PostgresSettings


async def load(kind_name: str, files: list[Path], folder: Path, *, excerpt: bool) -> dict[str, object]:
    """Load one release into a database in `folder` and say what it took."""
    kind = KINDS[kind_name]
    async with open_postgres(folder / "postgres", log=folder / "postgres.log") as server:
        settings = PostgresSettings(dsn=SecretStr(server.dsn("postgres")), pool_min_size=1)
        async with open_pool(settings, application_name="bench") as pool:
            await migrate(pool, schema=SCHEMA, packages=MIGRATION_PACKAGES)
            before = read_peak_mb()
            started, worked = time.perf_counter(), time.process_time()
            opened = read_release(kind, *files, excerpt=excerpt)
            read = time.perf_counter()
            async with pool.acquire() as connection, connection.transaction():
                await store_release(connection, kind, opened, date(2026, 1, 1), lambda done: None)
            ended, loaded = time.perf_counter(), time.process_time()
            return {
                "kind": kind_name,
                "entries": len(opened.reading.entries),
                "seconds": round(ended - started, 2),
                "of_which_reading": round(read - started, 2),
                "processor_seconds": round(loaded - worked, 2),
                "rss_mb_before": before,
                "rss_mb": read_peak_mb(),
                **(await serve_pairs(pool) if kind.read_parts else {}),
            }


async def serve_pairs(pool: Pool) -> dict[str, object]:
    """What the claims service pays for the release: once to pack it, then the packed table, and each look-up."""
    packer, worked = PairPacker(), time.process_time()
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        async for row in read_pairs(connection, (await list_releases(connection))[-1].release_id):
            packer.add(row)
    packed = packer.pack()
    packed_after = time.process_time() - worked
    table, asked = PairTable(packed), [(f"{number:05d}", f"{number + 9:05d}") for number in range(10_000, 60_000)]
    worked = time.process_time()
    for one, two in asked:
        table.find(one, two)
    return {
        "packing_processor_seconds": round(packed_after, 2),
        "packing_rss_mb": read_peak_mb(),
        "table_mb": round(len(packed) / 1e6, 1),
        "look_up_us": round((time.process_time() - worked) / len(asked) * 1e6, 2),
    }


def read_peak_mb() -> int:
    """The most memory that this process had so far, in MB; Linux counts it in KB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def write_pairs(folder: Path, pairs: int, parts: int = 4) -> list[Path]:
    """A made-up NCCI release in the official layout: ascending column 1, the last part in HCPCS Level II."""
    heading = "Notice\r\nColumn1/Column2 Edits\r\nColumn 1\r\n*=in existence\r\nEffective\r\nDeletion\r\n"
    codes = [*(f"{number:05d}" for number in range(10_000, 70_000, 12)), *(f"J{number:04d}" for number in range(500))]
    each = -(-pairs // len(codes))
    rows = (
        f"{code}\t{10_000 + (7 * at + number) % 89_999:05d}\t\t20200101\t{'*' if at % 5 else '20231231'}\t"
        f"{number % 2}\tStandards of a made-up practice, number {number % 9}\r\n"
        for at, code in enumerate(codes)
        for number in range(each)
    )
    paths = [folder / f"ccipra-v999r0-f{number}.TXT" for number in range(1, parts + 1)]
    for path in paths:
        with path.open("w", encoding="latin-1", newline="") as file:
            file.write(heading)
            file.writelines(islice(rows, -(-each * len(codes) // parts)))
    return paths


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--made-up-pairs", type=int, metavar="N", help="of kind ncci-ptp, instead of files")
    parser.add_argument("--excerpt", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)  # The server runs as a user of its own.
        files = write_pairs(folder, given.made_up_pairs) if given.made_up_pairs else given.files
        result = asyncio.run(load(given.kind, files, folder, excerpt=given.excerpt))
    print(json.dumps(result) if given.json else "\n".join(f"{name:>18}  {value}" for name, value in result.items()))


if __name__ == "__main__":
    main()
