"""How many Bundles a second one lane delivers to a payer on this machine, and what an outage of the payer leaves.

    python -m bench.delivery [--claims 3000] [--outage 10000] [--json]

Claims are stored as preparation leaves them: queued, with a Bundle of about 16 kB. A lane as the service runs it leases
them, posts them over HTTP/1.1 and records attempts and answers in a PostgreSQL that writes through to the disk; the
payer (`bench/delivery_payer.py`) is a process of its own that costs next to nothing. Then 10,000 claims are queued
while the payer is away, and it comes back. `duplicates` are Bundles that the payer got more than once, `lost` are
claims that it never got or whose answer is not on the record. The last line with `--json` is one object.
"""

import argparse
import asyncio
import json
import random
import socket
import string
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.request import urlopen
from uuid import UUID, uuid4

from pydantic import AnyHttpUrl, SecretStr

from services.claims import MIGRATION_PACKAGES, SCHEMA
from services.claims.breaker import Breaker, BreakerTerms
from services.claims.claim import Channel, PayerId
from services.claims.fhir_channel import open_fhir_channel
from services.claims.lanes import Lane
from services.claims.payers import PayerLimits, PayerProfile
from services.claims.schedule import ScheduleStep
from services.claims.service import AnswerService, SendingService
from services.claims.settings import ClaimsOptions
from services.local.postgres import open_postgres
from shared.fhir import systems
from shared.postgres.migrate import migrate
from shared.postgres.pool import Pool, open_pool
from shared.postgres.settings import PostgresSettings

PAYER = PayerId("local")
BUNDLE_BYTES = 16_000
IN_FLIGHT = 32
OUTAGE_SECONDS = 5.0
INSERT = f"""
with chart as (
    insert into {SCHEMA}.chart (chart_id, coding_version) select claim_id, 1 from unnest($1::uuid[]) as new (claim_id)
),
coding as (
    insert into {SCHEMA}.coding (chart_id, coding_version, chart_version, claim_sha256, event)
    select claim_id, 1, 1, '', '' from unnest($1::uuid[]) as new (claim_id)
)
insert into {SCHEMA}.claim (claim_id, chart_id, coding_version, payer_id, state, channel, endpoint, bundle,
                            bundle_sha256, queued_at, deadline_at, next_attempt_at)
select claim_id, claim_id, 1, $2, 'queued', 'fhir', $3, bundle, '', now(), now() + interval '3 days', now()
from unnest($1::uuid[], $4::bytea[]) as new (claim_id, bundle)
"""  # noqa: S608 - the schema is a constant


@dataclass(frozen=True, slots=True)
class Measured:
    """Results; `processor_ms_per_bundle` is of the lane's process alone, and does not depend on its neighbours."""

    bundles_per_second: float
    duplicates: int
    lost: int
    processor_ms_per_bundle: float
    outage_bundles_per_second: float
    outage_duplicates: int
    outage_lost: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """One round of deliveries."""

    per_second: float
    duplicates: int
    lost: int
    processor_ms: float


def make_bundle(claim_id: UUID, text: str) -> bytes:
    """A Bundle of the size of one with a report; only its identifier matters to the payer."""
    identifier = {"system": systems.CLAIM_IDENTIFIER, "value": str(claim_id)}
    report = {"resourceType": "DiagnosticReport", "id": "report", "status": "final", "conclusion": text}
    bundle = {"resourceType": "Bundle", "identifier": identifier, "type": "collection", "entry": [{"resource": report}]}
    return json.dumps(bundle, separators=(",", ":")).encode()


async def queue_claims(pool: Pool, count: int, endpoint: str) -> None:
    """Store claims as preparation leaves them."""
    pick = random.Random(1)  # noqa: S311 - no secret
    text = "".join(pick.choices(string.ascii_lowercase + " ", k=BUNDLE_BYTES))
    for begin in range(0, count, 500):
        ids = [uuid4() for _ in range(min(500, count - begin))]
        await pool.execute(INSERT, ids, PAYER, endpoint, [make_bundle(claim_id, text) for claim_id in ids])


@asynccontextmanager
async def serving_payer(port: int) -> AsyncIterator[None]:
    """Run the payer in a process of its own."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.delivery_payer", str(port))
    try:
        while not await asyncio.to_thread(_is_listening, port):
            await asyncio.sleep(0.05)
        yield
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def running_lane(pool: Pool, profile: PayerProfile) -> AsyncIterator[None]:
    """Run the payer's lane, as the service does."""
    options = ClaimsOptions(payers={PAYER: profile}, default_payer=PAYER)
    sending = SendingService(pool, SCHEMA, options, AnswerService(pool, SCHEMA))
    lane = Lane(
        PAYER,
        profile,
        sending,
        open_fhir_channel,
        Breaker(profile.breaker),
        idle_seconds=options.idle_seconds,
        lease_seconds=options.lease_seconds,
        drain_seconds=5.0,
    )
    stop = asyncio.Event()
    task = asyncio.create_task(lane.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def deliver(pool: Pool, count: int, profile: PayerProfile, *, outage_seconds: float) -> Delivered:
    """Queue claims and let the lane deliver them; with an outage the payer comes only after it."""
    await pool.execute(f"truncate {SCHEMA}.chart cascade")
    await queue_claims(pool, count, profile.submit_url or "")
    port = profile.endpoint.port if profile.endpoint else None
    assert port
    async with running_lane(pool, profile) if outage_seconds else _nothing():
        await asyncio.sleep(outage_seconds)
        async with serving_payer(port), _nothing() if outage_seconds else running_lane(pool, profile):
            began, processor = time.perf_counter(), time.process_time()
            while await _count_waiting(pool):
                await asyncio.sleep(0.1)
            seconds, processor = time.perf_counter() - began, time.process_time() - processor
            received = await asyncio.to_thread(_read_counts, port)
    accepted = await pool.fetchval(f"select count(*) from {SCHEMA}.claim where state = 'accepted'")  # noqa: S608
    return Delivered(
        per_second=count / seconds,
        duplicates=received["bundles"] - received["identifiers"],
        lost=count - min(received["identifiers"], accepted),
        processor_ms=processor / count * 1000,
    )


async def run_bench(claims: int, outage: int, root: Path) -> Measured:
    """Start an empty PostgreSQL in a folder and measure both."""
    profile = PayerProfile(
        channel=Channel.FHIR,
        endpoint=AnyHttpUrl(f"http://127.0.0.1:{_unused_port()}/fhir"),
        limits=PayerLimits(max_in_flight=IN_FLIGHT),
        schedule=(ScheduleStep(until_age_seconds=1e9, wait_seconds=1.0),),
        breaker=BreakerTerms(open_seconds=0.5, longest_open_seconds=1.0),
    )
    async with open_postgres(root / "postgres", log=root / "postgres.log") as server:
        settings = PostgresSettings(dsn=SecretStr(server.dsn("postgres")))
        async with open_pool(settings, application_name="bench") as pool:
            await migrate(pool, schema=SCHEMA, packages=MIGRATION_PACKAGES)
            usual = await deliver(pool, claims, profile, outage_seconds=0.0)
            after = await deliver(pool, outage, profile, outage_seconds=OUTAGE_SECONDS)
    return Measured(
        bundles_per_second=round(usual.per_second, 1),
        duplicates=usual.duplicates,
        lost=usual.lost,
        processor_ms_per_bundle=round(usual.processor_ms, 2),
        outage_bundles_per_second=round(after.per_second, 1),
        outage_duplicates=after.duplicates,
        outage_lost=after.lost,
    )


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield


async def _count_waiting(pool: Pool) -> int:
    waiting = await pool.fetchval(
        f"select count(*) from {SCHEMA}.claim where next_attempt_at is not null"  # noqa: S608 - a constant
    )
    return int(waiting)


def _unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _read_counts(port: int) -> dict[str, int]:
    with urlopen(f"http://127.0.0.1:{port}/counts") as answer:
        counts: dict[str, int] = json.load(answer)
        return counts


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--claims", type=int, default=3000)
    parser.add_argument("--outage", type=int, default=10_000, help="claims that wait for a payer that is away")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chartline-bench-") as folder:
        root = Path(folder)
        root.chmod(0o711)  # PostgreSQL's own account must enter it.
        measured = asyncio.run(run_bench(arguments.claims, arguments.outage, root))
    for name, value in asdict(measured).items():
        print(f"{name:28} {value:>12}")
    if arguments.json:
        print(json.dumps(asdict(measured)))


if __name__ == "__main__":
    main()
