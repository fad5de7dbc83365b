"""A service that is told to end finishes what it has in hand and is gone within ten seconds, while the day goes on."""

import asyncio
import os
import signal

from services.local.demo import Day, run_day
from services.local.process import Child
from services.local.progress import Steps
from services.local.stack import Stack
from services.local.state import StateFolder
from tests.chaos.conftest import open_apache_stack

LONGEST_DRAIN_SECONDS = 10.0


async def end_each(stack: Stack) -> list[int | None]:
    """Send SIGTERM to each service in turn; returns how each ended. The supervisor starts it again."""
    return [await end(stack.supervisor.children[name]) for name in ("ingest", "coder", "claims")]


async def end(child: Child) -> int | None:
    """Ask for the end and wait for it; raises TimeoutError when the drain takes too long."""
    os.kill(child.pid, signal.SIGTERM)
    async with asyncio.timeout(LONGEST_DRAIN_SECONDS):
        while child.exit_code is None:
            await asyncio.sleep(0.05)
    return child.exit_code


async def test_every_service_drains_in_time_and_nothing_is_lost(state: StateFolder, day: Day, steps: Steps) -> None:
    async with open_apache_stack(state, steps) as stack:
        running = asyncio.create_task(run_day(stack, day, steps, events_per_second=100.0))
        await asyncio.sleep(3)
        ended = await end_each(stack)
        outcome = await running
    assert all(code in (0, -signal.SIGTERM) for code in ended), ended
    assert outcome.unaccounted == ()
