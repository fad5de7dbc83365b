"""Child processes of the local stack: PostgreSQL, Kafka and the services.

Invariant: every child that was started is stopped and reaped, also when this process is killed: the kernel then sends
the child its stop signal (on Linux). Children run in sessions of their own, so that Ctrl-C reaches this process alone,
which stops them in order.
"""

import asyncio
import ctypes
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from services.local.errors import ChildFailed

TAIL_LINES = 15
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system account that a child runs as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """What to run. `environment` is added to ours; output goes to the end of `log`."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 10.0


class Child:
    """One running child process."""

    def __init__(self, spec: ChildSpec, process: asyncio.subprocess.Process) -> None:
        self.spec = spec
        self._process = process

    @classmethod
    async def start(cls, spec: ChildSpec) -> "Child":
        """Start `spec`; returns at once, before the child is ready."""
        spec.log.parent.mkdir(parents=True, exist_ok=True)
        account = spec.account
        with spec.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *spec.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, **spec.environment},
                cwd="/",
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                preexec_fn=lambda: _die_with_parent(spec.stop_signal),
            )
        return cls(spec, process)

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its process group."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for the end and return the exit code."""
        return await self._process.wait()

    async def stop(self) -> int:
        """Ask it to stop, kill it and its group when it has not within its grace; returns the exit code."""
        if self.exit_code is None:
            self._send(self.spec.stop_signal)
            try:
                await asyncio.wait_for(self._process.wait(), self.spec.grace_seconds)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    os.killpg(self.pid, signal.SIGKILL)
        return await self._process.wait()

    def _send(self, signal_number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(signal_number)

    async def wait_until(self, ready: Callable[[], Awaitable[bool]], *, timeout_seconds: float) -> None:
        """Poll `ready` until it is true; raises ChildFailed when the child ends first or takes too long."""
        deadline = time.monotonic() + timeout_seconds
        while not await ready():
            if self.exit_code is not None:
                raise self.failure(f"{self.spec.name} ended with exit code {self.exit_code} before it was ready")
            if time.monotonic() > deadline:
                raise self.failure(f"{self.spec.name} was not ready after {timeout_seconds:.0f} seconds")
            await asyncio.sleep(0.02)

    def failure(self, what: str) -> ChildFailed:
        """The error that says `what` happened, where the log is, and how it ended."""
        return ChildFailed(f"{what}; its log is {self.spec.log}", log=self.spec.log, log_tail=read_tail(self.spec.log))


def read_tail(log: Path, lines: int = TAIL_LINES) -> tuple[str, ...]:
    """The last `lines` lines of a log, fewer when it is shorter or missing."""
    with suppress(OSError):
        return tuple(log.read_text(errors="replace").splitlines()[-lines:])
    return ()


def pick_free_port(preferred: int | None = None) -> int:
    """Return `preferred` when nothing listens on it on loopback, else a port that the kernel chose."""
    return pick_free_ports(1, preferred=preferred)[0]


def pick_free_ports(count: int, *, preferred: int | None = None) -> list[int]:
    """Return `count` different free ports of 127.0.0.1; the first is `preferred` when nothing listens there."""
    with ExitStack() as probes:
        first = [_bind(probes, preferred)] if preferred else []
        ports = [port for port in first if port is not None]
        while len(ports) < count:
            port = _bind(probes, 0)
            if port is None:
                raise OSError("no free port on 127.0.0.1")
            ports.append(port)
    return ports


def _bind(probes: ExitStack, port: int) -> int | None:
    probe = probes.enter_context(socket.socket())
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with suppress(OSError):
        probe.bind(("127.0.0.1", port))
        return int(probe.getsockname()[1])
    return None


async def is_listening(port: int) -> bool:
    """Whether something accepts connections on `port` of 127.0.0.1."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


def _die_with_parent(stop_signal: signal.Signals) -> None:
    # Runs in the child between fork and exec; the library was loaded before, so that nothing is allocated here.
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(stop_signal))
