"""`chartline ledger`: asks the running system whether it keeps the conservation law."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from prometheus_client import CollectorRegistry, write_to_textfile
from rich.console import Console
from rich.table import Table

from services.ledger.deep import find_unsettled
from services.ledger.ledger import Ledger, read_ledger
from shared.settings import ServiceSettings
from shared.telemetry.metrics import gauge

_findings = gauge("chartline_ledger_findings", "Breaches of the conservation law.")
_read_at = gauge("chartline_ledger_read_timestamp_seconds", "When the ledger was last read, Unix time.")


def show_ledger(
    deep: Annotated[bool, typer.Option(help="Also read every record that the broker keeps.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    textfile: Annotated[Path | None, typer.Option(help="Also write metrics here, for node_exporter to read.")] = None,
) -> None:
    """Prove that nothing was lost and nothing was done twice; exits 1 when that does not hold."""
    settings = ServiceSettings()
    ledger, findings = asyncio.run(_read(settings, deep))
    if textfile:
        write_metrics(textfile, len(findings))
    if as_json:
        print(json.dumps({**to_json(ledger), "findings": findings, "balanced": not findings}))  # noqa: T201 - the answer
    else:
        print_ledger(ledger, findings)
    raise typer.Exit(code=1 if findings else 0)


async def _read(settings: ServiceSettings, deep: bool) -> tuple[Ledger, list[str]]:
    ledger = await read_ledger(settings.postgres, settings.kafka)
    more = await find_unsettled(settings.postgres, settings.kafka) if deep else []
    return ledger, [*ledger.findings, *more]


def write_metrics(textfile: Path, findings: int) -> None:
    """Write what an alert needs, whole or not at all; a name that ends in `.prom` is one that node_exporter reads."""
    _findings.set(findings)
    _read_at.set_to_current_time()
    registry = CollectorRegistry()
    for each in (_findings, _read_at):
        registry.register(each)
    write_to_textfile(str(textfile), registry)


def to_json(ledger: Ledger) -> dict[str, object]:
    """The ledger as JSON: totals, states, what is in flight, and the routes."""
    return {
        "balanced": ledger.balanced,
        "at_rest": ledger.at_rest,
        "totals": dict(ledger.totals),
        "work_items": dict(ledger.work_items),
        "claims": dict(ledger.claims),
        "routes": [{**asdict(route), "route": str(route.route.topic)} for route in ledger.routes],
        "in_flight": list(ledger.in_flight),
        "findings": list(ledger.findings),
    }


def print_ledger(ledger: Ledger, findings: list[str]) -> None:
    """Print it for people."""
    console = Console()
    table = Table("room", "topic", "applied", "stale", "duplicate", "quarantined")
    for room in ledger.rooms:
        for topic in sorted({topic for topic, _ in room.outcomes}):
            outcomes = ("applied", "stale", "duplicate", "quarantined")
            table.add_row(room.name, topic, *[str(room.outcomes.get((topic, outcome), 0)) for outcome in outcomes])
    console.print(table)
    for route in ledger.routes:
        console.print(f"{route.route.topic}: {route.published} published, {route.received} received")
    for line in ledger.in_flight:
        console.print(f"in flight: {line}")
    for finding in findings:
        console.print(f"[bold red]breach:[/] {finding}")
    console.print("The ledger balances." if not findings else "The ledger does not balance.")
