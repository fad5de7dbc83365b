"""The rules of a whole service: every route has one, and the OpenAPI page says which roles it lets in.

Invariant: a service whose route has no rule does not start; only health, readiness, metrics and the API's own
page are open.
"""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from shared.contracts.errors import ChartlineError
from shared.web.openapi import Node, amend_openapi
from shared.web.security import Role, Rule

ROLES_EXTENSION = "x-chartline-roles"
"""In an OpenAPI operation: the roles that it lets in; absent where everybody may call."""
OPEN_PATHS = frozenset({"/healthz", "/readyz", "/metrics", "/docs"})


class RouteWithoutRule(ChartlineError):
    """A route that says nothing about who may call it."""

    code = "route-without-rule"


def list_rules(app: FastAPI) -> Iterator[tuple[str, str, frozenset[Role]]]:
    """Yield method, path and admitted roles of every route with a rule."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute):
            path, rules = route.path or "", list(_find_rules(route.dependant))
            for method in sorted(route.methods or ()) if rules else ():
                yield method, path, frozenset.intersection(*(rule.roles for rule in rules))


def require_rules(app: FastAPI, *, open_paths: frozenset[str] = OPEN_PATHS) -> None:
    """Raise RouteWithoutRule for the first route that has neither a rule nor a place among `open_paths`."""
    for route in iter_route_contexts(app.routes):
        if not isinstance(route.original_route, APIRoute) or route.path in open_paths:
            continue
        if not any(_find_rules(route.dependant)):
            raise RouteWithoutRule(f"{route.path} has no rule; give it a principal of require_principal(...)")


def publish_rules(app: FastAPI) -> None:
    """Write the rules on the OpenAPI page."""

    def amend(document: Node) -> None:
        for method, path, roles in list_rules(app):
            operation = document["paths"].get(path, {}).get(method.lower())
            if operation is not None:
                operation[ROLES_EXTENSION] = sorted(roles)

    amend_openapi(app, amend)


def _find_rules(dependant: Dependant) -> Iterator[Rule]:
    called: object = dependant.call
    if isinstance(called, Rule):
        yield called
    for each in dependant.dependencies:
        yield from _find_rules(each)
