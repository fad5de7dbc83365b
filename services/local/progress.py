"""Shows how far a long step is: bars on a terminal, else a line where a step begins and one where it ends.

Everything goes to standard error, so that standard output carries answers only. Steps may run at the same time.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Advance = Callable[[int], None]
"""Tells how many units of the step are done by now."""


class Steps:
    """The steps of one command, shown on `console`."""

    def __init__(self, console: Console, progress: Progress | None) -> None:
        self.console = console
        self._progress = progress

    def say(self, text: str) -> None:
        """Print a line of its own."""
        self.console.print(text, highlight=False)

    def finish(self) -> None:
        """Show the steps as they are for the last time."""
        if self._progress:
            self._progress.stop()

    @contextmanager
    def step(self, title: str, total: int | None = None) -> Iterator[Advance]:
        """Show a step while its block runs; with `total` the yielded function moves its bar."""
        shown = self._show_bar(title, total) if self._progress else self._show_lines(title, total)
        yield from shown

    def _show_bar(self, title: str, total: int | None) -> Iterator[Advance]:
        assert self._progress is not None  # noqa: S101 - `step` asked
        progress = self._progress
        task = progress.add_task(title, total=total, count=f"0/{total}" if total else "")

        def advance(done: int) -> None:
            progress.update(task, completed=done, count=f"{done}/{total}" if total else "")

        yield advance
        if total is None:
            progress.update(task, total=1, completed=1)

    def _show_lines(self, title: str, total: int | None) -> Iterator[Advance]:
        began = time.monotonic()
        self.say(f"{title} ...")
        yield lambda done: None
        count = "" if total is None else f" ({total})"
        self.say(f"{title}{count}: done in {time.monotonic() - began:.1f} s")


@contextmanager
def show_steps(console: Console) -> Iterator[Steps]:
    """Show the steps of this block on `console`, which should write to standard error."""
    if not console.is_terminal:
        yield Steps(console, None)
        return
    columns = (
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        yield Steps(console, progress)
