"""The queue as coders use it: lease the next chart, release it, retry a failed one, count.

Invariant: a leased chart belongs to one coder; every write checks the lease's token, holder and time in the statement
that takes the row lock.
"""

from dataclasses import dataclass

from services.coder.store import decisions, work_items
from services.coder.work_item import Lease, LeaseLost, LeaseToken, State, WorkItemId, WrongState
from shared.audit.trail import name_entity
from shared.contracts.errors import NotFound
from shared.postgres.pool import Pool

_KEYS_SERVE_HOURS = 24.0


@dataclass(frozen=True)
class Queue:
    """The use cases around leases; `lease_seconds` is how long one lasts without activity."""

    pool: Pool
    lease_seconds: float

    async def lease_next(self, holder: str) -> Lease | None:
        """Lease the most urgent open chart, None when there is none; expired leases are open charts."""
        lease = await work_items.lease_next(self.pool, holder, self.lease_seconds)
        if lease is None and await work_items.return_expired_leases(self.pool):
            lease = await work_items.lease_next(self.pool, holder, self.lease_seconds)
        if lease:
            name_entity("chart", lease.chart_id)
        return lease

    async def release(self, work_item_id: WorkItemId, token: LeaseToken, holder: str) -> None:
        """Give a chart back undone; raises NotFound or LeaseLost."""
        if not await work_items.release_lease(self.pool, work_item_id, token, holder):
            await self._require(work_item_id)
            raise LeaseLost("the lease is not yours any more; lease the next chart")

    async def retry(self, work_item_id: WorkItemId) -> None:
        """Give a failed chart to the engine again; raises NotFound or WrongState."""
        if not await work_items.retry_failed(self.pool, work_item_id):
            state = await self._require(work_item_id)
            raise WrongState(f"only a failed work item can be retried; this one is {state}")

    async def count_states(self) -> dict[State, int]:
        """Count the work items in each state."""
        return await work_items.count_states(self.pool)

    async def tidy(self) -> int:
        """Return expired leases to the queue and forget old idempotency keys; returns how many leases."""
        await decisions.forget_answers(self.pool, _KEYS_SERVE_HOURS)
        return await work_items.return_expired_leases(self.pool)

    async def _require(self, work_item_id: WorkItemId) -> State:
        state = await work_items.find_state(self.pool, work_item_id)
        if state is None:
            raise NotFound("there is no work item with this id")
        return state
