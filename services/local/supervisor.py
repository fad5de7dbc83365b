"""Keeps the services of the local stack running: a child that ends is started again.

Invariant: leaving `supervise` stops every child. A child that cannot stay up ends everything with its log's last lines.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.local.process import Child, ChildSpec

START_TIMEOUT_SECONDS = 120.0
STEADY_SECONDS = 5.0
"""A child that ran so long after a start is well; what ends it then is a new misfortune."""
STARTS_IN_A_ROW = 5


@dataclass(frozen=True, slots=True)
class Service:
    """A child and the question whether it is ready."""

    spec: ChildSpec
    is_ready: Callable[[], Awaitable[bool]]


class Supervisor:
    """The running children by name."""

    def __init__(self) -> None:
        self.children: dict[str, Child] = {}
        self.restarts = 0

    async def keep_running(self, service: Service, started: asyncio.Event) -> None:
        """Run `service` for ever; sets `started` once it is ready. Raises ChildFailed when it cannot stay up."""
        failures = 0
        while True:
            child = await Child.start(service.spec)
            self.children[service.spec.name] = child
            began = time.monotonic()
            try:
                if not started.is_set():
                    await child.wait_until(service.is_ready, timeout_seconds=START_TIMEOUT_SECONDS)
                    started.set()
                await child.wait()
            finally:
                await child.stop()
            failures = 1 if time.monotonic() - began > STEADY_SECONDS else failures + 1
            if failures >= STARTS_IN_A_ROW:
                raise child.failure(f"{service.spec.name} ended {failures} times in a row")
            self.restarts += 1
            await asyncio.sleep(0.2 * failures)


@asynccontextmanager
async def supervise(services: Sequence[Service]) -> AsyncIterator[Supervisor]:
    """Run `services`, ready when this is entered. Errors come as an ExceptionGroup of ChildFailed."""
    supervisor = Supervisor()
    async with asyncio.TaskGroup() as group:
        started = [asyncio.Event() for _ in services]
        tasks = [
            group.create_task(supervisor.keep_running(service, event))
            for service, event in zip(services, started, strict=True)
        ]
        for event in started:
            await event.wait()
        yield supervisor
        for task in tasks:
            task.cancel()
