"""Times every request as a span that goes on with the caller's trace.

Place in the flow: the outermost layer of the application. Invariant: a span names the route's template, never the path,
whose ids are not for traces; probes and metrics leave none.
"""

from opentelemetry.trace import SpanKind
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.telemetry.tracing import TRACE_HEADER, Attribute, describe_span, span

_HEADER = TRACE_HEADER.encode()
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


class TracedRequests:
    """Opens the span of each request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; its route is known when the answer begins."""
        if scope["type"] != "http" or scope["path"] in _QUIET:
            await self._app(scope, receive, send)
            return

        async def send_and_describe(message: Message) -> None:
            if message["type"] == "http.response.start":
                describe_span(Attribute.STATUS, message["status"])
                if (route := scope.get("route")) is not None:
                    describe_span(Attribute.ROUTE, route.path)
            await send(message)

        traces = [value.decode("latin-1") for name, value in scope["headers"] if name == _HEADER]
        method = scope["method"]
        with span(f"{method} request", SpanKind.SERVER, {Attribute.METHOD: method}, came_from=traces):
            await self._app(scope, receive, send_and_describe)
