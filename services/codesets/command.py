"""`chartline codesets`: load, status, diff, impact.

Invariant: standard output carries the answer only, as text or as one JSON object; a refusal says line and reason,
changes nothing and exits with 1.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from services.codesets import MIGRATION_PACKAGES, SCHEMA
from services.codesets.addenda import apply_to_loaded
from services.codesets.impact import read_impact
from services.codesets.printing import print_changes, print_impact, print_status
from services.codesets.references import compare_named, find_kind, find_kinds, read_changes, read_named_file
from services.codesets.status import read_status
from services.local.progress import Steps, show_steps
from shared.codesets.entry import FileRefused
from shared.codesets.kinds import Kind
from shared.codesets.opening import Opened, list_others, recognise_release
from shared.codesets.store import store_release
from shared.contracts.errors import ChartlineError
from shared.postgres.migrate import migrate
from shared.postgres.pool import Pool, open_pool
from shared.settings import ServiceSettings

T = TypeVar("T")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Load official code sets, and see what a new release changes. docs/codesets.md says where to get the files.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day on which look-ups use the release.")]


@app.command()
def load(
    kind_name: Annotated[str, typer.Argument(metavar="KIND", help="What the file is; `status` lists the kinds.")],
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", exists=True, dir_okay=False, help="The file as published, zipped or not; all its parts."
        ),
    ],
    effective: Day,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only read and count; no database is touched.")] = False,
    excerpt: Annotated[
        bool, typer.Option("--excerpt", help="The file is a part on purpose: do not ask for a whole.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Load one release: all of it in one transaction, or nothing."""
    with _refusals(as_json), show_steps(Console(stderr=True)) as steps:
        kinds = find_kinds(kind_name)
        with steps.step(f"Reading {' '.join(file.name for file in files)}"):
            kind, opened = recognise_release(kinds, *files, excerpt=excerpt)
        if others := list_others(kinds, kind, files[0]):
            steps.say(f"{files[0].name} also has {' and '.join(others)}: load each by that name.")
        new = (
            False
            if dry_run
            else asyncio.run(_with_pool(lambda pool: _store(pool, kind, opened, effective.date(), steps)))
        )
    counts = dict(opened.reading.counts)
    release = opened.reading.release or effective.date().isoformat()
    state = "read" if dry_run else "loaded" if new else "unchanged"
    if as_json:
        _print_json({"kind": kind.name, "release": release, "effective": effective.date(), "state": state, **counts})
    else:
        typer.echo(f"{kind.name} {release}: {', '.join(f'{n} {what}' for what, n in counts.items())}: {state}.")


async def _store(pool: Pool, kind: Kind, opened: Opened, effective: date, steps: Steps) -> bool:
    await migrate(pool, schema=SCHEMA, packages=MIGRATION_PACKAGES)
    with steps.step(f"Loading {kind.name}", len(opened.reading.entries)) as advance:
        async with pool.acquire() as connection, connection.transaction():
            made = await apply_to_loaded(connection, kind, opened, effective)
            if made:
                await store_release(connection, *made, effective, lambda done: None)
            return await store_release(connection, kind, opened, effective, advance)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Say what is loaded, what comes with Chartline, and what cannot be done for lack of a file."""
    with _refusals(as_json):
        rows = asyncio.run(_with_pool(read_status))
    if as_json:
        _print_json({"kinds": [asdict(row) for row in rows]})
    else:
        print_status(rows)


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="KIND@DATE, KIND@packaged, or with --kind a file.")],
    new: Annotated[str, typer.Argument(help="As OLD.")],
    kind_name: Annotated[str | None, typer.Option("--kind", help="The kind of both, when they are files.")] = None,
    as_json: AsJson = False,
) -> None:
    """Tell what a release adds, deletes and revises."""
    with _refusals(as_json):
        if kind_name:
            kind = find_kind(kind_name)
            changes = compare_named(*(read_named_file(kind, Path(name)) for name in (old, new)))
        else:
            changes = asyncio.run(_with_pool(lambda pool: read_changes(pool, old, new)))
    if as_json:
        _print_json(asdict(changes))
    else:
        print_changes(changes)


@app.command()
def impact(
    kind_name: Annotated[str, typer.Argument(metavar="KIND", help="The kind whose latest release is asked about.")],
    days: Annotated[int, typer.Option(min=0, help="How many days back claims are recent.")] = 90,
    as_json: AsJson = False,
) -> None:
    """List open work items, recent claims, payer rules and lexicon entries that the latest release touches."""
    with _refusals(as_json):
        kind = find_kind(kind_name)
        found = asyncio.run(_with_pool(lambda pool: read_impact(pool, kind, days)))
    if as_json:
        _print_json(asdict(found))
    else:
        print_impact(found)


async def _with_pool(use: Callable[[Pool], Awaitable[T]]) -> T:
    async with open_pool(ServiceSettings().postgres, application_name="chartline-codesets") as pool:
        return await use(pool)


@contextmanager
def _refusals(as_json: bool) -> Iterator[None]:
    """Turn a refusal into its message and exit code 1."""
    try:
        yield
    except (ChartlineError, OSError) as error:
        reason = error.message if isinstance(error, ChartlineError) else f"{type(error).__name__}: {error.strerror}"
        if as_json:
            _print_json({"refused": reason, "line": error.line if isinstance(error, FileRefused) else None})
        typer.echo(f"refused: {reason}", err=True)
        raise typer.Exit(code=1) from None


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, default=str, ensure_ascii=False))
