"""The loop between the queue and the engine: one task for each engine process, until it is told to stop.

Place in the flow: beside `consumer` and `api`, a driver of `service.suggesting`. Invariants: a chart that the engine
cannot do is put aside and stops no other; on shutdown a run in hand is finished or given back.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable

from services.coder.engine_worker import EngineFailed, EngineWorker
from services.coder.service.suggesting import Suggesting
from services.coder.settings import EngineSettings
from services.coder.store.work_items import EngineLease
from services.coder.work_item import FailureReason
from shared.contracts.errors import Unavailable
from shared.telemetry.logging import get_logger
from shared.telemetry.metrics import counter, histogram
from shared.telemetry.tracing import span
from shared.transient import is_transient

_log = get_logger(__name__)
_runs = counter("chartline_engine_runs_total", "Charts that the engine was asked for.", ("outcome",))
for _reason in FailureReason:
    _runs.labels(_reason)  # A failure that is the first is seen to have grown from none.
_seconds = histogram("chartline_engine_seconds", "Time that the engine took for a chart.")


class Suggester:
    """Keeps the engine processes busy while work items wait for suggestions."""

    def __init__(self, suggesting: Suggesting, settings: EngineSettings, *, on_stored: Callable[[], None]) -> None:
        """`on_stored` is called after each answer is committed, for instance to wake the outbox relay."""
        self._suggesting = suggesting
        self._settings = settings
        self._on_stored = on_stored
        self._work = asyncio.Event()
        self._workers = [
            EngineWorker(
                settings.factory,
                chart_limit_seconds=settings.chart_limit_seconds,
                start_limit_seconds=settings.start_limit_seconds,
            )
            for _ in range(settings.processes)
        ]

    def wake(self) -> None:
        """Say that charts have just arrived, or that it is time to look at `stop`."""
        self._work.set()

    async def probe(self) -> None:
        """Answer the readiness question; raises Unavailable while no engine process is up."""
        if all(worker.version is None for worker in self._workers):
            raise Unavailable("no engine process is up")

    async def run(self, stop: asyncio.Event) -> None:
        """Suggest until `stop`; returns when the runs in hand are done."""
        async with asyncio.TaskGroup() as tasks:
            for worker in self._workers:
                tasks.create_task(self._keep_busy(worker, stop))

    async def _keep_busy(self, worker: EngineWorker, stop: asyncio.Event) -> None:
        try:
            while not stop.is_set():
                self._work.clear()
                if not await self._turn(worker):
                    await self._rest()
        finally:
            worker.close()

    async def _turn(self, worker: EngineWorker) -> bool:
        """Do one chart; False when there was nothing to do, or no way to do it now."""
        try:
            await worker.start()
            lease = await self._suggesting.lease_chart()
            if lease is not None:
                await self._suggest(worker, lease)
        except Exception as error:
            if not is_transient(error):
                raise
            _log.warning("suggester-waits", error_class=type(error).__name__)
            return False
        return lease is not None

    async def _suggest(self, worker: EngineWorker, leased: EngineLease) -> None:
        if leased.attempts > self._settings.max_attempts:
            await self._put_aside(leased, FailureReason.ENGINE_CRASHED)
            return
        try:
            stored = await self._run(worker, leased)
        except asyncio.CancelledError:
            await self._suggesting.give_back(leased.lease)
            raise
        except EngineFailed as failure:
            await self._put_aside(leased, failure.reason, failure.error_class)
        except Exception as error:
            if is_transient(error):
                raise
            # What cannot be read or stored for one chart must not end the loop for all others.
            _log.error("suggestions-not-stored", chart_id=leased.lease.chart_id, exc_info=error)
            await self._put_aside(leased, FailureReason.ENGINE_ERROR, type(error).__name__)
        else:
            _runs.labels("stored" if stored else "overtaken").inc()
            self._on_stored()

    async def _run(self, worker: EngineWorker, leased: EngineLease) -> bool:
        ready, chart = await self._suggesting.read_chart(leased.lease)
        began = time.perf_counter()
        with span("suggest codes"):
            answer = await worker.suggest(chart)
        seconds = time.perf_counter() - began
        _seconds.observe(seconds)
        return await self._suggesting.store_answer(
            leased.lease, ready, answer, seconds, is_new_patient=chart.is_new_patient
        )

    async def _put_aside(self, leased: EngineLease, reason: FailureReason, error_class: str | None = None) -> None:
        _log.error("chart-put-aside", chart_id=leased.lease.chart_id, reason=reason, error_class=error_class)
        _runs.labels(reason).inc()
        await self._suggesting.put_aside(leased.lease, reason)

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._work.wait(), self._settings.idle_seconds)
