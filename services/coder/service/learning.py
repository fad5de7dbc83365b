"""Learns from finished codings, and hands the engine what was learned so far.

Place in the flow: `completing` and `intake` teach and take back in their own transactions; `suggesting` reads the
state before each engine run. Invariants: only the latest coding of a chart counts, and none of a withdrawn chart; a
state is stored by its hash before an engine sees it, so that every run can be computed again; one database is one
tenant, so nothing is learned across tenants.
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from services.coder.api_models import LessonsTakenBack
from services.coder.engine.learned import NOTHING_LEARNED, LearnedState
from services.coder.learning import Lesson
from services.coder.store import lessons, work_items
from services.coder.work_item import ChartId
from shared.audit.trail import record_change
from shared.contracts.errors import NotFound
from shared.postgres.pool import Connection, Executor, Pool


async def learn_coding(
    connection: Connection, chart_id: ChartId, coding_version: int, specialty: str, taught: Sequence[Lesson]
) -> None:
    """Let a coding just stored teach, in place of the chart's earlier one."""
    if taught or coding_version > 1:
        await lessons.lock_lessons(connection)
        await lessons.take_back_lessons(connection, [chart_id])
        await lessons.insert_lessons(connection, chart_id, coding_version, specialty, taught)


async def forget_codings(connection: Connection, chart_ids: Collection[ChartId]) -> int:
    """Take back what the codings of these charts taught; returns how many lessons. Doing it again changes nothing."""
    if not chart_ids:
        return 0
    await lessons.lock_lessons(connection)
    return await lessons.take_back_lessons(connection, chart_ids)


@dataclass(frozen=True)
class Learning:
    """The use case behind `DELETE /v1/charts/{chart_id}/lessons`."""

    pool: Pool

    async def take_back(self, chart_id: ChartId) -> LessonsTakenBack:
        """Take back what a chart's coding taught, the coding itself left as it is; raises NotFound."""
        async with self.pool.acquire() as connection, connection.transaction():
            if not await work_items.lock_work_items(connection, [chart_id]):
                raise NotFound("there is no chart with this id")
            taken_back = await forget_codings(connection, [chart_id])
            await record_change(connection)
            return LessonsTakenBack(chart_id=chart_id, lessons=taken_back)


async def read_state(connection: Executor, content_hash: str) -> LearnedState:
    """Read the learned state with this hash; raises NotFound when no engine run ever had it."""
    if not content_hash:
        return NOTHING_LEARNED
    through = await lessons.find_state_position(connection, content_hash)
    if through is None:
        raise NotFound("no engine run had a learned state with this hash")
    return await lessons.add_lessons(connection, NOTHING_LEARNED, after=0, through=through)


class LearnedSoFar:
    """The current state of one process: read whole once, then what is new, at most every `refresh_seconds`."""

    def __init__(self, refresh_seconds: float = 10.0) -> None:
        self._refresh_seconds = refresh_seconds
        self._state, self._through = NOTHING_LEARNED, 0
        self._fresh_until = float("-inf")
        self._refreshing = asyncio.Lock()

    async def read_current(self, connection: Executor) -> LearnedState:
        """Read what was learned so far; its hash is stored when this returns."""
        async with self._refreshing:
            if time.monotonic() >= self._fresh_until:
                await self._refresh(connection)
                self._fresh_until = time.monotonic() + self._refresh_seconds
        return self._state

    async def _refresh(self, connection: Executor) -> None:
        newest = await lessons.find_last_lesson(connection)
        if newest > self._through:
            state = await lessons.add_lessons(connection, self._state, after=self._through, through=newest)
            # A large state takes some time to hash, so not on the event loop.
            if content_hash := await asyncio.to_thread(lambda: state.content_hash):
                await lessons.keep_state(connection, content_hash, newest)
            self._state, self._through = state, newest
