"""The queue as coders use it: lease the next chart, release it, retry a failed one, count.

Invariant: a leased chart belongs to one coder; every write checks the lease's token, holder and time in the statement
that takes the row lock.
"""

from dataclasses import dataclass
from functools import cached_property

from services.coder.reach import UNLIMITED, Reach
from services.coder.service.lease_batches import LeaseBatches, return_expired
from services.coder.store import work_items
from services.coder.store.work_items import LeaseRequest
from services.coder.work_item import ChartId, Lease, LeaseLost, LeaseToken, State, WorkItemId, WrongState
from shared.audit.trail import name_entity, record_change
from shared.contracts.errors import NotFound
from shared.postgres.pool import Connection, Pool


@dataclass(frozen=True)
class Queue:
    """The use cases around leases; `lease_seconds` is how long one lasts without activity."""

    pool: Pool
    lease_seconds: float

    @cached_property
    def _batches(self) -> LeaseBatches:
        return LeaseBatches(self.pool, self.lease_seconds)

    async def lease_next(self, holder: str, reach: Reach = UNLIMITED) -> Lease | None:
        """Lease the most urgent open chart within a coder's reach, None when there is none.

        An expired lease is an open chart.
        """
        lease = await self._batches.lease_next(LeaseRequest(holder, reach))
        if lease:
            name_entity("chart", lease.chart_id)
        return lease

    async def renew(self, chart_id: ChartId, holder: str) -> None:
        """Let a coder's own lease on a chart, if there is one, last as long again: reading is activity."""
        await work_items.renew_lease(self.pool, chart_id, holder, self.lease_seconds)

    async def release(self, work_item_id: WorkItemId, token: LeaseToken, holder: str) -> None:
        """Give a chart back undone; raises NotFound or LeaseLost."""
        async with self.pool.acquire() as connection, connection.transaction():
            if not await work_items.release_lease(connection, work_item_id, token, holder):
                await _require(connection, work_item_id)
                raise LeaseLost("the lease is not yours any more; lease the next chart")
            await record_change(connection)

    async def retry(self, work_item_id: WorkItemId) -> None:
        """Give a failed chart to the engine again; raises NotFound or WrongState."""
        async with self.pool.acquire() as connection, connection.transaction():
            if not await work_items.retry_failed(connection, work_item_id):
                state = await _require(connection, work_item_id)
                raise WrongState(f"only a failed work item can be retried; this one is {state}")
            await record_change(connection)

    async def count_states(self) -> dict[State, int]:
        """Count the work items in each state."""
        return await work_items.count_states(self.pool)

    async def tidy(self) -> int:
        """Return expired leases to the queue; returns how many."""
        return await return_expired(self.pool)


async def _require(connection: Connection, work_item_id: WorkItemId) -> State:
    state = await work_items.find_state(connection, work_item_id)
    if state is None:
        raise NotFound("there is no work item with this id")
    return state
