import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from services.local.errors import ChildFailed
from services.local.process import Child, ChildSpec, is_listening, pick_free_port, pick_free_ports, read_tail

SLEEP_FOREVER = "import time\nwhile True: time.sleep(1)"


def python(code: str, tmp_path: Path, **changes: object) -> ChildSpec:
    spec = {"name": "child", "command": [sys.executable, "-c", code], "log": tmp_path / "logs" / "child.log", **changes}
    return ChildSpec(**spec)  # type: ignore[arg-type]  # keyword arguments with their own types


async def is_there(path: Path) -> bool:
    return path.exists()  # noqa: ASYNC240 - a look, not a read


async def test_output_goes_to_the_log_and_the_exit_code_is_told(tmp_path: Path) -> None:
    spec = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", tmp_path)
    child = await Child.start(spec)

    assert await child.wait() == 3
    assert sorted(read_tail(spec.log)) == ["err", "out"]


async def test_a_child_gets_our_environment_and_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OURS", "1")
    spec = python("import os; print(os.environ['OURS'], os.environ['ITS'])", tmp_path, environment={"ITS": "2"})
    await (await Child.start(spec)).wait()

    assert read_tail(spec.log) == ("1 2",)


async def test_stop_asks_first(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    code = "\n".join(
        [
            "import pathlib, signal, sys",
            "signal.signal(signal.SIGINT, lambda *_: sys.exit(7))",
            f"pathlib.Path({str(ready)!r}).touch()",
            SLEEP_FOREVER,
        ]
    )
    child = await Child.start(python(code, tmp_path, stop_signal=signal.SIGINT))
    await child.wait_until(lambda: is_there(ready), timeout_seconds=30)

    assert await child.stop() == 7
    assert await child.stop() == 7


async def test_a_child_that_does_not_listen_is_killed_with_its_own_children(tmp_path: Path) -> None:
    pid_file = tmp_path / "grandchild"
    code = "\n".join(
        [
            "import pathlib, signal, subprocess, sys",
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
            f"grandchild = subprocess.Popen([sys.executable, '-c', {SLEEP_FOREVER!r}])",
            f"pathlib.Path({str(pid_file)!r}).write_text(str(grandchild.pid))",
            SLEEP_FOREVER,
        ]
    )
    child = await Child.start(python(code, tmp_path, grace_seconds=0.2))
    await child.wait_until(lambda: is_there(pid_file), timeout_seconds=30)
    while not pid_file.read_text():
        await asyncio.sleep(0.01)
    grandchild = psutil.Process(int(pid_file.read_text()))

    assert await child.stop() == -signal.SIGKILL
    psutil.wait_procs([grandchild], timeout=10)
    assert not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel sends a signal at a parent's death on Linux only")
def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent_code = "\n".join(
        [
            "import asyncio, pathlib, sys, time",
            "from services.local.process import Child, ChildSpec",
            "async def main():",
            f"    command = [sys.executable, '-c', {SLEEP_FOREVER!r}]",
            f"    spec = ChildSpec(name='c', command=command, log=pathlib.Path({str(tmp_path / 'log')!r}))",
            "    child = await Child.start(spec)",
            "    print(child.pid, flush=True)",
            "    await child.wait()",
            "asyncio.run(main())",
        ]
    )
    with subprocess.Popen([sys.executable, "-c", parent_code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    psutil.wait_procs([child], timeout=10)

    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


async def test_waiting_for_a_child_that_ended_tells_its_last_lines(tmp_path: Path) -> None:
    spec = python("print('no such port'); raise SystemExit(2)", tmp_path)
    child = await Child.start(spec)

    with pytest.raises(ChildFailed, match="exit code 2") as failure:
        await child.wait_until(lambda: is_there(tmp_path / "never"), timeout_seconds=30)

    assert failure.value.log_tail == ("no such port",)
    assert str(spec.log) in failure.value.message


async def test_waiting_has_an_end(tmp_path: Path) -> None:
    child = await Child.start(python(SLEEP_FOREVER, tmp_path))

    with pytest.raises(ChildFailed, match="not ready"):
        await child.wait_until(lambda: is_there(tmp_path / "never"), timeout_seconds=0.1)

    assert await child.stop() == -signal.SIGTERM


async def test_a_child_does_not_get_the_terminal_s_interrupt(tmp_path: Path) -> None:
    child = await Child.start(python(SLEEP_FOREVER, tmp_path))
    try:
        assert os.getpgid(child.pid) == child.pid != os.getpgid(0)
    finally:
        await child.stop()


def test_read_tail_of_a_missing_log_is_empty(tmp_path: Path) -> None:
    assert read_tail(tmp_path / "none") == ()


async def test_a_preferred_port_is_taken_only_when_it_is_free() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert await is_listening(port)
        assert pick_free_port(port) != port
    assert not await is_listening(port)
    assert pick_free_port(port) == port


def test_ports_picked_together_differ() -> None:
    assert len(set(pick_free_ports(20))) == 20
