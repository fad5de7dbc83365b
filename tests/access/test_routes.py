"""Each role's forbidden list, route by route, made from the OpenAPI document of every service and from the pages.

A new route fails here until `routes.toml` says who may call it: the table is written by hand, so that a rule that was
loosened in a signature shows twice in a review.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple
from unittest.mock import MagicMock

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.datastructures import State

from services.claims import app as claims
from services.claims.settings import ClaimsSettings
from services.coder import app as coder
from services.coder.settings import CoderSettings
from services.coder.workbench.routing import COOKIE
from services.ingest import app as ingest
from services.ingest.settings import IngestSettings
from shared.web.rules import OPEN_PATHS, ROLES_EXTENSION, RouteWithoutRule, list_rules, require_rules
from shared.web.security import Principal, Role, hash_token
from shared.web.settings import WebSettings

TABLE = Path(__file__).with_name("routes.toml")
PEOPLE = {role: Principal(subject=role, practitioner=f"Practitioner/{role}", roles=frozenset({role})) for role in Role}
WEB = WebSettings(tokens={hash_token(role): person for role, person in PEOPLE.items()})
SERVICES: Mapping[str, Callable[[], FastAPI]] = {
    "coder": lambda: coder.create_app(CoderSettings(web=WEB)),
    "ingest": lambda: ingest.create_app(IngestSettings(web=WEB)),
    "claims": lambda: claims.create_app(ClaimsSettings(web=WEB)),
}
NOBODYS_ID = "00000000-0000-4000-8000-000000000000"


class Route(NamedTuple):
    """A route of a service, or of the pages of the workbench."""

    room: str
    method: str
    path: str

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def address(self) -> str:
        """The path with something in the place of every parameter."""
        return re.sub(r"\{\w*number\w*\}|\{quarantine_id\}", "1", re.sub(r"\{\w*_id\}", NOBODYS_ID, self.path))


def read_table() -> dict[tuple[str, str], frozenset[Role]]:
    """The roles that may call each route, by room and route."""
    rooms = tomllib.loads(TABLE.read_text())
    return {
        (room, name): frozenset(Role if roles == "everybody" else map(Role, roles))
        for room, rows in rooms.items()
        for name, roles in rows.items()
    }


TABLE_ROWS = read_table()


class NothingOpened(State):
    """The state of an application that was not started: what a start would put there is a stand-in."""

    def __getattr__(self, name: str) -> object:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return MagicMock()


@cache
def build(service: str) -> FastAPI:
    """The service's application; nothing is opened, so that only refusals can be answered."""
    app = SERVICES[service]()
    app.state = NothingOpened(app.state._state)
    return app


def list_operations() -> Iterator[tuple[Route, frozenset[Role] | None]]:
    """Every operation of every OpenAPI document with the roles that it publishes, and every page with its rule."""
    for service in SERVICES:
        for path, operations in build(service).openapi()["paths"].items():
            for method, operation in operations.items():
                if path not in OPEN_PATHS:
                    roles = operation.get(ROLES_EXTENSION)
                    yield Route(service, method.upper(), path), None if roles is None else frozenset(map(Role, roles))
    for method, path, roles in list_rules(build("coder")):
        if path.startswith("/workbench"):
            yield Route("workbench", method, path), roles


OPERATIONS = dict(list_operations())
FORBIDDEN = [
    pytest.param(route, role, id=f"{role} {route.room} {route.name}")
    for route in OPERATIONS
    for role in sorted(frozenset(Role) - TABLE_ROWS.get((route.room, route.name), frozenset()))
]


@pytest.mark.parametrize("route", OPERATIONS, ids=lambda route: f"{route.room} {route.name}")
def test_every_route_has_a_row_that_agrees_with_its_signature(route: Route) -> None:
    row = TABLE_ROWS.get((route.room, route.name))
    assert row is not None, f'{TABLE.name} lacks "{route.name}" in [{route.room}]: say there who may call it'
    assert OPERATIONS[route] == row


def test_the_table_names_no_route_that_is_not_there() -> None:
    assert set(TABLE_ROWS) == {(route.room, route.name) for route in OPERATIONS}


@pytest.mark.parametrize(("route", "role"), FORBIDDEN)
async def test_a_role_is_refused_what_its_list_forbids(route: Route, role: Role) -> None:
    app = build("coder" if route.room == "workbench" else route.room)
    transport = httpx.ASGITransport(app=app)
    headers = {"Origin": "https://chartline.example"}
    if route.room == "workbench":
        headers["Cookie"] = f"{COOKIE}={app.state.sessions.begin(PEOPLE[role])}"
    else:
        headers["Authorization"] = f"Bearer {role.value}"
    async with httpx.AsyncClient(transport=transport, base_url="https://chartline.example", headers=headers) as client:
        answer = await client.request(route.method, route.address)
    assert answer.status_code == 403
    assert "this needs the role" in answer.text


@pytest.mark.parametrize("route", OPERATIONS, ids=lambda route: f"{route.room} {route.name}")
async def test_nobody_comes_in_without_a_token(route: Route) -> None:
    transport = httpx.ASGITransport(app=build("coder" if route.room == "workbench" else route.room))
    headers = {"Origin": "https://chartline.example"}
    async with httpx.AsyncClient(transport=transport, base_url="https://chartline.example", headers=headers) as client:
        answer = await client.request(route.method, route.address)
    if route.room == "workbench":
        assert answer.headers["location"].startswith("/workbench/sign-in")
    else:
        assert answer.status_code == 401


def test_a_service_with_a_route_that_says_nothing_does_not_start() -> None:
    app, router = FastAPI(), APIRouter()

    @router.get("/v1/everything")
    async def tell_everything() -> str:
        return "all"

    app.include_router(router)
    with pytest.raises(RouteWithoutRule, match="/v1/everything has no rule"):
        require_rules(app)
