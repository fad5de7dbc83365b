"""The page about an API: everything that the document says, and nothing from another server."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel, Field

from shared.web.app import create_service_app
from shared.web.security import Role, require_principal
from shared.web.settings import WebSettings

router = APIRouter(prefix="/v1", tags=["parrots"])


class Parrot(BaseModel):
    """A bird."""

    model_config = {"json_schema_extra": {"examples": [{"name": "<b>Polly</b>"}]}}

    name: str = Field(description="What it is called.")


@router.post("/parrots/{place}", dependencies=[Depends(require_principal(Role.LEAD))])
async def keep_parrot(
    place: str, parrot: Parrot, loud: Annotated[bool, Field(description="Whether.")] = False
) -> Parrot:
    """Keep a parrot at a place."""
    return parrot


@asynccontextmanager
async def nothing(_app: FastAPI) -> AsyncIterator[None]:
    yield


async def read_page() -> str:
    app = create_service_app(
        "Aviary", description="Birds.", settings=WebSettings(), lifespan=nothing, probes=lambda _: {}, routers=[router]
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://aviary") as client:
        return (await client.get("/docs")).text


async def test_the_page_shows_what_the_document_says() -> None:
    page = await read_page()
    for words in (
        "Aviary API",
        "POST /v1/parrots/{place}",
        "Keep a parrot at a place.",
        "For lead.",
        "<code>422</code>",
    ):
        assert words in page
    assert "&lt;b&gt;Polly" in page
    assert "<b>Polly" not in page


async def test_the_page_asks_nobody_else() -> None:
    page = await read_page()
    assert re.findall(r"<script|@import|url\(|(?:src|href)=\"(?!#|/openapi\.json)", page) == []
