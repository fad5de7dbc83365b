"""The workbench: server-rendered pages under `/workbench`, over the same use cases as the queue API.

Place in the flow: beside `api`, above `service`. Invariant: a page never does what the API cannot; no PHI reaches a
URL, a title or the browser's storage; the bearer token never reaches a script.
"""

from fastapi import FastAPI

from services.coder.settings import SessionSettings
from services.coder.workbench import (
    access,
    audits,
    automation,
    charts,
    code_changes,
    codes,
    differences,
    figures,
    glass,
    lists,
    my_queries,
    queries,
    threads,
    worklist,
)
from services.coder.workbench.pages import assets
from services.coder.workbench.sessions import Sessions
from shared.web.oidc.login import Logins
from shared.web.oidc.provider import Provider
from shared.web.rules import OPEN_PATHS, require_rules

_OPEN_PAGES = frozenset(
    {f"/workbench/{name}" for name in ("sign-in", "sign-in/return", "sign-out", "assets/{fingerprint}/{name}")}
)
"""What nobody needs to be signed in for."""


def install_workbench(app: FastAPI, sessions: SessionSettings | None = None) -> None:
    """Serve the workbench from `app`, whose `state` holds the tokens and, once it runs, the use cases."""
    app.state.sessions = Sessions(sessions)
    provider: Provider | None = app.state.provider
    app.state.logins = Logins(provider) if provider else None
    pages = (
        access,
        lists,
        worklist,
        charts,
        codes,
        code_changes,
        glass,
        queries,
        my_queries,
        threads,
        audits,
        differences,
        figures,
        automation,
    )
    for router in (assets, *(each.router for each in pages)):
        app.include_router(router, prefix="/workbench", include_in_schema=False)
    require_rules(app, open_paths=OPEN_PATHS | _OPEN_PAGES)
