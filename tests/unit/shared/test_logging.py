"""Logs carry listed fields only: whatever a careless call passes, no content of a chart leaves."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from shared.telemetry.logging import ALLOWED_FIELDS, configure_logging, get_logger, withhold_unlisted
from shared.telemetry.settings import TelemetrySettings

SECRET = "Jane Roe, MRN 4711"


@given(st.dictionaries(st.text(min_size=1), st.one_of(st.text(), st.integers(), st.none())))
def test_only_listed_fields_pass(event: dict[str, object]) -> None:
    kept = withhold_unlisted(None, "info", dict(event))
    assert set(kept) <= ALLOWED_FIELDS | {"withheld_fields"}
    assert kept.get("withheld_fields", 0) == len(set(event) - ALLOWED_FIELDS)


@pytest.fixture
def configured(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    handlers = logging.getLogger().handlers[:]
    configure_logging(TelemetrySettings(), service="test")
    yield capsys
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.getLogger().handlers[:] = handlers


def test_an_error_is_logged_by_class_and_place_never_by_its_text(configured: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        get_logger(__name__).error("it-failed", exc_info=error, patient=SECRET)
    line = configured.readouterr().err
    assert SECRET not in line
    event = json.loads(line)
    assert event["error_class"] == "ValueError"
    assert event["error_place"].startswith("test_logging.py:")
    assert event["withheld_fields"] == 1


@pytest.mark.parametrize("arguments", [("cannot read %s", SECRET), (f"cannot read {SECRET}",)])
def test_a_library_is_heard_without_its_text(
    configured: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    logging.getLogger("some.library").warning(*arguments)
    line = configured.readouterr().err
    assert SECRET not in line
    event = json.loads(line)
    assert (event["event"], event["module"]) == ("library-log", "some.library")
    assert event["error_place"].startswith("test_logging.py:")
