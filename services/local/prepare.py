"""`chartline migrate` and `chartline topics`: what must be there before the services run."""

import asyncio

import typer

from services.local.database import migrate_services
from shared.contracts.topics import TOPICS
from shared.kafka.admin import create_topics
from shared.settings import ServiceSettings


def migrate() -> None:
    """Bring the tables of every service up to date, in the database of CHARTLINE_POSTGRES__DSN."""
    applied = asyncio.run(migrate_services(ServiceSettings().postgres))
    for name in applied:
        typer.echo(f"applied {name}")
    typer.echo(f"{len(applied)} migrations applied; the tables are up to date.")


def topics() -> None:
    """Create the Kafka topics that are missing, on the broker of CHARTLINE_KAFKA__BOOTSTRAP_SERVERS."""
    created = asyncio.run(create_topics(ServiceSettings().kafka, TOPICS))
    for name in created:
        typer.echo(f"created {name}")
    typer.echo(f"{len(created)} topics created; {len(TOPICS)} are there.")
