"""Makes the web application of a service: `/healthz`, `/readyz`, `/metrics`, errors, tokens, body limit."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.auditing import AuditTrail, keep_nothing, note_route
from shared.web.closing import Closing
from shared.web.errors import BodyTooLarge, answer_error, install_error_handlers
from shared.web.oidc.identify import make_identify
from shared.web.oidc.provider import Provider
from shared.web.reference import make_reference
from shared.web.refusals import complete_refusals
from shared.web.rules import publish_rules, require_rules
from shared.web.security import BearerTokens, guard_nothing
from shared.web.settings import WebSettings
from shared.web.tags import EntityTags, complete_tags
from shared.web.tracing import TracedRequests
from shared.web.wording import complete_wording

Probe = Callable[[], Awaitable[None]]
Probes = Callable[[FastAPI], Mapping[str, Probe]]
_PROBE_SECONDS = 3.0


def create_service_app(
    title: str,
    *,
    description: str,
    settings: WebSettings,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]],
    probes: Probes,
    routers: Sequence[APIRouter] = (),
    package: str = "shared.web",
) -> FastAPI:
    """Build the app. `probes` maps names to checks that raise when a part is away; it is asked at each `/readyz`.

    `package` holds the words and examples of the service's OpenAPI document.
    """
    app = FastAPI(
        title=title,
        description=description,
        version=version("chartline"),
        lifespan=lifespan,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(note_route)],
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.keep_event = keep_nothing
    app.state.closing = Closing()
    app.state.guard = guard_nothing
    app.state.tokens = BearerTokens(settings.tokens)
    app.state.provider = Provider(settings.oidc) if settings.oidc else None
    app.state.identify = make_identify(app.state.tokens, app.state.provider)
    app.add_middleware(EntityTags)
    app.add_middleware(AuditTrail, service=title.lower().replace(" ", "-"))
    app.add_middleware(_BodyLimit, max_bytes=settings.max_body_bytes)
    app.add_middleware(TracedRequests)
    install_error_handlers(app)
    app.include_router(_operations(app, probes))
    app.include_router(make_reference(app))
    for router in routers:
        app.include_router(router)
    require_rules(app)
    publish_rules(app)
    complete_refusals(app)
    complete_tags(app)
    complete_wording(app, package)
    return app


def _operations(app: FastAPI, probes: Probes) -> APIRouter:
    router = APIRouter(tags=["operations"])

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        """The process is alive."""
        return {"status": "alive"}

    @router.get("/readyz", responses={503: {"description": "A part is away."}})
    async def readyz() -> JSONResponse:
        """The parts that the service needs answer."""
        parts = probes(app)
        states = dict(zip(parts, await asyncio.gather(*map(_try_probe, parts.values())), strict=True))
        ready = all(state == "ready" for state in states.values())
        return JSONResponse(states, status_code=200 if ready else 503)

    @router.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """Prometheus metrics."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _try_probe(probe: Probe) -> str:
    try:
        await asyncio.wait_for(probe(), timeout=_PROBE_SECONDS)
    except Exception as error:  # noqa: BLE001 - any failure means that the part is away
        return type(error).__name__
    return "ready"


class _BodyLimit:
    """Refuses bodies over the limit while they arrive, whatever Content-Length says."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting; what the app answers to a body cut short is replaced by 413."""
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise BodyTooLarge(f"a request body may have {self._max_bytes} bytes")
            return message

        async def unless_too_large(message: Message) -> None:
            if received <= self._max_bytes:
                await send(message)
            elif message["type"] == "http.response.start":
                refusal = BodyTooLarge(f"a request body may have {self._max_bytes} bytes")
                await answer_error(refusal)(scope, receive, send)

        await self._app(scope, counted, unless_too_large)
