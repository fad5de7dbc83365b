"""How fast events become work for coders, with broker, database and all services on this machine.

`python -m bench.pipeline --json` prints `events_per_second, charts_per_second, event_to_queue_p99_ms,
cpu_seconds_per_1000_charts`. Two runs on one stack: a flood, which measures rates and processor time, and a steady
feed, which measures how long a chart takes from its last event to the queue.
"""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import asyncpg
import psutil
from aiokafka import AIOKafkaProducer
from rich.console import Console
from rich.table import Table

from services.local.broker import choose_broker
from services.local.demo import simulate_day
from services.local.progress import Steps, show_steps
from services.local.stack import Stack, open_stack
from services.local.state import hold_state
from services.simulators.events import Event
from services.simulators.replay import send_events
from shared.contracts.topics import Topic
from shared.kafka.producer import open_producer
from shared.postgres.pool import Connection

DAY_CHARTS = 40
CHART_TOPICS = (Topic.FHIR_ENCOUNTER, Topic.FHIR_DIAGNOSTIC_REPORT)


@dataclass(frozen=True, slots=True)
class Result:
    """Rates are of the flood, the latency is of the steady feed, in milliseconds."""

    events: int
    charts: int
    events_per_second: float
    charts_per_second: float
    event_to_queue_p50_ms: float
    event_to_queue_p99_ms: float
    cpu_seconds_per_1000_charts: float


def copy_day(events: Sequence[Event], number: int) -> list[Event]:
    """The same day of other patients: every id gets a suffix, in its resource and in what refers to it."""
    ids = sorted({json.loads(event.value)["id"] for event in events}, key=len, reverse=True)
    copies = []
    for event in events:
        value = event.value
        for found in ids:
            value = value.replace(b'"%s"' % found.encode(), b'"%s-%d"' % (found.encode(), number))
            value = value.replace(b'/%s"' % found.encode(), b'/%s-%d"' % (found.encode(), number))
        key = event.key and b"%s-%d" % (event.key, number)
        copies.append(replace(event, key=key, value=value))
    return copies


class Bench:
    """One running stack under load."""

    def __init__(self, stack: Stack, producer: AIOKafkaProducer, database: Connection) -> None:
        self._stack = stack
        self._producer = producer
        self._database = database

    async def flood(self, events: Sequence[Event], charts: int, steps: Steps) -> tuple[float, float, float]:
        """Send all at once; returns events a second, charts a second, processor seconds per 1,000 charts."""
        seen, queued = await self._count_events(), await self._count_queued()
        processor, began = self._read_processor(), time.perf_counter()
        sending = asyncio.create_task(send_events(self._producer, events))
        with steps.step("Flood: events", len(events)) as advance:
            while (count := await self._count_events() - seen) < len(events):
                advance(count)
                await asyncio.sleep(0.05)
        events_per_second = len(events) / (time.perf_counter() - began)
        with steps.step("Flood: charts in the queue", charts) as advance:
            while (count := await self._count_queued() - queued) < charts:
                advance(count)
                await asyncio.sleep(0.05)
        charts_per_second = charts / (time.perf_counter() - began)
        await sending
        return events_per_second, charts_per_second, (self._read_processor() - processor) / charts * 1000

    async def feed(self, events: Sequence[Event], charts: int, pace: float, steps: Steps) -> list[float]:
        """Send at `pace` events a second; returns per chart the milliseconds from its last event to the queue."""
        queued, last_sent = await self._count_queued(), dict[str, float]()
        with steps.step("Steady feed", len(events)) as advance:
            began = time.time()
            for number, event in enumerate(events):
                await asyncio.sleep(max(0.0, began + number / pace - time.time()))
                await self._producer.send_and_wait(event.topic, key=event.key, value=event.value)
                if event.topic in CHART_TOPICS and event.key:
                    last_sent[event.key.decode()] = time.time()
                advance(1)
        while await self._count_queued() - queued < charts:
            await asyncio.sleep(0.1)
        opened = await self._read_opened(list(last_sent))
        return sorted((opened[key].timestamp() - last_sent[key]) * 1000 for key in last_sent if key in opened)

    async def _count_events(self) -> int:
        count = await self._database.fetchval(
            "select coalesce(sum(records_seen), 0) from ingest.inbox_progress where topic like 'fhir.%'"
        )
        return int(count)

    async def _count_queued(self) -> int:
        return int(await self._database.fetchval("select count(*) from coder.work_item where state = 'open'"))

    async def _read_opened(self, encounters: list[str]) -> dict[str, datetime]:
        rows = await self._database.fetch(
            "select encounter_id, changed_at from ingest.chart join coder.work_item using (chart_id)"
            " where work_item.state = 'open' and encounter_id = any($1::text[])",
            encounters,
        )
        return {row["encounter_id"]: row["changed_at"] for row in rows}

    def _read_processor(self) -> float:
        """Processor seconds of the three services and their worker processes."""
        total = 0.0
        for name in ("ingest", "coder", "claims"):
            service = psutil.Process(self._stack.supervisor.children[name].pid)
            for process in (service, *service.children(recursive=True)):
                spent = process.cpu_times()
                total += spent.user + spent.system
        return total


async def run_bench(copies: int, pace: float, steps: Steps) -> Result:
    """Start an empty stack, flood it with `copies` of a day, then feed it one more day at `pace` events a second."""
    with _open_folder() as root, hold_state(root) as state:
        day = await simulate_day(DAY_CHARTS, 1, state, steps)
        events = [event for number in range(copies) for event in copy_day(day.events, number)]
        charts = copies * day.charts
        async with (
            open_stack(state, choose_broker(), empty=True, coders=1, steps=steps) as stack,
            open_producer(stack.kafka) as producer,
        ):
            database = await asyncpg.connect(stack.postgres.dsn.get_secret_value())
            bench = Bench(stack, producer, database)
            events_per_second, charts_per_second, processor = await bench.flood(events, charts, steps)
            latencies = await bench.feed(copy_day(day.events, copies), day.charts, pace, steps)
            await database.close()
    return Result(
        events=len(events),
        charts=charts,
        events_per_second=round(events_per_second, 1),
        charts_per_second=round(charts_per_second, 1),
        event_to_queue_p50_ms=round(latencies[len(latencies) // 2], 1),
        event_to_queue_p99_ms=round(latencies[min(len(latencies) - 1, int(len(latencies) * 0.99))], 1),
        cpu_seconds_per_1000_charts=round(processor, 1),
    )


@contextmanager
def _open_folder() -> Iterator[Path]:
    """A temporary folder that PostgreSQL's own account can enter."""
    root = Path(tempfile.mkdtemp(prefix="chartline-bench-"))
    root.chmod(0o711)
    yield root
    shutil.rmtree(root, ignore_errors=True)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=20, help="how often the day of 40 charts is sent in the flood")
    parser.add_argument("--pace", type=float, default=50.0, help="events a second of the steady feed")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()
    with show_steps(Console(stderr=True)) as steps:
        result = asyncio.run(run_bench(arguments.copies, arguments.pace, steps))
    table = Table(title="Pipeline", show_header=False)
    for name, value in asdict(result).items():
        table.add_row(name, str(value))
    Console().print(table)
    if arguments.json:
        sys.stdout.write(json.dumps(asdict(result)) + "\n")


if __name__ == "__main__":
    main()
