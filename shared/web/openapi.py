"""The one way to add to the OpenAPI document of a service.

Place in the flow: rules, refusals, ETags and words each amend the document that FastAPI made, in the order in which
they were named. Invariant: an amendment changes nothing when it is made again, since FastAPI hands out one document.
"""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

Node = dict[str, Any]
"""A part of the document; Any, since what it holds differs by name."""


def amend_openapi(app: FastAPI, amend: Callable[[Node], None]) -> None:
    """Let `amend` change the document of `app` whenever it is asked for."""
    describe = app.openapi

    def openapi() -> Node:
        document = describe()
        amend(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI documents this way of extending the page
