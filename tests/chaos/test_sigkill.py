"""A service killed in the middle of a day and started again loses nothing and sends no claim twice."""

import asyncio
import os
import signal

import asyncpg
import httpx
import pytest

from services.ledger.deep import find_unsettled
from services.ledger.ledger import Ledger, read_ledger
from services.local.demo import Day, run_day
from services.local.progress import Steps
from services.local.stack import Stack
from services.local.state import StateFolder
from tests.chaos.conftest import open_apache_stack

KILLS = 3
EVENTS_PER_SECOND = 60.0


def is_busy(service: str, ledger: Ledger) -> bool:
    """Whether `service` has begun its part of the day, so that a kill meets it at work."""
    totals = ledger.totals
    begun = {"ingest": totals["events_in"], "coder": totals["decisions"], "claims": totals["claims_delivered"]}
    return begun[service] > 0


async def kill_at_work(stack: Stack, service: str) -> int:
    """Kill `service` again and again once it is at work; returns how often."""
    while not is_busy(service, await read_ledger(stack.postgres, stack.kafka)):
        await asyncio.sleep(0.2)
    for _ in range(KILLS):
        child = stack.supervisor.children[service]
        os.kill(child.pid, signal.SIGKILL)
        while stack.supervisor.children[service] is child:
            await asyncio.sleep(0.05)
        await asyncio.sleep(2.5)
    return KILLS


@pytest.mark.parametrize("service", ["ingest", "coder", "claims"])
async def test_nothing_is_lost_and_no_claim_is_sent_twice(
    state: StateFolder, day: Day, steps: Steps, service: str
) -> None:
    async with open_apache_stack(state, steps) as stack:
        killing = asyncio.create_task(kill_at_work(stack, service))
        outcome = await run_day(stack, day, steps, events_per_second=EVENTS_PER_SECOND)
        assert await killing == KILLS
        unsettled = await find_unsettled(stack.postgres, stack.kafka)
        async with httpx.AsyncClient(base_url=stack.urls["payer"], trust_env=False) as payer:
            received = (await payer.get("/received")).json()
        sent = await count_sent(stack)
    totals = outcome.ledger.totals
    assert (outcome.unaccounted, unsettled) == ((), [])
    assert totals["claims_delivered"] == totals["charts"] == day.charts
    assert received["identifiers"] == sent
    assert received["effective_claims"] == totals["claims_accepted"]
    assert (received["altered"], received["unusable"], received["charts_billed_twice"]) == (0, 0, 0)


async def count_sent(stack: Stack) -> int:
    """Claims that were sent at least once; a report that came late makes a second claim, which replaces the first."""
    connection = await asyncpg.connect(stack.postgres.dsn.get_secret_value())
    try:
        return int(await connection.fetchval("select count(*) from claims.claim where attempts > 0"))
    finally:
        await connection.close()
