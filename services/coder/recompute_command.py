"""`chartline recompute`: whether the engine says again what it once said of a chart, for an audit.

Invariant: read-only, and nothing of a document is printed; a code that differs is named, the words behind it are not.
"""

import asyncio
import json
from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

import typer

from services.coder.engine.model import Engine, Suggestion, Suggestions
from services.coder.engine_process import load_engine
from services.coder.service.recomputing import Recomputation, recompute_run
from services.coder.settings import CoderSettings
from services.coder.work_item import ChartId
from shared.contracts.errors import ChartlineError
from shared.postgres.pool import open_pool
from shared.postgres.settings import PostgresSettings


def recompute(
    chart_id: UUID,
    version: Annotated[int | None, typer.Option(help="The chart's version; by default the last one coded.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compute a stored run again; exits 1 when anything differs, 2 when it cannot be computed here."""
    settings = CoderSettings()
    engine = load_engine(settings.coder.engine.factory)
    try:
        run = asyncio.run(_recompute(settings.postgres, engine, ChartId(chart_id), version))
    except ChartlineError as error:
        typer.echo(f"cannot be computed again: {error}", err=True)
        raise typer.Exit(code=2) from None
    differences = list(find_differences(run.stored, run.computed))
    if as_json:
        answer = {"exact": run.is_exact, "suggestions": len(run.stored.suggestions), "differences": differences}
        typer.echo(json.dumps(answer))
    else:
        typer.echo("\n".join(differences) or f"reproduced exactly: {len(run.stored.suggestions)} suggestions")
    raise typer.Exit(code=0 if run.is_exact else 1)


async def _recompute(
    postgres: PostgresSettings, engine: Engine, chart_id: ChartId, version: int | None
) -> Recomputation:
    async with open_pool(postgres, application_name="chartline-recompute") as pool:
        return await recompute_run(pool, engine, chart_id, version)


def find_differences(stored: Suggestions, computed: Suggestions) -> Iterator[str]:
    """One line for each thing that the two answers do not share: codes, their order, their parts, indicators."""
    before, now = ({(each.system, each.code): each for each in one.suggestions} for one in (stored, computed))
    yield from (f"{code}: stored, and not computed" for system, code in before if (system, code) not in now)
    yield from (f"{code}: computed, and not stored" for system, code in now if (system, code) not in before)
    shared = [key for key in before if key in now]
    for key in shared:
        if parts := ", ".join(_find_parts(before[key], now[key])):
            yield f"{key[1]}: differs in {parts}"
    if shared != [key for key in now if key in before]:
        yield "the order differs"
    if stored.indicators != computed.indicators:
        yield "the indicators differ"
    if stored.version != computed.version:
        yield "the versions differ"


def _find_parts(before: Suggestion, now: Suggestion) -> Iterator[str]:
    return (part for part in Suggestion._fields if getattr(before, part) != getattr(now, part))
