"""`chartline audit`: verify, anchor, export.

Invariant: `verify` exits 1 when there is a finding, and each finding says what was done and where.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from shared.audit.chain import Anchor
from shared.audit.log import SQL
from shared.audit.seal import read_anchors, read_head, word_anchor
from shared.audit.verify import Verification, verify_chain
from shared.postgres.pool import Pool, open_pool
from shared.settings import ServiceSettings

T = TypeVar("T")
_PAGE = 1000

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Check the audit log's chain, print its head, hand the log out. docs/access.md says what is in it.",
)


@app.command()
def verify(
    anchors: Annotated[
        list[Path] | None,
        typer.Option(help="A file of anchors; else CHARTLINE_AUDIT__ANCHOR_FILE.", exists=True, dir_okay=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check every link of the chain; exits 1 when the log was tampered with."""
    settings = ServiceSettings()
    configured = settings.audit.anchor_file
    files = anchors or ([configured] if configured and configured.exists() else [])
    known = [anchor for file in files for anchor in _read_anchor_file(file)]
    result = asyncio.run(_with_pool(settings, lambda pool: verify_chain(pool, known)))
    typer.echo(json.dumps(to_json(result)) if as_json else describe(result, len(known)))
    raise typer.Exit(code=1 if result.findings else 0)


@app.command()
def anchor() -> None:
    """Print the head of the chain as a JSON line, to be kept where the database's account cannot write."""
    typer.echo(word_anchor(asyncio.run(_with_pool(ServiceSettings(), _read_head))))


@app.command()
def export(
    after: Annotated[int, typer.Option(min=0, help="The last place that an earlier export had.")] = 0,
) -> None:
    """Print the sealed events as ndjson: one FHIR AuditEvent a line, in the order of the chain."""
    asyncio.run(_with_pool(ServiceSettings(), lambda pool: _export(pool, after)))


def to_json(result: Verification) -> dict[str, object]:
    """What `verify --json` prints."""
    return {
        "events": result.events,
        "whole": not result.findings,
        "head": {"sequence": result.head.sequence, "hash": result.head.hash.hex()},
        "findings": [
            {"tampering": found.tampering, "first": found.sequence, "last": found.last} for found in result.findings
        ],
        "unsealed": result.unsealed,
    }


def describe(result: Verification, anchors: int) -> str:
    """What `verify` prints for people."""
    lines = [f"tampered with: {finding}" for finding in result.findings]
    if not anchors:
        lines.append("no anchor was given: an end that was cut off cannot be seen")
    if result.unsealed:
        lines.append(f"{result.unsealed} events wait for their place, the oldest since {result.unsealed_since}")
    state = "is not whole" if result.findings else "is whole"
    lines.append(f"The chain of {result.events} events {state}; {anchors} anchors compared.")
    return "\n".join(lines)


def _read_anchor_file(file: Path) -> list[Anchor]:
    try:
        return read_anchors(file.read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError) as error:
        raise typer.BadParameter(f"{file} does not hold anchors, one JSON object a line") from error


async def _read_head(pool: Pool) -> Anchor:
    async with pool.acquire() as connection:
        return await read_head(connection)


async def _export(pool: Pool, after: int) -> None:
    while rows := await SQL.fetch(pool, "read_chain", after=after, limit=_PAGE):
        sys.stdout.writelines(f"{row['body']}\n" for row in rows)
        after = rows[-1]["sequence"]


async def _with_pool(settings: ServiceSettings, use: Callable[[Pool], Awaitable[T]]) -> T:
    async with open_pool(settings.postgres, application_name="chartline-audit") as pool:
        return await use(pool)
