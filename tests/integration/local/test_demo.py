"""The demo as a newcomer runs it: a process of its own, from events to answered claims, and nothing left behind."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import psutil
import pytest

DEMO = (sys.executable, "-m", "services.cli", "demo", "--charts", "4", "--seed", "1", "--exit", "--json", "--port", "0")

pytestmark = pytest.mark.usefixtures("kafka_bootstrap")


async def start_demo(state: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *DEMO, "--state", str(state), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )


def is_over(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


async def test_a_day_goes_through_and_everything_is_accounted_for(stack_folder: Path) -> None:
    demo = await start_demo(stack_folder / "demo")
    output, said = await demo.communicate()

    assert demo.returncode == 0, said.decode()
    result = json.loads(output.decode().splitlines()[-1])
    assert result["charts"] == result["claims_delivered"] == 4
    fates = [result[f"claims_{fate}"] for fate in ("accepted", "paid", "denied", "replaced")]
    assert fates == [3, 2, 1, 1]
    assert result["decisions"] >= 4
    assert result["events_in"] > 100
    assert result["ledger_balanced"] is True
    assert b"what is left" in said


@pytest.mark.parametrize("interrupt", [signal.SIGTERM, signal.SIGINT])
async def test_an_interrupted_demo_leaves_no_process(stack_folder: Path, interrupt: signal.Signals) -> None:
    demo = await start_demo(stack_folder / "interrupted")
    assert demo.stderr is not None
    children: list[psutil.Process] = []
    async for line in demo.stderr:
        if b"Starting ingest" in line:
            children = psutil.Process(demo.pid).children(recursive=True)
            demo.send_signal(interrupt)
            break
    _, said = await demo.communicate()

    assert demo.returncode == 130, said.decode()
    assert b"everything is stopped" in said
    assert children
    assert all(is_over(child) for child in children)


async def test_a_state_folder_in_use_is_refused(stack_folder: Path) -> None:
    first = await start_demo(stack_folder / "shared")
    assert first.stderr is not None
    await first.stderr.readline()
    second = await start_demo(stack_folder / "shared")
    _, said = await second.communicate()
    first.send_signal(signal.SIGTERM)
    await first.communicate()

    assert second.returncode == 1
    assert f"in use by process {first.pid}" in " ".join(said.decode().split())
