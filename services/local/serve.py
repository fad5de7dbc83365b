"""`chartline run`: one service as a process, served by uvicorn on uvloop until SIGTERM has drained it."""

import contextlib
from collections.abc import Callable
from enum import StrEnum
from importlib import import_module
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI

from shared.settings import ServiceSettings
from shared.telemetry.export import exporting_traces
from shared.telemetry.logging import configure_logging
from shared.web.closing import ClosingServer

_NOT_STARTED = 3
"""The exit code of uvicorn itself."""


class ServiceName(StrEnum):
    """The services."""

    INGEST = "ingest"
    CODER = "coder"
    CLAIMS = "claims"


def run(service: Annotated[ServiceName, typer.Argument(help="Which one.")]) -> None:
    """Run one service. Its settings are environment variables, such as CHARTLINE_WEB__PORT; docs/runbook.md has all."""
    settings_class: type[ServiceSettings] = getattr(
        import_module(f"services.{service}.settings"), f"{service.capitalize()}Settings"
    )
    create_app: Callable[[ServiceSettings], FastAPI] = import_module(f"services.{service}.app").create_app
    settings = settings_class()
    configure_logging(settings.telemetry, service=service)
    with exporting_traces(settings.telemetry, service=service):
        serve(create_app(settings), settings)


def serve(app: FastAPI, settings: ServiceSettings) -> None:
    """Serve `app` where `settings.web` says. Requests that are open at the end get as long as the loops get."""
    config = uvicorn.Config(
        app,
        host=settings.web.host,
        port=settings.web.port,
        loop="uvloop",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=int(settings.web.drain_seconds),
    )
    server = ClosingServer(app, config)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise typer.Exit(_NOT_STARTED)
