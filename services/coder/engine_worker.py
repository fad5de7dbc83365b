"""The parent's side of an engine process: start it, ask it, kill and replace it.

Place in the flow: `suggester` owns one worker for each process and asks it one chart at a time, off the event loop.
Invariant: after a crash or an exceeded limit no process of the chart is left, and the next chart gets a new one.
"""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from services.coder.engine.learned import NOTHING_LEARNED, LearnedState
from services.coder.engine.model import Chart, EngineVersion, Suggestions
from services.coder.engine_process import Answer, EngineFault, Question, serve_charts
from services.coder.work_item import FailureReason
from shared.contracts.errors import ChartlineError, Unavailable

_spawn = get_context("spawn")
_JOIN_SECONDS = 5.0


class EngineFailed(ChartlineError):
    """The engine could not do a chart; `reason` says how, `error_class` what it raised, if it did."""

    code = "engine-failed"

    def __init__(self, reason: FailureReason, error_class: str | None = None) -> None:
        super().__init__(f"the engine could not do the chart: {reason}")
        self.reason = reason
        self.error_class = error_class


class EngineWorker:
    """One engine process, or the place for one. Asked by one caller at a time."""

    def __init__(self, factory: str, *, chart_limit_seconds: float, start_limit_seconds: float) -> None:
        self._factory = factory
        self._chart_limit = chart_limit_seconds
        self._start_limit = start_limit_seconds
        # A thread of its own: one that waits for a slow chart must not take the loop's shared threads from others.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine-worker")
        self._process: SpawnProcess | None = None
        self._pipe: Connection[Question, Answer] | None = None
        self._learned = NOTHING_LEARNED
        """What the process has; it is large, and sent again only when it changed."""
        self.version: EngineVersion | None = None
        """The engine's version; None while no process is ready."""

    async def start(self) -> None:
        """Have a process with a built engine; raises Unavailable when none comes up in time."""
        if not self._is_up():
            await asyncio.get_running_loop().run_in_executor(self._thread, self._start)

    async def suggest(self, chart: Chart) -> Suggestions:
        """Ask for the suggestions of a chart; raises EngineFailed."""
        await self.start()
        answer = await asyncio.get_running_loop().run_in_executor(self._thread, self._ask, chart)
        if isinstance(answer, EngineFault):
            raise EngineFailed(FailureReason.ENGINE_ERROR, answer.error_class)
        if not isinstance(answer, Suggestions):
            raise EngineFailed(FailureReason.ENGINE_ERROR, type(answer).__name__)
        return answer

    def close(self) -> None:
        """End the process and give the thread back; the worker is of no more use."""
        self.kill()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def kill(self) -> None:
        """End the process at once, whatever it is doing; a thread that waits for it is freed."""
        process, pipe = self._process, self._pipe
        self._process = self._pipe = self.version = None
        if process is not None:
            process.kill()
            process.join(_JOIN_SECONDS)
        if pipe is not None:
            pipe.close()

    def _is_up(self) -> bool:
        """An idle process has nothing to say: a pipe that can be read is at its end."""
        return self.version is not None and self._pipe is not None and not self._pipe.poll(0)

    def _start(self) -> None:
        self.kill()
        pipe, theirs = _spawn.Pipe()
        process = _spawn.Process(target=serve_charts, args=(theirs, self._factory), daemon=True)
        process.start()
        self._process, self._pipe, self._learned = process, pipe, NOTHING_LEARNED
        theirs.close()  # so that the end of the process is the end of the pipe
        with contextlib.suppress(EOFError, OSError):
            if pipe.poll(self._start_limit):
                answer = pipe.recv()
                self.version = answer if isinstance(answer, EngineVersion) else None
        if self.version is None:
            self.kill()
            raise Unavailable("the engine does not start; the log of its process tells why")

    def _teach(self, pipe: "Connection[Question, Answer]", learned: LearnedState) -> None:
        if learned is not self._learned:
            pipe.send(learned)
            self._learned = learned

    def _ask(self, chart: Chart) -> Answer:
        pipe = self._pipe
        if pipe is None:
            raise EngineFailed(FailureReason.ENGINE_CRASHED)
        try:
            self._teach(pipe, chart.learned)
            pipe.send(replace(chart, learned=NOTHING_LEARNED))
            if pipe.poll(self._chart_limit):
                return pipe.recv()
        except (EOFError, OSError):
            self.kill()
            raise EngineFailed(FailureReason.ENGINE_CRASHED) from None
        self.kill()
        raise EngineFailed(FailureReason.ENGINE_TIMEOUT)
