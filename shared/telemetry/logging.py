"""Structured logs that cannot carry PHI.

Invariant: only the fields of `ALLOWED_FIELDS` pass, and each only as a short plain value; any other field is dropped
and counted. Tracebacks are reduced to class and place, since an error's text may quote its input.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

from shared.telemetry.settings import TelemetrySettings
from shared.telemetry.tracing import current_trace

_ALLOWED = {
    "the record itself": "event level timestamp module service version",
    "Kafka": "topic topics partition offset count records group reason outcome",
    "the work": "chart_id chart_version coding_version work_item_id suggestion_id claim_id submission_id quarantine_id",
    "the way out": "payer_id state channel lane attempt attempts status_code edit code",
    "time": "duration_ms seconds age_seconds",
    "the trace": "trace_id span_id",
    "the program": "error_class error_place method route migration schema pid port signal",
}
ALLOWED_FIELDS = frozenset(name for names in _ALLOWED.values() for name in names.split())
"""Ids here are Chartline's own random ones; an id that a hospital gave is not on the list."""

_LONGEST_VALUE = 200

EventDict = MutableMapping[str, Any]


def withhold_unlisted(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Drop every field that is not on the list, and say how many were dropped."""
    withheld = [name for name in event if name not in ALLOWED_FIELDS]
    for name in withheld:
        del event[name]
    for name, value in event.items():
        if not isinstance(value, int | float | bool | None):
            event[name] = str(value)[:_LONGEST_VALUE]
    if withheld:
        event["withheld_fields"] = len(withheld)
    return event


def name_trace(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Say in which trace a line was written."""
    if here := current_trace():
        event["trace_id"], event["span_id"] = here
    return event


def reduce_exception(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Turn exc_info into the error's class and the place it came from."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()[1]
    if isinstance(info, tuple):
        info = info[1]
    while isinstance(info, BaseExceptionGroup):
        info = info.exceptions[0]
    if isinstance(info, BaseException):
        event["error_class"] = type(info).__name__
        frames = traceback.extract_tb(info.__traceback__)
        if frames:
            event["error_place"] = f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}"
    return event


def configure_logging(settings: TelemetrySettings, *, service: str) -> None:
    """Set up logging for a process; the standard library's records take the same road without their arguments."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            name_trace,
            reduce_exception,
            withhold_unlisted,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(settings.log_level.upper())),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(handlers=[_Bridge()], level=logging.WARNING, force=True)


class _Bridge(logging.Handler):
    """Says that a library has something to say, and where; its text may hold content and is left out."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log the library's name, the place of the call and the class of the error."""
        log = structlog.get_logger()
        place = f"{record.filename}:{record.lineno}"
        log.log(record.levelno, "library-log", module=record.name, error_place=place, exc_info=record.exc_info)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(module=name)
    return logger
