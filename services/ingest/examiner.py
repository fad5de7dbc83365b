"""Runs `intake.examine` in worker processes, so that unwrapping, validating and reading PDFs never hold the event loop.

Invariants: the answers are in the order of the records; a record that takes too long, too much memory, or the process
down with it is refused with its own reason while all others are examined.
"""

import asyncio
import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from types import FrameType

from services.ingest.intake import Examined, Refusal, examine
from shared.contracts.errors import Unavailable
from shared.kafka.record import Record
from shared.telemetry.logging import get_logger

TIMED_OUT = "examination-timed-out"
OUT_OF_MEMORY = "examination-out-of-memory"
CRASHED = "examination-crashed"

_CHUNK_RECORDS = 50
_TRIES = 2
_WORKER_BYTES = 2 * 1024**3
_log = get_logger(__name__)

_Input = tuple[str, bytes | None]


class _TooSlow(BaseException):
    """Raised inside the examination of one record; not an Exception, so that no handler in between swallows it."""


class Examiner:
    """A pool of worker processes. Open it with `open_examiner`."""

    def __init__(self, processes: int, seconds: float) -> None:
        self._processes = processes
        self._seconds = seconds
        self._pool, self._leash = self._make_pool()

    async def examine(self, records: Sequence[Record]) -> list[Examined]:
        """Examine records; the answers are in their order."""
        inputs = [(record.topic, record.value) for record in records]
        chunks = [inputs[start : start + _CHUNK_RECORDS] for start in range(0, len(inputs), _CHUNK_RECORDS)]
        try:
            answers = await asyncio.gather(*(self._submit(chunk) for chunk in chunks))
        except BrokenProcessPool:
            return [await self._examine_alone(each) for each in inputs]
        return [answer for chunk in answers for answer in chunk]

    def close(self) -> None:
        """End the workers at once, whatever they have in hand: it is not settled and comes again."""
        self._leash.close()
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _submit(self, chunk: list[_Input]) -> list[Examined]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, examine_chunk, chunk, self._seconds)

    async def _examine_alone(self, single: _Input) -> Examined:
        """After a crash: whoever brings sound workers down again when examined alone is to blame."""
        for _ in range(_TRIES):
            await self._ensure_sound()
            try:
                return (await self._submit([single]))[0]
            except BrokenProcessPool:
                continue
        _log.error("examination-crashed", topic=single[0], reason=CRASHED)
        return Refusal(CRASHED)

    async def _ensure_sound(self) -> None:
        """Have workers that answer; raises Unavailable when new ones do not, for which no record is to blame."""
        loop = asyncio.get_running_loop()
        for _ in range(_TRIES):
            try:
                await loop.run_in_executor(self._pool, os.getpid)
            except BrokenProcessPool:
                self._replace_pool()
            else:
                return
        raise Unavailable("the worker processes that examine records do not start")

    def _replace_pool(self) -> None:
        self.close()
        self._pool, self._leash = self._make_pool()

    def _make_pool(self) -> tuple[ProcessPoolExecutor, Connection]:
        # Spawned, not forked: this process has threads and open connections.
        context = multiprocessing.get_context("spawn")
        held, leash = context.Pipe(duplex=False)
        pool = ProcessPoolExecutor(self._processes, mp_context=context, initializer=prepare_worker, initargs=(held,))
        return pool, leash


@asynccontextmanager
async def open_examiner(processes: int, seconds: float) -> AsyncIterator[Examiner]:
    """Start the workers and end them; `seconds` is the longest time for one record."""
    examiner = Examiner(processes, seconds)
    try:
        yield examiner
    finally:
        await asyncio.to_thread(examiner.close)


def examine_chunk(chunk: list[_Input], seconds: float) -> list[Examined]:
    """Examine records in a worker's main thread, each under the time limit."""
    signal.signal(signal.SIGALRM, _raise_too_slow)
    return [_examine_in_time(topic, value, seconds) for topic, value in chunk]


def _examine_in_time(topic: str, value: bytes | None, seconds: float) -> Examined:
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return examine(topic, value)
    except _TooSlow:
        return Refusal(TIMED_OUT)
    except MemoryError:
        return Refusal(OUT_OF_MEMORY)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _raise_too_slow(_signal: int, _frame: FrameType | None) -> None:
    raise _TooSlow


def prepare_worker(leash: Connection) -> None:
    """Begin a worker: Ctrl-C is the service's business, memory is bounded, and no worker outlives its service."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (_WORKER_BYTES, resource.RLIM_INFINITY))
    threading.Thread(target=_end_with_leash, args=(leash,), daemon=True).start()


def _end_with_leash(leash: Connection) -> None:
    """Wait until the other end is closed, by the service or by its death."""
    leash.poll(None)
    os._exit(0)
