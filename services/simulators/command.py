"""`chartline replay` and `chartline simulate`: the outside world from the command line."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.local.progress import show_steps
from services.simulators.events import read_events
from services.simulators.issuer import run_issuer
from services.simulators.payer import PayerSettings, run_payer
from services.simulators.physician import answer_queries
from services.simulators.replay import send_events
from shared.kafka.producer import open_producer
from shared.settings import ServiceSettings
from shared.telemetry.logging import configure_logging


class Peer(StrEnum):
    """Who can be simulated as a process."""

    PAYER = "payer"
    ISSUER = "issuer"
    PHYSICIAN = "physician"


def replay(
    path: Annotated[Path, typer.Argument(help="A file or folder: ndjson, JSON resources, Bundles.", exists=True)],
    rate: Annotated[float | None, typer.Option(help="Events a second; without it, as fast as Kafka goes.")] = None,
) -> None:
    """Send FHIR to Kafka as an integration engine would: each resource's bytes as they are, in order of time.

    Encounter and DiagnosticReport go to their topics under the id of the encounter, everything else to fhir.resource.v1
    under its own id. The broker is that of CHARTLINE_KAFKA__BOOTSTRAP_SERVERS.
    """
    asyncio.run(_replay(path, rate))


async def _replay(path: Path, rate: float | None) -> None:
    reading = await asyncio.to_thread(read_events, path)
    with show_steps(Console(stderr=True)) as steps:
        for file in reading.skipped:
            steps.say(f"skipped {file}: no FHIR in it")
        async with open_producer(ServiceSettings().kafka) as producer:
            with steps.step("Streaming FHIR events into Kafka", len(reading.events)) as advance:
                await send_events(producer, reading.events, events_per_second=rate, advance=advance)
    typer.echo(f"{len(reading.events)} events sent.")


def simulate(
    peer: Annotated[Peer, typer.Argument(help="Who.")],
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port to listen on.")] = 8090,
    coders: Annotated[int, typer.Option(min=0, help="How many simulated coders the issuer knows.")] = 0,
    kafka: Annotated[bool, typer.Option(help="Also answer claim.bundle.v1 on claim.response.v1.")] = False,
) -> None:
    """Run a simulated peer.

    `payer` answers `POST /<payer>/fhir/Claim/$submit`, and on request the two topics of payers on Kafka. `issuer` is
    the identity provider of demos: choose a person, no password; on the loopback only, never beside a real one.
    `physician` answers queries on Kafka, and writes the addendum to the hospital's stream.
    """
    if peer is Peer.ISSUER:
        run_issuer(host, port, coders)
        return
    settings = ServiceSettings()
    configure_logging(settings.telemetry, service=f"simulated-{peer}")
    if peer is Peer.PHYSICIAN:
        asyncio.run(answer_queries(settings.kafka))
        return
    run_payer(PayerSettings(host=host, port=port, kafka=settings.kafka if kafka else None))
