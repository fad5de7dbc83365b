"""Sends the spans of a process to an OpenTelemetry collector.

Place in the flow: around the whole process, where it begins; apart from `tracing`, since only processes that serve need
the exporter. Invariant: a collector that is away costs spans and nothing else.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

from shared.telemetry.settings import TelemetrySettings


@contextmanager
def exporting_traces(settings: TelemetrySettings, *, service: str) -> Iterator[None]:
    """Send the spans of this process to the collector that the settings name; what waits is sent at the end."""
    if settings.otlp_traces_url is None:
        yield
        return
    provider = TracerProvider(
        resource=Resource({"service.name": f"chartline-{service}"}),
        sampler=ParentBasedTraceIdRatio(settings.trace_ratio),
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=str(settings.otlp_traces_url))))
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()
