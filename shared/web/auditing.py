"""Puts every request that reads PHI or changes something on record.

Place in the flow: around the whole application, outside its routes. Invariant: no answer leaves before its event is
written; a use case that changes something records it in its own transaction, and what none recorded is recorded here.
A request that nobody is known for, and a read of what holds no PHI, leave no event.
"""

from collections.abc import Awaitable, Callable

import asyncpg
from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.audit.event import Action, AuditedAction
from shared.audit.log import write_event
from shared.audit.trail import Trail, following, name_entity, name_operation
from shared.contracts.errors import Unavailable
from shared.postgres.pool import Pool
from shared.telemetry.logging import get_logger
from shared.transient import TRANSIENT_ERRORS
from shared.web.errors import answer_error

KeepEvent = Callable[[AuditedAction], Awaitable[None]]

_ACTIONS: dict[str, Action] = {"GET": "R", "HEAD": "R", "PUT": "U", "PATCH": "U", "DELETE": "D"}
_NOT_MODIFIED, _FIRST_ERROR, _FORBIDDEN = 304, 400, 403
_ID = "_id"
_FAILURES: tuple[type[Exception], ...] = (asyncpg.PostgresError, *TRANSIENT_ERRORS)
_log = get_logger(__name__)


async def keep_nothing(_done: AuditedAction) -> None:
    """What an application does that was not started: it has no database, so it has nothing to read or change."""


def audit_into(app: FastAPI, pool: Pool) -> None:
    """Keep the events of `app` in the audit log from now on."""

    async def keep(done: AuditedAction) -> None:
        await write_event(pool, done)

    app.state.keep_event = keep


async def note_route(request: Request) -> None:
    """Tell the trail which route was found and which ids its path has; a dependency of every route."""
    operation = request.scope["endpoint"].__name__.replace("_", "-")
    name_operation(operation, _ACTIONS.get(request.method, "E"))
    for name, value in request.path_params.items():
        if name.endswith(_ID):
            name_entity(name.removesuffix(_ID).replace("_", "-"), value)


class AuditTrail:
    """Follows each request; `app.state.keep_event` writes what no use case wrote."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; its answer begins when its event is written."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trail = Trail(self._service)
        failed = False

        async def send_on_record(message: Message) -> None:
            nonlocal failed
            if message["type"] == "http.response.start" and not await _settle(
                scope["app"].state.keep_event, trail, message["status"]
            ):
                failed = True
                await answer_error(Unavailable("the audit log cannot be written; try again"))(scope, receive, send)
            elif not failed:
                await send(message)

        with following(trail):
            await self._app(scope, receive, send_on_record)


async def _settle(keep: KeepEvent, trail: Trail, status: int) -> bool:
    """Record what needs to be on record and is not; False when that cannot be done."""
    refused = status == _FORBIDDEN
    done = status < _FIRST_ERROR and status != _NOT_MODIFIED
    if trail.recorded or trail.actor is None or not (refused or (done and trail.needs_record)):
        return True
    try:
        await keep(trail.describe("4" if refused else "0"))
    except _FAILURES as error:
        _log.error("audit-failed", error_class=type(error).__name__)
        return False
    return True
