"""What holds for every page: it is private, it runs no foreign script, and only its own forms change anything.

Place in the flow: between FastAPI and the routes. Invariant: a request that changes something comes from a page of this
very origin, whatever cookie it carries; a refusal is a page too.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute

from services.coder.glass import ChartRestricted
from services.coder.workbench.pages import render_page
from services.coder.workbench.sessions import Sessions
from shared.audit.trail import name_actor
from shared.contracts.errors import ChartlineError, Forbidden, InvalidContent, NotFound, Unauthenticated
from shared.web.security import Principal, Role, Rule

COOKIE = "chartline_session"
SIGN_IN = "/workbench/sign-in"
WORKLIST = "/workbench/"
MY_QUERIES = "/workbench/my-queries"
READERS = frozenset({Role.CODER, Role.LEAD, Role.AUDITOR})
"""Who may see charts."""

_UNATTENDED = "chartline-unattended"
_MAX_FIELDS = 1000
"""The review of a long stay has the most."""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers would send "Origin: null" with our own forms
    "X-Content-Type-Options": "nosniff",
}


class PageRoute(APIRoute):
    """A route whose answers are pages."""

    # Any: what FastAPI's own signature says.
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route: check the origin, turn refusals into pages, set the headers."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            response = await _answer(request, handle)
            response.headers.update(_HEADERS)
            return response

        return answer


async def _answer(request: Request, handle: Callable[[Request], Coroutine[Any, Any, Response]]) -> Response:
    try:
        if request.method != "GET":
            require_own_origin(request)
        return await handle(request)
    except Unauthenticated:
        return redirect(_lead_back(request))
    except RequestValidationError:
        return _refuse(NotFound("there is no page under this address"))
    except ChartRestricted as error:
        return render_page("closed.html", status=error.http_status, error=error, refusal=None, signed_in=None)
    except ChartlineError as error:
        return _refuse(error)


def _lead_back(request: Request) -> str:
    """The sign-in page, which leads back to the page that was asked for; `again` when a session has ended."""
    goal = request.url.path if request.method == "GET" else WORKLIST
    ended = {"again": "true"} if COOKIE in request.cookies else {}
    return f"{SIGN_IN}?{urlencode({'goal': goal, **ended})}"


def _refuse(error: ChartlineError) -> Response:
    return render_page("error.html", status=error.http_status, message=error.message, signed_in=None)


def redirect(path: str) -> RedirectResponse:
    """Send the browser to another page with a GET."""
    return RedirectResponse(path, status_code=303)


def require_own_origin(request: Request) -> None:
    """Refuse what another site's page sent; raises Forbidden. Browsers set both headers, scripts cannot."""
    site = request.headers.get("sec-fetch-site")
    origin = urlsplit(request.headers.get("origin", "")).netloc
    if site != "same-origin" and (site is not None or origin != request.headers.get("host")):
        raise Forbidden("only a page of this workbench may send this; open the workbench and try again")


async def read_form(request: Request) -> dict[str, str]:
    """Read a posted form; of fields with one name the last counts; raises InvalidContent."""
    body = await request.body()
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=_MAX_FIELDS, errors="strict"))
    except ValueError as error:  # UnicodeDecodeError is one
        raise InvalidContent("the form could not be read; open the page again") from error


async def _find_signed_in(request: Request) -> Principal:
    sessions: Sessions = request.app.state.sessions
    principal = sessions.find(request.cookies.get(COOKIE, ""), attended=_is_attended(request))
    name_actor(principal.as_actor())
    return principal


def _is_attended(request: Request) -> bool:
    """Whether a person caused the request: a page that reads news by itself keeps no session alive."""
    return _UNATTENDED not in request.headers and request.headers.get("accept") != "text/event-stream"


@dataclass(frozen=True)
class PageRule(Rule):
    """The rule of a page: the caller is known by a session."""

    async def __call__(self, request: Request, principal: Annotated[Principal, Depends(_find_signed_in)]) -> Principal:
        """Let the caller in or raise Forbidden."""
        return await self.admit(request, principal)


def require_session(*roles: Role, phi: bool = True, guarded: bool = True) -> PageRule:
    """Make a dependency that lets in who is signed in with any of `roles`."""
    return PageRule(frozenset(roles), phi, guarded)


SignedIn = Annotated[Principal, Depends(require_session(Role.CODER, Role.LEAD))]
SignedInReader = Annotated[Principal, Depends(require_session(*READERS))]
SignedInAnybody = Annotated[Principal, Depends(require_session(*READERS, Role.PHYSICIAN))]
SignedInAuditor = Annotated[Principal, Depends(require_session(Role.AUDITOR, Role.LEAD))]
SignedInLead = Annotated[Principal, Depends(require_session(Role.LEAD))]
SignedInPhysician = Annotated[Principal, Depends(require_session(Role.PHYSICIAN, guarded=False))]
"""What is addressed to `principal.practitioner`, and nothing else."""
Form = Annotated[dict[str, str], Depends(read_form)]
