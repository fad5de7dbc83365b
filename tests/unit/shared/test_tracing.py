"""Spans: what they say and what they never say, and how a trace goes on through headers, batches, requests and logs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import format_span_id, format_trace_id

from shared.contracts.errors import NotFound
from shared.telemetry import tracing
from shared.telemetry.logging import name_trace
from shared.telemetry.tracing import TRACE_HEADER, Attribute, carry_trace, describe_span, span
from shared.web.app import create_service_app
from shared.web.settings import WebSettings

SECRET = "Jane Roe"
TRACE, OTHER = "0af7651916cd43dd8448eb211c80319c", "1bf7651916cd43dd8448eb211c80319d"
HEADER = f"00-{TRACE}-b7ad6b7169203331-01"
OTHER_HEADER = f"00-{OTHER}-b7ad6b7169203332-01"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """What a collector would get."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "_tracer", provider.get_tracer("test"))
    return exporter


def only(spans: InMemorySpanExporter) -> ReadableSpan:
    [found] = spans.get_finished_spans()
    return found


def place_of(found: ReadableSpan) -> tuple[str, str]:
    """The ids of a trace and of a span in it."""
    place = found.get_span_context()
    assert place is not None
    return format_trace_id(place.trace_id), format_span_id(place.span_id)


def test_a_span_goes_on_with_the_trace_that_came_in(spans: InMemorySpanExporter) -> None:
    with span("work", came_from=[HEADER, HEADER]):
        carried = carry_trace()
    assert place_of(only(spans))[0] == TRACE
    assert carried == {TRACE_HEADER: f"00-{TRACE}-{place_of(only(spans))[1]}-01"}


def test_work_of_several_traces_is_linked_to_each(spans: InMemorySpanExporter) -> None:
    with span("work", came_from=[HEADER, OTHER_HEADER, HEADER]):
        pass
    assert [format_trace_id(link.context.trace_id) for link in only(spans).links] == [TRACE, OTHER]
    assert only(spans).parent is None


@pytest.mark.parametrize("header", ["", "nonsense", "00-" + "0" * 32 + "-b7ad6b7169203331-01", SECRET])
def test_what_is_no_trace_is_passed_over(spans: InMemorySpanExporter, header: str) -> None:
    with span("work", came_from=[header]):
        pass
    assert only(spans).parent is None


def test_an_error_leaves_its_class_and_not_its_text(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match=SECRET), span("work"):
        raise ValueError(SECRET)
    assert dict(only(spans).attributes or {}) == {"error.type": "ValueError"}
    assert SECRET not in only(spans).to_json()


def test_without_a_collector_a_trace_goes_on_and_none_begins() -> None:
    with span("work", came_from=[HEADER]):
        assert carry_trace() == {TRACE_HEADER: HEADER}
    with span("work"):
        assert carry_trace() == {}


def test_a_line_of_the_log_names_its_trace(spans: InMemorySpanExporter) -> None:
    with span("work", came_from=[HEADER]):
        line = name_trace(None, "info", {"event": "said"})
    assert line == {"event": "said", "trace_id": TRACE, "span_id": place_of(only(spans))[1]}
    assert name_trace(None, "info", {"event": "said"}) == {"event": "said"}


def test_what_is_known_at_the_end_is_added(spans: InMemorySpanExporter) -> None:
    with span("work", attributes={Attribute.PAYER: "payer"}):
        describe_span(Attribute.OUTCOME, "answered")
    assert dict(only(spans).attributes or {}) == {"chartline.payer_id": "payer", "chartline.outcome": "answered"}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    router = APIRouter()

    @router.get("/charts/{chart_id}")
    async def read_chart(chart_id: str) -> dict[str, str]:
        """Answer with the trace that the work is in, or refuse."""
        if chart_id == "none":
            raise NotFound("no such chart")
        return carry_trace()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield

    app = create_service_app(
        "Room",
        description="For tests.",
        settings=WebSettings(),
        lifespan=lifespan,
        probes=lambda _app: {},
    )
    app.include_router(router)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://room") as opened:
        yield opened


@pytest.mark.parametrize(("chart", "status"), [("Jane-Roe", 200), ("none", 404)])
async def test_a_request_is_named_by_its_route(
    client: httpx.AsyncClient, spans: InMemorySpanExporter, chart: str, status: int
) -> None:
    answer = await client.get(f"/charts/{chart}?name={SECRET}", headers={TRACE_HEADER: HEADER, "tracestate": "a=Jane"})
    found = only(spans)
    assert dict(found.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": "/charts/{chart_id}",
        "http.response.status_code": status,
    }
    assert place_of(found)[0] == TRACE
    assert "Jane" not in found.to_json()
    if status == httpx.codes.OK:
        assert cast("dict[str, str]", answer.json())[TRACE_HEADER].split("-")[1] == TRACE


async def test_probes_leave_no_span(client: httpx.AsyncClient, spans: InMemorySpanExporter) -> None:
    await client.get("/healthz")
    assert spans.get_finished_spans() == ()
