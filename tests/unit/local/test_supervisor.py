import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from services.local.errors import ChildFailed
from services.local.process import ChildSpec
from services.local.supervisor import STARTS_IN_A_ROW, Service, supervise


def make_service(name: str, code: str, tmp_path: Path) -> Service:
    """A child that is ready once it has written a file of its name."""
    ready = tmp_path / f"{name}.ready"
    code = f"import pathlib, time\npathlib.Path({str(ready)!r}).touch()\n{code}"

    async def is_ready() -> bool:
        return ready.exists()

    return Service(ChildSpec(name=name, command=[sys.executable, "-c", code], log=tmp_path / f"{name}.log"), is_ready)


STAY = "while True: time.sleep(1)"


async def test_children_are_ready_inside_and_gone_after(tmp_path: Path) -> None:
    async with supervise([make_service("a", STAY, tmp_path), make_service("b", STAY, tmp_path)]) as supervisor:
        children = [supervisor.children[name] for name in ("a", "b")]
        assert [child.exit_code for child in children] == [None, None]

    assert [child.exit_code for child in children] == [-signal.SIGTERM, -signal.SIGTERM]


async def test_a_child_that_is_killed_is_started_again(tmp_path: Path) -> None:
    async with supervise([make_service("a", STAY, tmp_path)]) as supervisor:
        first = supervisor.children["a"]
        os.kill(first.pid, signal.SIGKILL)
        while supervisor.children["a"] is first:
            await asyncio.sleep(0.01)
        second = supervisor.children["a"]
        assert second.exit_code is None
        assert supervisor.restarts == 1

    assert second.exit_code is not None


async def test_a_child_that_cannot_stay_up_ends_everything(tmp_path: Path) -> None:
    services = [make_service("a", STAY, tmp_path), make_service("b", "print('no disk'); raise SystemExit(1)", tmp_path)]
    started = []

    async def run() -> None:
        async with supervise(services) as supervisor:
            started.append(supervisor.children["a"])
            await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup) as group:
        await run()

    failure = group.value.exceptions[0]
    assert isinstance(failure, ChildFailed)
    assert failure.log_tail[-1] == "no disk"
    assert all(child.exit_code is not None for child in started)
    assert (tmp_path / "b.log").read_text().count("no disk") in (1, STARTS_IN_A_ROW)
