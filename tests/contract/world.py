"""A service to be asked anything: its application on a real database that has something of everything in it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import anyio.from_thread
import httpx
from fastapi import FastAPI

from shared.web.security import Principal, Role, hash_token
from shared.web.settings import WebSettings

Row = Mapping[str, str]
"""What belongs together: parameter and field names with values that are there, such as a chart with its lease."""

SELF = "Patient/self"
"""The patient that every caller is, so that there are charts that are closed to them."""
PEOPLE = {
    role: Principal(
        subject=role,
        practitioner=f"Practitioner/{role}",
        roles=frozenset({role}),
        clearances=frozenset({"vip", "employee"}),
        own_records=frozenset({SELF}),
    )
    for role in Role
}
WEB = WebSettings(tokens={hash_token(role): person for role, person in PEOPLE.items()})
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True)
class World:
    """An application and what is in its database."""

    app: FastAPI
    rows: Sequence[Row]


@contextmanager
def asking(world: World, portal: anyio.from_thread.BlockingPortal) -> Iterator["Asker"]:
    """Open a client in the event loop that the world lives in."""
    transport = httpx.ASGITransport(app=world.app, raise_app_exceptions=False)
    client = httpx.AsyncClient(transport=transport, base_url="http://service")
    with portal.wrap_async_context_manager(client):
        yield Asker(client, portal)


@dataclass(frozen=True)
class Asker:
    """A client for tests that are not coroutines."""

    client: httpx.AsyncClient
    portal: anyio.from_thread.BlockingPortal

    def ask(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read its answer."""
        return self.portal.call(self.client.send, request)


def put_what_is_there(value: object, row: Row, name: str = "") -> object:
    """Replace what is well-formed under a name of `row`, so that it is something that is there."""
    if isinstance(value, dict):
        return {key: put_what_is_there(each, row, key) for key, each in value.items()}
    if isinstance(value, list):
        return [put_what_is_there(each, row, name) for each in value]
    there = row.get(name)
    if isinstance(value, int) and value > 0 and there is not None and there.isdigit():
        return int(there)
    fits = isinstance(value, str) and there is not None and bool(_UUID.fullmatch(value)) == bool(_UUID.fullmatch(there))
    return there if fits else value
