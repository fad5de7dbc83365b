"""What runs inside an engine process: build the engine once, then answer charts until the pipe closes.

Place in the flow: started by `engine_worker`, which is at the other end of the pipe; pure but for the pipe. Invariant:
nothing of a chart leaves the process but the answer: an error crosses as the name of its class.
"""

import importlib
import os
import signal
import threading
from dataclasses import dataclass, replace
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait

from services.coder.engine.learned import NOTHING_LEARNED, LearnedState
from services.coder.engine.model import Chart, Engine, EngineVersion, Suggestions


@dataclass(frozen=True, slots=True)
class EngineFault:
    """The engine raised: the name of the error's class."""

    error_class: str


Question = Chart | LearnedState
"""What is asked: a chart, whose `learned` stays behind, or the learned state that holds for the charts after it."""

Answer = Suggestions | EngineFault | EngineVersion
"""What crosses the pipe: the engine's version once it is built, then an answer a chart."""


def load_engine(factory: str) -> Engine:
    """Call the function that `package.module:function` names."""
    module, _, function = factory.partition(":")
    engine: Engine = getattr(importlib.import_module(module), function)()
    return engine


def serve_charts(pipe: "Connection[Answer, Question]", factory: str) -> None:
    """Build the engine, announce its version, answer until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides when we end
    threading.Thread(target=_end_with_parent, daemon=True).start()
    engine = load_engine(factory)
    pipe.send(engine.version)
    learned = NOTHING_LEARNED
    while True:
        try:
            asked = pipe.recv()
        except EOFError:
            return
        if isinstance(asked, LearnedState):
            learned = asked
        else:
            pipe.send(_answer(engine, replace(asked, learned=learned)))


def _answer(engine: Engine, chart: Chart) -> Suggestions | EngineFault:
    try:
        return engine.suggest(chart)
    except Exception as error:  # noqa: BLE001 - whatever a chart provokes, the process goes on with the next one
        return EngineFault(type(error).__name__)


def _end_with_parent() -> None:
    """A parent that was killed closes nothing in time for an engine in an endless loop."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
