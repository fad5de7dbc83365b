"""The queue as coders use it: lease the next chart, release it, retry a failed one, count.

Invariant: a leased chart belongs to one coder; every write checks the lease's token, holder and time in the statement
that takes the row lock.
"""

import asyncio
from dataclasses import dataclass, replace
from functools import cached_property
from uuid import UUID

from pydantic import BaseModel

from services.coder.api_models import WorkItemView
from services.coder.reach import UNLIMITED, Reach
from services.coder.service.answers import ANSWERS, answer_once
from services.coder.service.lease_batches import LeaseBatches, return_expired
from services.coder.store import work_items
from services.coder.store.work_items import LeaseRequest
from services.coder.work_item import ChartId, Lease, LeaseLost, LeaseToken, State, WorkItemId, WrongState
from shared.audit.trail import name_entity
from shared.contracts.errors import NotFound
from shared.postgres.answers import Repeatable
from shared.postgres.pool import Connection, Pool

_KEYED_AT_A_TIME = 2
"""More connections would compete for the same heads of lanes, and leave none to others."""


@dataclass(frozen=True)
class Queue:
    """The use cases around leases; `lease_seconds` is how long one lasts without activity."""

    pool: Pool
    lease_seconds: float

    @cached_property
    def _batches(self) -> LeaseBatches:
        return LeaseBatches(self.pool, self.lease_seconds)

    @cached_property
    def _turns(self) -> asyncio.Semaphore:
        return asyncio.Semaphore(_KEYED_AT_A_TIME)

    async def lease_next(
        self, holder: str, reach: Reach = UNLIMITED, repeatable: Repeatable | None = None
    ) -> Lease | None:
        """Lease the most urgent open chart within a coder's reach, None when there is none.

        An expired lease is an open chart. The same request again gets the same lease while it is held, and LeaseLost
        afterwards; where nothing was open its key stays free.
        """
        wanted = LeaseRequest(holder, reach)
        lease = await (self._lease_once(wanted, repeatable) if repeatable else self._batches.lease_next(wanted))
        if lease:
            name_entity("chart", lease.chart_id)
        return lease

    async def _lease_once(self, wanted: LeaseRequest, repeatable: Repeatable) -> Lease | None:
        """Lease in a transaction of its own: the lease and what is kept of it under the key stand or fall together."""
        async with self._turns, self.pool.acquire() as connection, connection.transaction():
            earlier = await ANSWERS.find(connection, repeatable)
            if earlier is not None:
                return await _require_held(connection, _Leased.model_validate_json(earlier), wanted.holder)
            (lease,) = await work_items.lease_next(connection, [wanted], self.lease_seconds)
            if lease is None:
                await return_expired(connection)
                again = replace(wanted, again=True)
                (lease,) = await work_items.lease_next(connection, [again], self.lease_seconds)
            if lease:
                leased = _Leased(work_item_id=lease.work_item_id, token=lease.token)
                await ANSWERS.keep(connection, repeatable, leased)
        return lease

    async def renew(self, chart_id: ChartId, holder: str) -> None:
        """Let a coder's own lease on a chart, if there is one, last as long again: reading is activity."""
        await work_items.renew_lease(self.pool, chart_id, holder, self.lease_seconds)

    async def release(
        self, work_item_id: WorkItemId, token: LeaseToken, holder: str, repeatable: Repeatable | None = None
    ) -> WorkItemView:
        """Give a chart back undone; raises NotFound or LeaseLost."""

        async def act(connection: Connection) -> WorkItemView:
            if not await work_items.release_lease(connection, work_item_id, token, holder):
                await _require(connection, work_item_id)
                raise LeaseLost("the lease is not yours any more; lease the next chart")
            return WorkItemView(work_item_id=work_item_id, state=State.OPEN)

        return await answer_once(self.pool, repeatable, WorkItemView, act)

    async def retry(self, work_item_id: WorkItemId, repeatable: Repeatable | None = None) -> WorkItemView:
        """Give a failed chart to the engine again; raises NotFound or WrongState."""

        async def act(connection: Connection) -> WorkItemView:
            if not await work_items.retry_failed(connection, work_item_id):
                state = await _require(connection, work_item_id)
                raise WrongState(f"only a failed work item can be retried; this one is {state}")
            return WorkItemView(work_item_id=work_item_id, state=State.SUGGESTING)

        return await answer_once(self.pool, repeatable, WorkItemView, act)

    async def count_states(self) -> dict[State, int]:
        """Count the work items in each state."""
        return await work_items.count_states(self.pool)

    async def tidy(self) -> int:
        """Return expired leases to the queue; returns how many."""
        return await return_expired(self.pool)


class _Leased(BaseModel):
    """What is kept of a lease under its key; the rest is asked for again."""

    work_item_id: UUID
    token: UUID


async def _require_held(connection: Connection, leased: _Leased, holder: str) -> Lease:
    lease = await work_items.find_held(connection, WorkItemId(leased.work_item_id), LeaseToken(leased.token), holder)
    if lease is None:
        raise LeaseLost("the lease that this Idempotency-Key got has ended; ask again under a new one")
    return lease


async def _require(connection: Connection, work_item_id: WorkItemId) -> State:
    state = await work_items.find_state(connection, work_item_id)
    if state is None:
        raise NotFound("there is no work item with this id")
    return state
