"""Signing in and out: at the identity provider, or, where none is configured, by a token.

Invariant: no token of the provider reaches the browser, and one that is typed crosses the wire once, in the body of a
form; what the browser keeps is the id of a session, in a cookie that no script reads and no other site sends.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from services.coder.workbench.pages import render_page
from services.coder.workbench.routing import COOKIE, SIGN_IN, WORKLIST, Form, PageRoute, redirect, require_session
from services.coder.workbench.sessions import Sessions
from shared.audit.trail import expect_record, name_actor
from shared.contracts.errors import ChartlineError, Forbidden, Unauthenticated
from shared.web.oidc.login import ATTEMPT_SECONDS, Logins
from shared.web.oidc.settings import LOOPBACK
from shared.web.security import BearerTokens, Principal, Role

_ROLES = frozenset({Role.CODER, Role.LEAD, Role.AUDITOR, Role.PHYSICIAN})
_PATH = "/workbench"
_RETURN = f"{SIGN_IN}/return"
_ATTEMPT_COOKIE = "chartline_sign_in"
"""Lax, unlike the session's: it comes back with the provider's redirect, which begins at another site."""

router = APIRouter(route_class=PageRoute)

AnySession = Annotated[Principal, Depends(require_session(*_ROLES, phi=False))]


@router.get("/sign-in")
async def show_sign_in(request: Request, goal: str = "", again: bool = False) -> Response:
    """Lead to the identity provider and back to `goal`; `again` has it ask who is there, after a session has ended."""
    logins: Logins | None = request.app.state.logins
    if logins is None or not goal or (again and "asked" not in request.query_params):
        return _render_sign_in(request, ended=again, goal=_stay_here(goal))
    try:
        state, address = await logins.begin(
            goal=_stay_here(goal), redirect_uri=_find_redirect_uri(request), afresh=again
        )
    except ChartlineError as error:
        return _render_sign_in(request, error)
    response = redirect(address)
    response.set_cookie(
        _ATTEMPT_COOKIE,
        state,
        max_age=ATTEMPT_SECONDS,
        path=_RETURN,
        secure=_is_secure(request),
        httponly=True,
        samesite="lax",
    )
    return response


@router.get("/sign-in/return")
async def finish_sign_in(request: Request, state: str = "", code: str = "", iss: str | None = None) -> Response:
    """Begin a session for whom the identity provider sends back."""
    logins: Logins | None = request.app.state.logins
    kept = request.cookies.get(_ATTEMPT_COOKIE, "")
    try:
        if logins is None or not code:
            raise Unauthenticated("The sign-in was not completed; begin again.")
        principal, goal = await logins.finish(state=state, kept_state=kept, code=code, issuer=iss)
        session_id = _begin_session(request, principal)
    except ChartlineError as error:
        return _render_sign_in(request, error)
    # A page, not a redirect: the way here began at another site, so a redirect would come without the strict cookie.
    response = render_page("signed_in.html", goal=goal, signed_in=None)
    response.delete_cookie(_ATTEMPT_COOKIE, path=_RETURN)
    _set_session_cookie(request, response, session_id)
    return response


@router.post("/sign-in")
async def sign_in(request: Request, form: Form) -> Response:
    """Begin a session for the person whose token it is, and go to the worklist."""
    tokens: BearerTokens = request.app.state.tokens
    try:
        if request.app.state.logins:
            raise Forbidden("Sign in at the identity provider.")
        session_id = _begin_session(request, tokens.identify(form.get("token", "")))
    except ChartlineError as error:
        return _render_sign_in(request, error)
    response = redirect(WORKLIST)
    _set_session_cookie(request, response, session_id)
    return response


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End the session."""
    sessions: Sessions = request.app.state.sessions
    sessions.end(request.cookies.get(COOKIE, ""))
    response = redirect(SIGN_IN)
    response.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="strict")
    return response


@router.get("/session")
async def tell_session(_principal: AnySession) -> Response:
    """Tell an open page that its session is not over; else it is led to the sign-in."""
    return Response(status_code=204)


def _begin_session(request: Request, principal: Principal) -> str:
    name_actor(principal.as_actor())
    expect_record()
    if not principal.roles & _ROLES:
        raise Forbidden("The workbench needs the role coder, lead, auditor or physician.")
    sessions: Sessions = request.app.state.sessions
    sessions.end(request.cookies.get(COOKIE, ""))
    return sessions.begin(principal)


def _set_session_cookie(request: Request, response: Response, session_id: str) -> None:
    response.set_cookie(COOKIE, session_id, path=_PATH, secure=_is_secure(request), httponly=True, samesite="strict")


def _render_sign_in(
    request: Request, error: ChartlineError | None = None, *, ended: bool = False, goal: str = WORKLIST
) -> Response:
    refusal = error.message if error else None
    by_token = request.app.state.logins is None
    if by_token and isinstance(error, Unauthenticated):
        refusal = "This token is not known."
    return render_page(
        "sign_in.html",
        status=error.http_status if error else 200,
        refusal=refusal,
        ended=ended,
        goal=goal,
        by_token=by_token,
        signed_in=None,
    )


def _stay_here(goal: str) -> str:
    """Only pages of the workbench are goals; anything else could lead people to a stranger's site."""
    return goal if goal.startswith(WORKLIST) and not goal.startswith(SIGN_IN) and "\\" not in goal else WORKLIST


def _find_redirect_uri(request: Request) -> str:
    return request.app.state.provider.settings.redirect_uri or str(request.base_url.replace(path=_RETURN))


def _is_secure(request: Request) -> bool:
    """Over plain http, only to the same machine: any other browser drops a Secure cookie, and with it the session."""
    return request.url.hostname not in LOOPBACK
