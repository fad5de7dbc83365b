"""ETags: an answer that has not changed is not sent again, and nobody changes what they have not read.

Place in the flow: `TAGGED` among a route's dependencies makes its answer carry an ETag and `If-None-Match` count, by
`EntityTags` around the application; a changing route takes `Revision` from `If-Match` and hands it to its use case,
which raises RevisionChanged. Invariants: an ETag changes with every byte of the answer; where the thing has a revision
the ETag begins with it, and `If-Match` compares that alone.
"""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, FastAPI, Header, Request, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.contracts.errors import InvalidContent
from shared.web.openapi import Node, amend_openapi

IF_MATCH, IF_NONE_MATCH = "If-Match", "If-None-Match"
CACHING = "private, no-cache"
"""Only the caller may keep an answer, and only to ask again with its ETag."""

_TAG = re.compile(r'^(?:W/)?"(\d{1,18})(?:-[0-9a-f]{1,64})?"$')
_WISH = "chartline.tag"
_OK, _NOT_MODIFIED = 200, 304
_DIGITS = 32

IfNoneMatch = Annotated[
    str | None,
    Header(
        alias=IF_NONE_MATCH,
        description="The ETag of an earlier answer: 304 without a body while nothing has changed.",
        examples=['"3-9f86d081884c7d659a2feaa0c55ad015"'],
    ),
]
_IfMatch = Header(
    alias=IF_MATCH,
    description="The ETag of the answer that the change is based on: refused with 412 when somebody changed it since.",
    examples=['"3"'],
)


def read_revision(tag: str) -> int:
    """Read the revision that an ETag begins with; raises InvalidContent."""
    found = _TAG.match(tag.strip())
    if not found:
        raise InvalidContent("send the ETag of an earlier answer, with its quotes", expression=f"header.{IF_MATCH}")
    return int(found[1])


def tag_revision(revision: int) -> str:
    """Write a revision as an ETag."""
    return f'"{revision}"'


async def _read_if_match(if_match: Annotated[str, _IfMatch]) -> int:
    return read_revision(if_match)


async def _read_if_match_any(if_match: Annotated[str | None, _IfMatch] = None) -> int | None:
    return read_revision(if_match) if if_match else None


Revision = Annotated[int, Depends(_read_if_match)]
"""The revision that the caller has read, from If-Match."""
RevisionOrNew = Annotated[int | None, Depends(_read_if_match_any)]
"""The same where a PUT also makes what is not there yet: None says that it must not be there."""


@dataclass
class _Wish:
    """Whether the answer is to have a tag, and which ones the caller knows."""

    tagged: bool = False
    known: str = ""


async def _tag_answer(request: Request, if_none_match: IfNoneMatch = None) -> None:
    wish: _Wish = request.scope.get(_WISH) or _Wish()
    wish.tagged, wish.known = True, if_none_match or ""


TAGGED = [Depends(_tag_answer)]
"""For a route that answers one thing: `dependencies=TAGGED`."""


def is_known(if_none_match: str | None, tag: str) -> bool:
    """Tell whether a caller has the answer with this tag already (RFC 9110, 13.1.2: weak comparison)."""
    known = {each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")}
    return "*" in known or tag in known


def answer_unchanged(tag: str) -> Response:
    """Answer that nothing has changed."""
    return Response(status_code=_NOT_MODIFIED, headers={"ETag": tag, "Cache-Control": CACHING})


class EntityTags:
    """Tags the answers that wish it, and leaves out the bodies that their callers have."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; a tagged answer is gathered first, for its tag stands before its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wish = scope[_WISH] = _Wish()
        gathered = _Gathered()

        async def send_tagged(message: Message) -> None:
            if message["type"] == "http.response.start" and wish.tagged and message["status"] == _OK:
                gathered.start = message
            elif gathered.start is None:
                await send(message)
            else:
                gathered.body += message.get("body", b"")
                if not message.get("more_body", False):
                    await gathered.answer(wish, scope, receive, send)

        await self._app(scope, receive, send_tagged)


@dataclass
class _Gathered:
    start: Message | None = None
    body: bytearray = field(default_factory=bytearray)

    async def answer(self, wish: _Wish, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.start is not None  # noqa: S101 - the body follows the start
        headers = MutableHeaders(raw=self.start["headers"])
        headers["ETag"] = tag = _write_tag(Headers(raw=self.start["headers"]).get("ETag", ""), bytes(self.body))
        if is_known(wish.known, tag):
            await answer_unchanged(tag)(scope, receive, send)
            return
        headers.setdefault("Cache-Control", CACHING)
        await send(self.start)
        await send({"type": "http.response.body", "body": bytes(self.body)})


def _write_tag(revision: str, body: bytes) -> str:
    digest = hashlib.sha256(body).hexdigest()[:_DIGITS]
    return f'{revision[:-1]}-{digest}"' if revision else f'"{digest}"'


def complete_tags(app: FastAPI) -> None:
    """Let the OpenAPI document of `app` tell where ETags are given."""

    def amend(document: Node) -> None:
        for operations in document["paths"].values():
            for operation in operations.values():
                named = {each["name"] for each in operation.get("parameters", ())}
                if named & {IF_MATCH, IF_NONE_MATCH} and "200" in operation["responses"]:
                    operation["responses"]["200"].setdefault("headers", {})["ETag"] = _TAG_HEADER
                if IF_NONE_MATCH in named:
                    operation["responses"]["304"] = {"description": "Nothing has changed since that ETag."}

    amend_openapi(app, amend)


_TAG_HEADER = {
    "description": "Changes with what is answered.",
    "schema": {"type": "string"},
    "example": '"3-9f86d081884c7d659a2feaa0c55ad015"',
}
