"""ETags: the same answer is not sent twice, and a changed one is."""

from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI, Header, Response

from shared.contracts.errors import InvalidContent
from shared.web.tags import TAGGED, EntityTags, is_known, read_revision, tag_revision


def make_app() -> FastAPI:
    app = FastAPI()
    app.add_middleware(EntityTags)

    @app.get("/thing", dependencies=TAGGED)
    async def read_thing(
        response: Response, word: str = "same", revision: Annotated[int | None, Header()] = None
    ) -> str:
        if revision:
            response.headers["ETag"] = tag_revision(revision)
        return word

    @app.get("/other")
    async def read_other() -> str:
        return "other"

    return app


async def get(path: str, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=make_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        return await client.get(path, headers=headers)


async def test_what_the_caller_has_is_not_sent_again() -> None:
    first = await get("/thing")
    assert (first.status_code, first.headers["cache-control"]) == (200, "private, no-cache")
    again = await get("/thing", **{"If-None-Match": f'"x", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    changed = await get("/thing?word=another", **{"If-None-Match": first.headers["etag"]})
    assert (changed.status_code, changed.json()) == (200, "another")


async def test_a_tag_begins_with_the_revision_and_changes_with_the_answer_all_the_same() -> None:
    one, other = [(await get(f"/thing?word={word}", revision="7")).headers["etag"] for word in ("a", "b")]
    assert one != other
    assert read_revision(one) == read_revision(other) == 7


async def test_an_answer_that_nobody_tagged_stays_as_it_is() -> None:
    assert "etag" not in (await get("/other", **{"If-None-Match": "*"})).headers


@pytest.mark.parametrize("tag", ["1", "*", '"one"', '"1', '"1-xyz"', ""])
def test_what_names_no_revision_is_refused(tag: str) -> None:
    with pytest.raises(InvalidContent, match="ETag of an earlier answer"):
        read_revision(tag)


def test_every_answer_is_known_to_who_asks_for_any() -> None:
    assert is_known("*", '"1"')
    assert not is_known(None, '"1"')
