"""`chartline backtest RULES.toml`: what new payer rules would have done to past claims, before anyone turns them on."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.claims import SCHEMA
from services.claims.backtest import Interval, Trial
from services.claims.edits import read_payer_rules
from services.claims.edits.model import Edit
from services.claims.edits.payer_rules import PayerRulesRefused
from services.claims.service.backtesting import BacktestService
from shared.postgres.pool import open_pool
from shared.settings import ServiceSettings

REFUSED = 2


def backtest(
    rules: Annotated[Path, typer.Argument(help="A TOML file of payer rules (docs/edits.md).", exists=True)],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run the rules on every past claim that a payer decided; changes nothing.

    For each rule: how many claims it would have stopped, how many of these the payer denied (at least in part), how
    many it took, the precision with its 95 % interval, and the share of all denied claims that the rule would catch.
    """
    try:
        edits = read_payer_rules(rules.read_text(encoding="utf-8"))
    except PayerRulesRefused as refused:
        typer.echo(refused.message, err=True)
        raise typer.Exit(REFUSED) from None
    trials = asyncio.run(_try(edits))
    if as_json:
        print(json.dumps({"rules": [describe_trial(trial) for trial in trials]}))  # noqa: T201 - the answer
    else:
        Console().print(_make_table(trials))


async def _try(edits: Sequence[Edit]) -> list[Trial]:
    async with open_pool(ServiceSettings().postgres, application_name="chartline-backtest") as pool:
        return await BacktestService(pool, SCHEMA).try_edits(edits)


def describe_trial(trial: Trial) -> dict[str, object]:
    """A trial with its shares, as JSON has it."""
    return {
        **asdict(trial),
        "stopped_taken": trial.stopped_taken,
        "precision": trial.precision,
        "precision_interval": trial.precision_interval,
        "caught": trial.caught,
    }


def _make_table(trials: Sequence[Trial]) -> Table:
    table = Table("rule", "claims", "stopped", "of these denied", "taken", "precision", "of all denied")
    for trial in trials:
        counts = (trial.judged, trial.stopped, trial.stopped_denied, trial.stopped_taken)
        shares = (_print_share(trial.precision, trial.precision_interval), _print_share(trial.caught))
        table.add_row(trial.edit, *map(str, counts), *shares)
    return table


def _print_share(share: float | None, interval: Interval | None = None) -> str:
    if share is None:
        return "-"
    return f"{share:.0%}" + (f" ({interval[0]:.0%} to {interval[1]:.0%})" if interval else "")
