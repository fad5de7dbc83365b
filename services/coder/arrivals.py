"""News that charts are open for coders, from the transactions that open them to whoever has a worklist before them.

Place in the flow: `store.arrivals` notifies within the transaction that opens a chart; one connection a process listens
here; `api.events` tells each caller what is on their lists. Invariants: news name a lane and a coder, never a chart or
a patient; who may have missed some is told so and reads the list again, so that nothing depends on a piece of news.
"""

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass

from services.coder import SCHEMA
from shared.contracts.errors import Unavailable
from shared.loops import rest
from shared.postgres.pool import Pool

CHANNEL = f"{SCHEMA}_arrivals"
_REMEMBERED = 1_000
_LISTENING_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """A chart of this lane is open, or, with an assignee, open for that coder."""

    lane_id: int
    assignee: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A place among the news of one process and one connection."""

    era: str
    position: int

    def encode(self) -> str:
        """Write it as the id of an event."""
        return f"{self.era}-{self.position}"

    @classmethod
    def decode(cls, text: str) -> "Mark":
        """Read the id of an event; anything else is a mark that nobody knows."""
        era, _, position = text.rpartition("-")
        return cls(era, int(position) if position.isascii() and position.isdigit() else 0)


class Arrivals:
    """The news that this process has heard; any number of callers wait for more."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._recent: deque[Arrival] = deque(maxlen=_REMEMBERED)
        self._begin_era()
        self.news = asyncio.Event()
        """Set when there is more; then another event takes its place."""

    @property
    def mark(self) -> Mark:
        """The place after all news so far."""
        return Mark(self._era, self._position)

    def list_since(self, mark: Mark) -> list[Arrival] | None:
        """List the news after a mark; None when some may have been missed."""
        behind = self._position - mark.position
        if mark.era != self._era or not 0 <= behind <= len(self._recent):
            return None
        return list(self._recent)[len(self._recent) - behind :]

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until `stop`; raises Unavailable when the connection is lost."""
        lost = asyncio.Event()
        async with self._pool.acquire() as connection:
            connection.add_termination_listener(lambda _connection: lost.set())
            await connection.add_listener(CHANNEL, self._hear)
            self._begin_era()
            self._tell()
            while not (stop.is_set() or lost.is_set()):
                await rest((stop, lost), _LISTENING_SECONDS)
            if lost.is_set():
                raise Unavailable("the connection that listens for arrivals is lost")
            await connection.remove_listener(CHANNEL, self._hear)

    def _begin_era(self) -> None:
        """Nobody knows what came before: marks of other eras mean nothing."""
        self._era, self._position = secrets.token_hex(4), 0
        self._recent.clear()

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        lane_id, _, assignee = str(payload).partition("/")
        self._recent.append(Arrival(int(lane_id), assignee))
        self._position += 1
        self._tell()

    def _tell(self) -> None:
        self.news.set()
        self.news = asyncio.Event()
