"""An event is a valid FHIR AuditEvent of ids alone."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from shared.audit.event import BREAK_GLASS, Actor, AuditedAction, word_event
from shared.fhir.validation import validate

ANN = Actor("ann", "Practitioner/ann", ("lead", "coder"))
NOW = datetime(2026, 11, 21, 12, 30, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    "done",
    [
        AuditedAction("chartline-coder", ANN, "read-chart", "R", (("chart", str(uuid4())),)),
        AuditedAction("chartline-coder", ANN, "read-chart", "R", (("chart", "1"),), purpose=BREAK_GLASS),
        AuditedAction("chartline-claims", Actor("relay", "Device/relay", ()), "requeue-claim", "E", (), "4"),
    ],
)
def test_an_event_is_valid_fhir(done: AuditedAction) -> None:
    assert [issue for issue in validate(word_event(uuid4(), NOW, done)) if issue.severity == "error"] == []


def test_an_event_says_who_did_what_to_what() -> None:
    chart_id = str(uuid4())
    event = json.loads(word_event(uuid4(), NOW, AuditedAction("s", ANN, "complete-chart", "E", (("chart", chart_id),))))
    assert event["agent"][0]["who"]["reference"] == "Practitioner/ann"
    assert [role["coding"][0]["code"] for role in event["agent"][0]["role"]] == ["coder", "lead"]
    assert event["subtype"][0]["code"] == "complete-chart"
    assert event["entity"][0]["what"]["identifier"]["value"] == chart_id
