"""The page `/docs`: a service's API as one readable page, made of its own OpenAPI document.

Place in the flow: beside `/openapi.json`, which tools read. Invariant: it asks no other server for a script, a style or
a font, so that it works inside a hospital's network.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from shared.web.rules import ROLES_EXTENSION

Node = Mapping[str, Any]
"""A part of an OpenAPI document; what it holds differs by name."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One route as the page shows it. `roles` is empty where nobody needs to be known."""

    method: str
    path: str
    anchor: str
    tag: str
    summary: str
    description: str
    roles: tuple[str, ...]
    parameters: tuple[Node, ...]
    request: str
    answers: tuple[tuple[str, str, str], ...]


def make_reference(app: FastAPI) -> APIRouter:
    """Make the route of the page for `app`."""
    router = APIRouter()

    @router.get("/docs", include_in_schema=False)
    async def show_reference() -> HTMLResponse:
        """The API, to be read by people."""
        return HTMLResponse(render_reference(app.openapi()))

    return router


def render_reference(document: Node) -> str:
    """Render an OpenAPI 3.1 document as HTML."""
    by_tag: dict[str, list[Operation]] = {}
    for operation in list_operations(document):
        by_tag.setdefault(operation.tag, []).append(operation)
    by_tag["operations"] = by_tag.pop("operations", [])  # an operator's, so behind what integrators look for
    return _environment.get_template("reference.html").render(info=document["info"], by_tag=by_tag)


def list_operations(document: Node) -> Iterator[Operation]:
    """List the operations of a document in its order."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield Operation(
                method=method.upper(),
                path=path,
                anchor=operation["operationId"],
                tag=next(iter(operation.get("tags", ())), "other"),
                summary=operation.get("summary", ""),
                description=operation.get("description", ""),
                roles=tuple(operation.get(ROLES_EXTENSION, ())),
                parameters=tuple(operation.get("parameters", ())),
                request=_show_example(document, operation.get("requestBody", {})),
                answers=tuple(
                    (status, answer.get("description", ""), _show_example(document, answer))
                    for status, answer in operation["responses"].items()
                ),
            )


def _show_example(document: Node, body: Node) -> str:
    """The first example of a body, of its media type or of its schema; '' where there is none."""
    for content in body.get("content", {}).values():
        schema = _resolve(document, content.get("schema", {}))
        named = [each["value"] for each in content.get("examples", {}).values() if "value" in each]
        for example in (*named, *filter(None, [content.get("example")]), *schema.get("examples", ())):
            return json.dumps(example, indent=2, ensure_ascii=False)
    return ""


def _resolve(document: Node, schema: Node) -> Node:
    if "$ref" not in schema:
        return schema
    found: Node = document
    for step in schema["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


def show_prose(text: str) -> Markup:
    """Write a description as paragraphs, with what stands between backticks as code."""
    parts = (_CODE.sub(r"<code>\1</code>", escape(" ".join(part.split()))) for part in text.split("\n\n"))
    return Markup("".join(f"<p>{part}</p>" for part in parts if part))  # noqa: S704 - escaped above


_CODE = re.compile("`([^`]+)`")
_environment = Environment(
    loader=PackageLoader("shared.web", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_environment.filters["prose"] = show_prose
