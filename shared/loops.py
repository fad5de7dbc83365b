"""The background loops of a service, beside its web server.

Invariant: no failure ends a loop; what failed begins again after a rest, and only `stop` is the end. At the end every
loop gets the drain time to finish what it has in hand, and is then cancelled.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

from shared.telemetry.logging import get_logger

Loop = Callable[[asyncio.Event], Awaitable[None]]
"""Works until the event is set."""
Round = Callable[[], Awaitable[int]]
"""Does one round of work and says how much that was."""

_log = get_logger(__name__)
_RESTART_SECONDS = 1.0


@asynccontextmanager
async def running(loops: Mapping[str, Loop], *, drain_seconds: float) -> AsyncIterator[None]:
    """Run the loops while the block runs."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(supervise(name, run, stop), name=name) for name, run in loops.items()]
    try:
        yield
    finally:
        stop.set()
        _, late = await asyncio.wait(tasks, timeout=drain_seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def supervise(name: str, run: Loop, stop: asyncio.Event) -> None:
    """Run a loop until `stop`, beginning again after every failure."""
    while not stop.is_set():
        try:
            await run(stop)
        except Exception as error:  # noqa: BLE001 - a loop that stays down would stop a service without a word
            _log.error("loop-failed", lane=name, exc_info=error)
            await rest((stop,), _RESTART_SECONDS)


async def rest(events: Iterable[asyncio.Event], seconds: float, tasks: Iterable[asyncio.Task[None]] = ()) -> None:
    """Wait until one of the events is set, one of the tasks is done, or the time has passed."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait([*waits, *tasks], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


class Rounds:
    """A loop that repeats a round; `wake` says that there may be work now, `afterwards` whom to wake after some."""

    def __init__(
        self, name: str, work: Round, *, idle_seconds: float, afterwards: Callable[[], None] = lambda: None
    ) -> None:
        self.name = name
        self._work = work
        self._idle_seconds = idle_seconds
        self._afterwards = afterwards
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Say that there may be work."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`, resting where a round had nothing to do."""
        while not stop.is_set():
            self._woken.clear()
            if await self._work():
                self._afterwards()
            else:
                await rest((self._woken, stop), self._idle_seconds)
