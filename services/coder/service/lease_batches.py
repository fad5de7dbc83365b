"""Coders who ask for the next chart, served together.

Place in the flow: `queue` has every caller wait here, in order, and not in the database. Who asks while nobody is being
served is served at once; who asks meanwhile belongs to the next batch: one round trip, one transaction, the earliest
caller first. So batches grow with the crowd, and two connections serve it.

Invariants: each caller is answered alone: what one of them asks cannot fail the others, nor widen what they reach. A
caller who went away keeps no lease: it is given back with the next batch, and expires where that fails.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextvars import Context
from dataclasses import dataclass, field, replace

from services.coder.store import work_items
from services.coder.store.work_items import LeaseRequest
from services.coder.work_item import Lease
from shared.postgres.pool import Connection, Executor, Pool
from shared.telemetry.metrics import counter
from shared.transient import TRANSIENT_ERRORS

_LARGEST = 32
"""Callers of one batch: the leases of a batch are nobody's before its transaction ends."""
_AT_A_TIME = 2
"""Batches: while one waits for a processor or a page, who comes next does not."""
_ATTEMPTS = 5
_expired = counter("chartline_queue_leases_expired_total", "Charts that their coder let lapse.")


async def return_expired(connection: Executor) -> int:
    """Open the charts whose leases have expired; returns how many."""
    returned = await work_items.return_expired_leases(connection)
    _expired.inc(returned)
    return returned


@dataclass(eq=False, slots=True)
class _Caller:
    request: LeaseRequest
    answer: asyncio.Future[Lease | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    attempts: int = 0

    @property
    def waits(self) -> bool:
        return not self.answer.done()


class LeaseBatches:
    """The line before the queue of one process."""

    def __init__(self, pool: Pool, lease_seconds: float) -> None:
        self._pool = pool
        self._lease_seconds = lease_seconds
        self._waiting: deque[_Caller] = deque()
        self._alone: deque[_Caller] = deque()
        self._unwanted: list[tuple[str, Lease]] = []
        self._serving: set[asyncio.Task[None]] = set()

    async def lease_next(self, request: LeaseRequest) -> Lease | None:
        """Wait in line for the most urgent open chart within a coder's reach, None when there is none."""
        caller = _Caller(request)
        self._waiting.append(caller)
        self._serve_soon()
        try:
            return await caller.answer
        except asyncio.CancelledError:
            self._take_back(caller)
            raise

    def _take_back(self, caller: _Caller) -> None:
        """Whoever was called away may have missed their answer."""
        answer = caller.answer
        if answer.done() and not answer.cancelled() and not answer.exception() and (lease := answer.result()):
            self._unwanted.append((caller.request.holder, lease))
            self._serve_soon()

    def _serve_soon(self) -> None:
        if len(self._serving) < _AT_A_TIME:
            # A context of its own, because a batch is no part of the first caller's request.
            self._serving.add(asyncio.create_task(self._serve(), name="lease-batches", context=Context()))

    async def _serve(self) -> None:
        try:
            while self._waiting or self._alone or self._unwanted:
                await self._serve_batch()
        finally:
            # Here, not when the task is done: who asks in between would believe to be served.
            self._serving = {task for task in self._serving if task is not asyncio.current_task()}

    def _form_batch(self) -> list[_Caller]:
        if self._alone:
            return [self._alone.popleft()]
        first = (self._waiting.popleft() for _ in range(min(_LARGEST, len(self._waiting))))
        return [caller for caller in first if caller.waits]

    async def _serve_batch(self) -> None:
        batch: list[_Caller] = []
        try:
            async with self._pool.acquire() as connection:
                if batch := self._form_batch():
                    await self._answer(connection, batch)
                await self._release_unwanted(connection)
        except asyncio.CancelledError:
            for caller in (*batch, *self._alone, *self._waiting):
                caller.answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is the callers', who would wait for ever
            self._fail(batch or self._form_batch(), error)

    def _fail(self, batch: Sequence[_Caller], error: Exception) -> None:
        """Serve the callers of a batch one by one when it failed for what one of them sent, else tell them."""
        left = [caller for caller in batch if caller.waits]
        if len(batch) > 1 and not isinstance(error, TRANSIENT_ERRORS):
            self._alone.extend(left)
            return
        for caller in left:
            caller.answer.set_exception(error)

    async def _answer(self, connection: Connection, batch: Sequence[_Caller]) -> None:
        leases = await work_items.lease_next(connection, [caller.request for caller in batch], self._lease_seconds)
        for caller, lease in zip(batch, leases, strict=True):
            if lease and caller.waits:
                caller.answer.set_result(lease)
            elif lease:
                self._unwanted.append((caller.request.holder, lease))
        await self._look_again(connection, [caller for caller in batch if caller.waits])

    async def _look_again(self, connection: Connection, unserved: Sequence[_Caller]) -> None:
        """Put callers back to the head of the line when leases expired, or others were just taking what is open."""
        if not unserved:
            return
        if await return_expired(connection):
            may_find_more = [True] * len(unserved)
        else:
            may_find_more = await work_items.have_open(connection, [caller.request for caller in unserved])
        for caller, may in reversed(list(zip(unserved, may_find_more, strict=True))):
            caller.attempts += 1
            if may and caller.attempts < _ATTEMPTS:
                caller.request = replace(caller.request, again=True)
                self._waiting.appendleft(caller)
            elif caller.waits:
                caller.answer.set_result(None)

    async def _release_unwanted(self, connection: Connection) -> None:
        while self._unwanted:
            holder, lease = self._unwanted.pop()
            await work_items.release_lease(connection, lease.work_item_id, lease.token, holder)
