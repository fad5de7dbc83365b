"""`chartline demo`: one simulated hospital day, from FHIR events to answered claims, on this machine.

It stands outside the services as a hospital, coders, a biller and an operator do: it sends to Kafka, calls the APIs of
the queue and of denials, and reads the ledger. Invariant: it ends only when everything has an outcome or when nothing
has moved for a while.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from services.ledger import Ledger, read_ledger
from services.local.broker import BrokerKind, choose_broker
from services.local.errors import LocalStackError
from services.local.outcome import Expected, Outcome
from services.local.progress import Steps
from services.local.remembered import recall, remember
from services.local.stack import Stack, is_external, open_stack
from services.local.state import StateFolder
from services.simulators.biller import SimulatedBiller
from services.simulators.coder import SimulatedCoder
from services.simulators.events import Event, read_events
from services.simulators.hospital import read_reasons, simulate_population, write_day
from services.simulators.issuer import BILLER
from services.simulators.replay import send_events
from shared.kafka.producer import open_producer

CODERS = 4
STALLED_SECONDS = 120.0
"""Without any change for so long, the demo says what is left instead of waiting on."""
RESTING_SECONDS = 10.0
"""The same, when nothing is on its way and no chart waits for the engine or a coder."""
LOOK_SECONDS = 0.5
CHARTS_LEFT = 6
"""What is left in the queue for whoever tries the workbench."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the command line asks for. `keep` goes on with the data of the demo before, with another day."""

    charts: int
    events_per_second: float | None
    broker: BrokerKind | None
    seed: int | None
    keep: bool
    port: int


@asynccontextmanager
async def run_demo(state: StateFolder, options: DemoOptions, steps: Steps) -> AsyncIterator[tuple[Stack, Outcome]]:
    """Run the day to its end; the stack stays up while the block runs.

    Raises LocalStackError or ChildFailed, possibly in an ExceptionGroup, when a part cannot run.
    """
    kind = choose_broker(options.broker)
    empty = not (options.keep or is_external(kind))
    if kind is BrokerKind.EPHEMERAL and not empty:
        raise LocalStackError("the in-memory broker starts empty, so the database must too: leave out --keep")
    seed = options.seed if options.seed is not None else _next_seed(state, empty)
    simulation = asyncio.create_task(simulate_day(options.charts, seed, state, steps))
    try:
        async with open_stack(state, kind, empty=empty, coders=CODERS, steps=steps, queue_port=options.port) as stack:
            day = await simulation
            remember(state.seed, str(seed))
            yield stack, await run_day(stack, day, steps, events_per_second=options.events_per_second)
    finally:
        simulation.cancel()
        await asyncio.gather(simulation, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Day:
    """What a hospital sends in a day: events in order, the number of charts, the reason for each visit."""

    events: tuple[Event, ...]
    charts: int
    reasons: Mapping[str, str]


async def simulate_day(charts: int, seed: int, state: StateFolder, steps: Steps) -> Day:
    """Let the simulated hospital work for a day of so many charts; the same seed gives the same day."""
    with steps.step("Simulating a hospital"):
        population = await simulate_population(charts, seed, log=state.log_of("hospital"))
        written = await asyncio.to_thread(write_day, population, state.day, charts)
        reading = await asyncio.to_thread(read_events, state.day)
    return Day(reading.events, written, read_reasons(state.day))


async def run_day(stack: Stack, day: Day, steps: Steps, *, events_per_second: float | None = None) -> Outcome:
    """Send the day, have it coded and answered; returns when all is done or nothing has moved for a while."""
    before = await read_ledger(stack.postgres, stack.kafka)
    expected = Expected(before.totals["events_in"] + len(day.events), before.totals["charts"] + day.charts)
    stop = asyncio.Event()
    async with (
        httpx.AsyncClient(base_url=stack.urls["coder"], trust_env=False) as client,
        httpx.AsyncClient(base_url=stack.urls["claims"], trust_env=False) as claims,
        asyncio.TaskGroup() as work,
    ):
        work.create_task(SimulatedBiller(claims, stack.tokens[BILLER]).work(stop))
        for token in (token for name, token in stack.tokens.items() if name != BILLER):
            work.create_task(SimulatedCoder(client, token, day.reasons).work(stop))
        try:
            await _send_day(stack, day, events_per_second, steps)
            return await _await_end(stack, expected, before, steps)
        finally:
            stop.set()


async def leave_charts(stack: Stack, state: StateFolder, steps: Steps) -> int:
    """Send the next day's first charts, which no simulated coder takes; returns how many wait for the user."""
    seed = int(recall(state.seed) or 0) + 1
    day = await simulate_day(CHARTS_LEFT, seed, state, steps)
    remember(state.seed, str(seed))
    await _send_day(stack, day, None, steps)
    with steps.step("Suggesting codes for charts that are yours", day.charts) as waiting:
        for _ in range(int(STALLED_SECONDS / LOOK_SECONDS)):
            opened = (await read_ledger(stack.postgres, stack.kafka)).work_items.get("open", 0)
            waiting(opened)
            if opened >= day.charts:
                break
            await asyncio.sleep(LOOK_SECONDS)
    return opened


async def _send_day(stack: Stack, day: Day, events_per_second: float | None, steps: Steps) -> None:
    async with open_producer(stack.kafka) as producer:
        with steps.step("Streaming FHIR events into Kafka", len(day.events)) as advance:
            await send_events(producer, day.events, events_per_second=events_per_second, advance=advance)


async def _await_end(stack: Stack, expected: Expected, before: Ledger, steps: Steps) -> Outcome:
    charts = expected.charts - before.totals["charts"]
    completed_before = before.work_items.get("completed", 0)
    moved_at, last_seen = time.monotonic(), before
    with steps.step("Coding charts", charts) as coded, steps.step("Having claims answered", charts) as answered:
        while True:
            ledger = await read_ledger(stack.postgres, stack.kafka)
            coded(ledger.work_items.get("completed", 0) - completed_before)
            answered(ledger.totals["claims_answered"] - before.totals["claims_answered"])
            outcome = Outcome(ledger, expected)
            if ledger != last_seen:
                moved_at, last_seen = time.monotonic(), ledger
            patience = RESTING_SECONDS if ledger.at_rest and not outcome.unfinished else STALLED_SECONDS
            if outcome.complete or time.monotonic() - moved_at > patience:
                return outcome
            await asyncio.sleep(LOOK_SECONDS)


def _next_seed(state: StateFolder, empty: bool) -> int:
    """The first day again for a fresh start, else the day after the last one."""
    return 1 if empty else int(recall(state.seed) or 0) + 1
