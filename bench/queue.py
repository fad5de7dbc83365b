"""How long coders wait for their next chart, with ten thousand and with a million open ones.

    python bench/queue.py [--items 1000000] [--coders 200] [--seconds 20] [--json]

An embedded PostgreSQL holds the queue: open charts over the lanes of a hospital group (services, specialties,
facilities), a few of them restricted. Coders have specialties and facilities assigned, some work on everything. Each
coder is a caller of its own, with one request at a time: it leases the next chart through the use case, thinks, and
gives the chart back or goes on. `lease_next_p50_ms` and `lease_next_p99_ms` are what a caller waits, the line before
the database included, while all coders together ask `--rate` times a second, far more than people do. `burst_p99_ms`
is the wait when all of them ask at the same moment. `p99_ratio_to_10k` compares with the same run over 10,000 charts.
"""

import argparse
import asyncio
import json
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import asyncpg
from pydantic import SecretStr

from bench.queue_items import fill_queue
from services.coder import MIGRATION_PACKAGES, SCHEMA
from services.coder.reach import Reach
from services.coder.service.queue import Queue
from services.coder.work_item import Lease
from services.local.postgres import PostgresServer, open_postgres
from shared.postgres.migrate import migrate
from shared.postgres.pool import Pool, open_pool
from shared.postgres.settings import PostgresSettings

SMALL = 10_000


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds that a caller waited; `asked_per_second` is what all coders were to ask."""

    items: int
    coders: int
    asked_per_second: float
    leases_per_second: float
    lease_next_p50_ms: float
    lease_next_p99_ms: float
    burst_p99_ms: float


@asynccontextmanager
async def open_queue(server: PostgresServer, items: int, coders: int) -> AsyncIterator[Pool]:
    """A database with so many open charts, analysed as a running one is."""
    name = f"queue_{items}"
    maintenance = await asyncpg.connect(server.dsn("postgres"))
    await maintenance.execute(f"create database {name}")
    await maintenance.close()
    settings = PostgresSettings(dsn=SecretStr(server.dsn(name)), command_timeout_seconds=600)
    async with open_pool(settings, application_name="bench-queue") as pool:
        await migrate(pool, schema=SCHEMA, packages=MIGRATION_PACKAGES)
        await fill_queue(pool, items, coders)
        yield pool


@dataclass(slots=True)
class Coder:
    """A caller of its own: one request at a time, and what it waited for each."""

    queue: Queue
    subject: str
    waits: list[float] = field(default_factory=list)
    lease: Lease | None = None

    async def lease_next(self) -> None:
        """Take the next chart, and note the wait."""
        began = time.perf_counter()
        self.lease = await self.queue.lease_next(self.subject, Reach())
        self.waits.append((time.perf_counter() - began) * 1000)

    async def put_down(self) -> None:
        """Be done with a chart; every second one goes back, as released charts do."""
        if self.lease and len(self.waits) % 2:
            await self.queue.release(self.lease.work_item_id, self.lease.token, self.subject)
        self.lease = None

    async def work(self, until: float, think_seconds: float) -> None:
        """Think, put down, lease, until the time is over."""
        pick = random.Random(self.subject)  # noqa: S311 - no secret
        think = pick.random() * think_seconds
        while (left := until - time.perf_counter()) > think:
            await asyncio.sleep(think)
            await self.put_down()
            await self.lease_next()
            think = pick.expovariate(1 / think_seconds)
        await asyncio.sleep(left)


async def measure(pool: Pool, items: int, coders: int, *, seconds: float, rate: float) -> Measured:
    """Let all coders work, after a while to warm up, and then ask all at once a few times."""
    queue = Queue(pool, lease_seconds=900)
    people = [Coder(queue, f"coder-{number}") for number in range(coders)]

    async def work(for_seconds: float) -> list[float]:
        until = time.perf_counter() + for_seconds
        await asyncio.gather(*(each.work(until, coders / rate) for each in people))
        return take_waits(people)

    await work(seconds / 4)
    waits = await work(seconds)
    bursts: list[float] = []
    for _ in range(5):
        await asyncio.gather(*(each.lease_next() for each in people))
        await asyncio.gather(*(each.put_down() for each in people))
        bursts += take_waits(people)
    return Measured(
        items=items,
        coders=coders,
        asked_per_second=rate,
        leases_per_second=round(len(waits) / seconds, 1),
        lease_next_p50_ms=round(statistics.median(waits), 2),
        lease_next_p99_ms=round(percentile(waits, 99), 2),
        burst_p99_ms=round(percentile(bursts, 99), 2),
    )


def take_waits(people: Sequence[Coder]) -> list[float]:
    """Collect what all coders waited, and begin anew."""
    waits = [wait for each in people for wait in each.waits]
    for each in people:
        each.waits.clear()
    return waits


def percentile(values: Sequence[float], percent: int) -> float:
    """The value below which so many percent lie."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


async def run(folder: Path, items: int, coders: int, *, seconds: float, rate: float) -> list[Measured]:
    """Measure with 10,000 charts and with `items`, in one server."""
    measured = []
    async with open_postgres(folder / "postgres", log=folder / "postgres.log") as server:
        for size in (SMALL, items):
            async with open_queue(server, size, coders) as pool:
                measured.append(await measure(pool, size, coders, seconds=seconds, rate=rate))
    return measured


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that the server's own account can enter."""
    folder = Path(tempfile.mkdtemp(prefix="chartline-bench-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--coders", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second of all coders together")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    options = parser.parse_args()
    with open_folder() as folder:
        work = run(folder, options.items, options.coders, seconds=options.seconds, rate=options.rate)
        small, large = asyncio.run(work)
    for name in Measured.__slots__:
        print(f"{name:22}{getattr(small, name):>14,}{getattr(large, name):>14,}")
    ratio = round(large.lease_next_p99_ms / small.lease_next_p99_ms, 2)
    print(f"{'p99_ratio_to_10k':22}{ratio:>28,}")
    if options.json:
        print(json.dumps({**asdict(large), "p99_ratio_to_10k": ratio}))


if __name__ == "__main__":
    main()
