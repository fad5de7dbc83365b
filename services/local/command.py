"""`chartline demo`: options, signals, what is printed and the exit code.

Invariant: however it ends, every process that it started has ended before it returns.
"""

import asyncio
import json
import signal
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.local.broker import BrokerKind
from services.local.demo import DemoOptions, leave_charts, run_demo
from services.local.errors import ChildFailed, LocalStackError
from services.local.progress import show_steps
from services.local.stack import QUEUE_PORT, Stack
from services.local.state import DEFAULT_FOLDER, StateFolder, hold_state

INTERRUPTED = 130


def demo(
    charts: Annotated[int, typer.Option(min=1, help="How many charts the day has.")] = 40,
    leave: Annotated[bool, typer.Option("--exit", help="Stop by itself instead of staying up.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
    keep: Annotated[
        bool, typer.Option(help="Go on with the data of the demo before, with another day; else start empty.")
    ] = False,
    broker: Annotated[BrokerKind | None, typer.Option(help="Force a broker; else the best one here.")] = None,
    rate: Annotated[float | None, typer.Option(help="FHIR events a second; without it, as fast as Kafka goes.")] = None,
    seed: Annotated[int | None, typer.Option(help="Which simulated day; the same seed is the same day.")] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where the workbench listens if that is free; 0 takes any.")
    ] = QUEUE_PORT,
    state: Annotated[Path, typer.Option(help="Where data and logs are kept.")] = DEFAULT_FOLDER,
) -> None:
    """Run one simulated hospital day on this machine: PostgreSQL, Kafka, three services, coders and a payer.

    Exits 1 when anything is unaccounted for. Without --keep each demo starts with an empty database and an empty Kafka;
    what it needs to download and simulate is cached in ~/.cache/chartline (CHARTLINE_CACHE_DIR).
    """
    console = Console(stderr=True)
    options = DemoOptions(charts=charts, events_per_second=rate, broker=broker, seed=seed, keep=keep, port=port)
    raise typer.Exit(_run_to_exit_code(_demo(state, options, console, leave=leave, as_json=as_json), console))


def _run_to_exit_code(demonstration: Coroutine[None, None, int], console: Console) -> int:
    try:
        return asyncio.run(demonstration)
    except asyncio.CancelledError:
        console.print("Interrupted; everything is stopped.")
        return INTERRUPTED
    except (LocalStackError, ExceptionGroup) as error:
        causes = list(find_causes(error))
        if not causes:
            raise
        for cause in causes:
            explain(console, cause)
        return 1


async def _demo(state_folder: Path, options: DemoOptions, console: Console, *, leave: bool, as_json: bool) -> int:
    interruption = Interruption()
    with hold_state(state_folder) as state, show_steps(console) as steps:
        state.forget_logs()
        async with run_demo(state, options, steps) as (stack, outcome):
            charts = 0 if leave else await leave_charts(stack, state, steps)
            steps.finish()
            console.print(outcome.as_table())
            if not leave:
                console.print(describe_access(state, stack, charts), highlight=False, markup=False, soft_wrap=True)
                await interruption.wait()
                console.print("Stopping ...")
    if as_json:
        print(json.dumps(outcome.as_json()))  # noqa: T201 - the answer
    return 0 if outcome.complete else 1


class Interruption:
    """Ctrl-C or SIGTERM: cancels the running task once, or ends `wait` when everything is done already."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._task = asyncio.current_task()
        self._waiting = False
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._interrupt)

    async def wait(self) -> None:
        """Return when the user wants to stop."""
        self._waiting = True
        await self._asked.wait()

    def _interrupt(self) -> None:
        if self._task and not self._waiting and not self._asked.is_set():
            self._task.cancel()
        self._asked.set()


def find_causes(error: BaseException) -> Iterator[LocalStackError]:
    """Find what a user can do something about in an error or a group of them."""
    if isinstance(error, LocalStackError):
        yield error
    elif isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from find_causes(part)


def explain(console: Console, cause: LocalStackError) -> None:
    """Print what is wrong, and of a child the last lines that it wrote."""
    console.print(f"[bold red]{cause.message}", soft_wrap=True)
    if isinstance(cause, ChildFailed):
        for line in cause.log_tail:
            console.print(f"  {line}", style="dim", markup=False, highlight=False, soft_wrap=True)


def describe_access(state: StateFolder, stack: Stack, charts: int) -> str:
    """Say where everything listens, and with which token."""
    token = next(iter(stack.tokens.values()))
    return f"""
The stack stays up until Ctrl-C. Simulated coders rest; {charts} charts in the queue are yours.
  queue API       {stack.urls["coder"]}/docs
  workbench       {stack.urls["coder"]}/workbench/ (choose who you are)
  API token       {token}
  your own FHIR   set -a; . {state.variables}; chartline replay PATH
  the ledger      set -a; . {state.variables}; chartline ledger
  logs            {state.logs}
"""
