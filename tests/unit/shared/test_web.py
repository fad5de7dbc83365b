"""The web base: errors as OperationOutcome that repeat nothing, tokens by hash, body limit, health."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel

from shared.contracts.errors import Conflict, NotFound, Unavailable
from shared.web.app import create_service_app
from shared.web.security import Principal, Role, hash_token, require_principal
from shared.web.settings import WebSettings

SECRET = "Jane Roe"
AUDITOR = Principal(subject="ann", practitioner="Practitioner/ann", roles=frozenset({Role.AUDITOR}))
CODER = Principal(subject="bob", practitioner="Practitioner/bob", roles=frozenset({Role.CODER}))
ERRORS = {"conflict": Conflict, "missing": NotFound, "away": Unavailable}

router = APIRouter()


class Body(BaseModel):
    """What `/count` takes."""

    count: int


@router.get("/fail/{kind}")
async def fail(kind: str) -> None:
    """Raise one of our errors."""
    raise ERRORS[kind]("what is wrong, and the fix", expression="Claim.diagnosis")


@router.get("/crash")
async def crash() -> None:
    """Raise an error that nobody foresaw."""
    raise RuntimeError(SECRET)


@router.get("/database-away")
async def database_away() -> None:
    """Raise what a lost database raises."""
    raise ConnectionRefusedError(SECRET)


@router.post("/count")
async def count(body: Body) -> int:
    """Take a body."""
    return body.count


@router.get("/who")
async def who(principal: Annotated[Principal, Depends(require_principal("auditor"))]) -> str:
    """Let auditors in."""
    return principal.subject


@asynccontextmanager
async def nothing_to_open(_app: FastAPI) -> AsyncIterator[None]:
    yield


async def part_is_away() -> None:
    raise ConnectionRefusedError(SECRET)


async def part_is_there() -> None:
    return None


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = create_service_app(
        "test",
        description="",
        settings=WebSettings(max_body_bytes=200, tokens={hash_token("ann"): AUDITOR, hash_token("bob"): CODER}),
        lifespan=nothing_to_open,
        probes=lambda _app: {"there": part_is_there, "away": part_is_away},
    )
    app.include_router(router)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "status", "code", "issue_type"),
    [
        ("/fail/conflict", 409, "conflict", "conflict"),
        ("/fail/missing", 404, "not-found", "not-found"),
        ("/fail/away", 503, "unavailable", "transient"),
        ("/crash", 500, "internal", "exception"),
        ("/database-away", 503, "unavailable", "transient"),
        ("/nowhere", 404, "not-found", "not-found"),
    ],
)
async def test_an_error_is_an_operation_outcome(
    client: httpx.AsyncClient, path: str, status: int, code: str, issue_type: str
) -> None:
    answer = await client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/fhir+json"
    (issue,) = answer.json()["issue"]
    assert issue["code"] == issue_type
    assert issue["details"]["coding"][0]["code"] == code
    assert SECRET not in answer.text


async def test_an_error_names_its_place(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fail/conflict")
    assert answer.json()["issue"][0]["expression"] == ["Claim.diagnosis"]


async def test_an_invalid_body_is_named_by_place_and_not_repeated(client: httpx.AsyncClient) -> None:
    answer = await client.post("/count", json={"count": SECRET})
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["expression"] == ["body.count"]
    assert SECRET not in answer.text


async def test_a_body_over_the_limit_is_refused_whatever_its_length_says(client: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b'{"count": 1}   '

    answer = await client.post("/count", content=chunks(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


@pytest.mark.parametrize(("token", "status"), [("ann", 200), ("bob", 403), ("eve", 401), (None, 401)])
async def test_roles_decide_who_comes_in(client: httpx.AsyncClient, token: str | None, status: int) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = await client.get("/who", headers=headers)
    assert answer.status_code == status


async def test_health_readiness_and_metrics(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "alive"}
    ready = await client.get("/readyz")
    assert (ready.status_code, ready.json()) == (503, {"there": "ready", "away": "ConnectionRefusedError"})
    assert "python_info" in (await client.get("/metrics")).text
