"""Traces: a span for each request, batch of records, engine run and delivery attempt, joined across outbox and Kafka.

Place in the flow: around what the web layer, the consumer loop, the suggester and the lanes do; the outbox and Kafka's
headers carry the W3C `traceparent`. Invariant: a span holds only `Attribute`s and the class of an error, never its
text, a path with ids, or baggage. Without a collector nothing is recorded; a trace that came in goes on all the same.

Names are OpenTelemetry's semantic conventions: https://opentelemetry.io/docs/specs/semconv/
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum

from opentelemetry import context, trace
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

TRACE_HEADER = "traceparent"
"""`tracestate` and baggage are free text of strangers, so they go no further."""
Value = str | int | bool

_w3c = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("chartline")


class Attribute(StrEnum):
    """All that a span may say."""

    METHOD = "http.request.method"
    ROUTE = "http.route"
    STATUS = "http.response.status_code"
    GROUP = "messaging.consumer.group.name"
    TOPIC = "messaging.destination.name"
    COUNT = "messaging.batch.message_count"
    ERROR = "error.type"
    PAYER = "chartline.payer_id"
    OUTCOME = "chartline.outcome"


@contextmanager
def span(
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Mapping[Attribute, Value] | None = None,
    *,
    came_from: Iterable[str] = (),
) -> Iterator[None]:
    """Time the block as one span. `came_from` are the trace headers that brought the work: one
    trace goes on, several are linked.

    An error passes through, and leaves its class.
    """
    causes = _read_traces(came_from)
    parent = trace.set_span_in_context(NonRecordingSpan(causes[0])) if len(causes) == 1 else None
    links = [Link(cause) for cause in causes] if len(causes) > 1 else None
    said = {str(key): value for key, value in (attributes or {}).items()}
    with _tracer.start_as_current_span(
        name,
        parent,
        kind,
        attributes=said,
        links=links,
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield
        except BaseException as error:
            current.set_status(StatusCode.ERROR)
            current.set_attribute(Attribute.ERROR, type(error).__name__)
            raise


def describe_span(attribute: Attribute, value: Value) -> None:
    """Add to the current span what is known only at its end."""
    trace.get_current_span().set_attribute(attribute, value)


def carry_trace() -> dict[str, str]:
    """The headers by which what is caused now goes on with the current trace; empty outside of one."""
    headers: dict[str, str] = {}
    _w3c.inject(headers)
    return headers


def current_trace() -> tuple[str, str] | None:
    """The ids of the current trace and span in hexadecimal; None outside of one."""
    here = trace.get_current_span().get_span_context()
    if not here.is_valid:
        return None
    return trace.format_trace_id(here.trace_id), trace.format_span_id(here.span_id)


def _read_traces(headers: Iterable[str]) -> list[SpanContext]:
    """The different traces that the headers name, in order; what is no trace is passed over."""
    carried = (_w3c.extract({TRACE_HEADER: header}, context.Context()) for header in headers)
    read = [trace.get_current_span(found).get_span_context() for found in carried]
    return list({place.trace_id: place for place in read if place.is_valid}.values())
