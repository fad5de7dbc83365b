"""Loops that work in rounds until the service stops: look for work, do it, rest when there was none.

Place in the flow: `app` runs one for preparation, one a Kafka lane, and supervises them all.
Invariant: no failure ends a loop; what failed is tried again after a rest, and only `stop` is the end.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from shared.telemetry.logging import get_logger

Round = Callable[[], Awaitable[int]]
"""Does one round of work and says how much that was."""

_log = get_logger(__name__)
_RESTART_SECONDS = 1.0


class Rounds:
    """Repeats a round; `wake` says that there may be work now, `afterwards` whom to wake when some was done."""

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
        """Work until `stop`."""
        while not stop.is_set():
            self._woken.clear()
            if await self._work():
                self._afterwards()
            else:
                await rest((self._woken, stop), self._idle_seconds)


async def rest(events: Iterable[asyncio.Event], seconds: float, tasks: Iterable[asyncio.Task[None]] = ()) -> None:
    """Wait until one of the events is set, one of the tasks is done, or the time has passed."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait([*waits, *tasks], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def supervise(name: str, run: Callable[[asyncio.Event], Awaitable[None]], stop: asyncio.Event) -> None:
    """Run a loop until `stop`, beginning again after every failure."""
    while not stop.is_set():
        try:
            await run(stop)
        except Exception as error:  # noqa: BLE001 - a loop that stays down would stop claims without a word
            _log.error("loop-failed", lane=name, exc_info=error)
            await rest((stop,), _RESTART_SECONDS)
