"""Signing in and out.

Invariant: the token crosses the wire once, in the body of the sign-in form; what the browser keeps is the id of a
session, in a cookie that no script reads and no other site sends.
"""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.coder.workbench.pages import render_page
from services.coder.workbench.routing import COOKIE, SIGN_IN, WORKLIST, Form, PageRoute, redirect
from services.coder.workbench.sessions import Sessions
from shared.contracts.errors import Forbidden, Unauthenticated
from shared.web.security import BearerTokens, Principal, Role

_ROLES = frozenset({Role.CODER, Role.LEAD, Role.AUDITOR})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_PATH = "/workbench"

router = APIRouter(route_class=PageRoute)


@router.get("/sign-in")
async def show_sign_in() -> Response:
    """Show the sign-in page."""
    return render_page("sign_in.html", refusal=None, signed_in=None)


@router.post("/sign-in")
async def sign_in(request: Request, form: Form) -> Response:
    """Begin a session for the coder whose token it is, and go to the worklist."""
    tokens: BearerTokens = request.app.state.tokens
    sessions: Sessions = request.app.state.sessions
    try:
        principal = _require_coder(tokens.identify(form.get("token", "")))
    except (Unauthenticated, Forbidden) as error:
        refusal = "This token is not known." if isinstance(error, Unauthenticated) else error.message
        return render_page("sign_in.html", status=error.http_status, refusal=refusal, signed_in=None)
    sessions.end(request.cookies.get(COOKIE, ""))
    response = redirect(WORKLIST)
    # Over plain http, only to the same machine: any other browser drops a Secure cookie, and with it the session.
    secure = request.url.hostname not in _LOOPBACK
    response.set_cookie(COOKIE, sessions.begin(principal), path=_PATH, secure=secure, httponly=True, samesite="strict")
    return response


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End the session."""
    sessions: Sessions = request.app.state.sessions
    sessions.end(request.cookies.get(COOKIE, ""))
    response = redirect(SIGN_IN)
    response.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="strict")
    return response


def _require_coder(principal: Principal) -> Principal:
    if not principal.roles & _ROLES:
        raise Forbidden("The workbench needs the role coder, lead or auditor.")
    return principal
