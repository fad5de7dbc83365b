"""Worklists: the rules that leads keep, and the pages that coders read.

Invariant: a changed rule and the lanes that it moves are one transaction, which waits for no chart and rewrites none.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from services.coder.place import Cursor, Place
from services.coder.queue_models import WorklistRequest, WorklistView
from services.coder.reach import Reach
from services.coder.service.answers import answer_once
from services.coder.store import lanes, places, worklists
from services.coder.work_item import State, WorkItemId
from services.coder.worklist import CATCH_ALL, CountedList, ListExists, ListFixed, ListKey, Worklist
from shared.audit.trail import record_change
from shared.contracts.errors import NotFound, RevisionChanged
from shared.postgres.answers import Repeatable
from shared.postgres.pool import Connection, Executor, Pool

UNFINISHED = (State.OPEN, State.LEASED, State.ON_HOLD)
_COUNTS_SERVE_SECONDS = 5.0


class LaneCounts:
    """How many charts each lane has, counted at most every few seconds: a million of them take a quarter of one."""

    def __init__(self) -> None:
        self._counts: Mapping[int, Mapping[State, int]] = {}
        self._fresh_until = float("-inf")
        self._counting = asyncio.Lock()

    async def read(self, connection: Executor) -> Mapping[int, Mapping[State, int]]:
        """Return counts that are a few seconds old at most."""
        async with self._counting:
            if time.monotonic() >= self._fresh_until:
                self._counts = await worklists.count_lanes(connection)
                self._fresh_until = time.monotonic() + _COUNTS_SERVE_SECONDS
        return self._counts


@dataclass(frozen=True)
class Worklists:
    """The use cases around lists and their pages."""

    pool: Pool
    counts: LaneCounts = field(default_factory=LaneCounts)

    async def list_all(self) -> list[Worklist]:
        """List every list, default ones first, in the order in which they are tried."""
        return await worklists.list_worklists(self.pool)

    async def count(
        self, caller: str, reach: Reach, *, empty_too: bool = False, after: ListKey | None = None
    ) -> list[CountedList]:
        """List the lists behind `after` that can have anything within reach, and how much; with `empty_too` all."""
        async with self.pool.acquire() as connection:
            known = await worklists.list_worklists(connection)
            reached = await worklists.list_reached(connection, caller, reach)
            counts = await self.counts.read(connection)
        return [
            CountedList(each, _sum_counts(each, reached, counts))
            for each in known
            if (after is None or ListKey.of(each) > after)
            and (empty_too or any(each.list_id in lists for lists in reached.values()))
        ]

    async def list_reached(self, caller: str, reach: Reach) -> Mapping[int, Sequence[str]]:
        """List the lanes within reach, each with its lists."""
        return await worklists.list_reached(self.pool, caller, reach)

    async def find(self, list_id: str) -> Worklist:
        """Find a list; raises NotFound."""
        found = next((each for each in await self.list_all() if each.list_id == list_id), None)
        if found is None:
            raise NotFound("there is no worklist with this id")
        return found

    async def create(self, new: WorklistRequest, list_id: str, repeatable: Repeatable | None = None) -> WorklistView:
        """Create a list and put charts on it; raises ListExists."""

        async def act(connection: Connection) -> WorklistView:
            await lanes.lock_lanes(connection)
            made = await worklists.insert_worklist(connection, new.to_domain(list_id))
            if made is None:
                raise ListExists("there is a worklist with this id; choose another or change that one")
            await lanes.place_lanes(connection)
            return WorklistView.of(made)

        return await answer_once(self.pool, repeatable, WorklistView, act)

    async def change(self, list_id: str, changed: WorklistRequest, revision: int) -> Worklist:
        """Change a list that is as its reader saw it; raises NotFound, ListFixed and RevisionChanged."""
        _require_changeable(list_id)
        async with self.pool.acquire() as connection, connection.transaction():
            await lanes.lock_lanes(connection)
            stored = await worklists.update_worklist(connection, changed.to_domain(list_id, revision))
            await lanes.place_lanes(connection)
            if stored is not None:
                await record_change(connection)
                return stored
        await self.find(list_id)
        raise RevisionChanged("somebody changed the worklist; read it again, then change it")

    async def delete(self, list_id: str, revision: int) -> None:
        """Delete a list; its charts fall to their next default list. Raises NotFound, ListFixed, RevisionChanged."""
        _require_changeable(list_id)
        await self.find(list_id)
        async with self.pool.acquire() as connection, connection.transaction():
            await lanes.lock_lanes(connection)
            if not await worklists.delete_worklist(connection, list_id, revision):
                raise RevisionChanged("somebody changed the worklist; read it again, then delete it")
            await lanes.place_lanes(connection)
            await record_change(connection)

    async def read_page(
        self,
        caller: str,
        reach: Reach,
        *,
        list_id: str | None = None,
        states: Collection[State] = UNFINISHED,
        after: Cursor | None = None,
        limit: int,
    ) -> Sequence[Place]:
        """Read a page of a list, or of everything within reach, the most urgent first; raises NotFound."""
        shown = (await self.find(list_id)).states if list_id else ()
        wanted = [state for state in states if not shown or state in shown]
        return await places.list_places(
            self.pool, caller, reach, list_id=list_id, states=wanted, after=after, limit=limit
        )

    async def find_place(self, caller: str, reach: Reach, work_item_id: WorkItemId) -> Place:
        """Find a work item within reach; raises NotFound."""
        found = await places.find_place(self.pool, caller, reach, work_item_id)
        if found is None:
            raise NotFound("there is no work item with this id")
        return found


def _require_changeable(list_id: str) -> None:
    if list_id == CATCH_ALL:
        raise ListFixed("this list takes everything that no other takes; it stays as it is")


def _sum_counts(
    worklist: Worklist, reached: Mapping[int, Collection[str]], counts: Mapping[int, Mapping[State, int]]
) -> Mapping[State, int]:
    total: Counter[State] = Counter()
    for lane_id, lists in reached.items():
        if worklist.list_id in lists:
            total.update(counts.get(lane_id, {}))
    return {state: total[state] for state in State if not worklist.states or state in worklist.states}
