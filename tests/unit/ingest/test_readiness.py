"""When a chart is ready: the table, and the promise that every wait ends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.readiness import (
    ChartFacts,
    Decision,
    decide_readiness,
    hold_until,
    service_date_of,
    setting_of,
)
from shared.fhir.subset import EncounterSubset, read_as
from tests.builders import as_text, encounter

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
HOLD = timedelta(hours=24)
GRACE = timedelta(seconds=5)
COMPLETE = ChartFacts(
    is_ready=False,
    encounter_status="finished",
    hold_until=NOW + HOLD,
    learned_at=NOW,
    pending_reports=0,
    readable=1,
    missing=frozenset(),
    wanted=frozenset(),
)
PATIENT = frozenset({"Patient/1"})


@pytest.mark.parametrize(
    ("change", "decision", "reason"),
    [
        ({}, Decision.EMIT, "complete"),
        ({"pending_reports": 1}, Decision.WAIT, None),
        ({"readable": 0}, Decision.WAIT, None),
        ({"missing": PATIENT}, Decision.WAIT, None),
        ({"wanted": PATIENT}, Decision.WAIT, None),
        ({"wanted": PATIENT, "learned_at": NOW - GRACE}, Decision.EMIT, "complete"),
        ({"encounter_status": "in-progress"}, Decision.WAIT, None),
        ({"pending_reports": 1, "hold_until": NOW}, Decision.EMIT, "hold-elapsed"),
        ({"missing": PATIENT, "hold_until": NOW}, Decision.EMIT, "hold-elapsed"),
        ({"encounter_status": "in-progress", "hold_until": NOW}, Decision.EMIT, "hold-elapsed"),
        ({"hold_until": NOW}, Decision.EMIT, "complete"),
        ({"encounter_status": "in-progress", "hold_until": None}, Decision.WAIT, None),
        (
            {"encounter_status": "in-progress", "hold_until": None, "is_ready": True},
            Decision.WITHDRAW,
            "encounter-reopened",
        ),
        ({"encounter_status": "cancelled"}, Decision.WITHDRAW, "encounter-void"),
        ({"encounter_status": "entered-in-error", "hold_until": None}, Decision.WITHDRAW, "encounter-void"),
    ],
)
def test_the_table(change: dict[str, object], decision: Decision, reason: str | None) -> None:
    readiness = decide_readiness(replace(COMPLETE, **change), NOW, GRACE)  # type: ignore[arg-type]  # a row of the table
    assert (readiness.decision, readiness.reason) == (decision, reason)


@given(
    st.integers(0, 3),
    st.integers(0, 3),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["finished", "in-progress", "onleave", "unknown"]),
    st.timedeltas(timedelta(0), timedelta(days=5)),
)
def test_every_wait_ends_when_the_hold_does(
    pending: int, readable: int, lacks: bool, wants: bool, status: str, waited: timedelta
) -> None:
    facts = replace(
        COMPLETE,
        encounter_status=status,
        pending_reports=pending,
        readable=readable,
        missing=PATIENT if lacks else frozenset(),
        wanted=PATIENT if wants else frozenset(),
    )
    now, looks = NOW + waited, 0
    while (readiness := decide_readiness(facts, now, GRACE)).decision is Decision.WAIT:
        assert readiness.look_again_at is not None
        assert now < readiness.look_again_at <= NOW + HOLD
        now, looks = readiness.look_again_at, looks + 1
    assert readiness.decision is Decision.EMIT
    assert looks < 25


@pytest.mark.parametrize(
    ("status", "ended_at", "until"),
    [
        ("finished", NOW + timedelta(hours=1), NOW + timedelta(hours=25)),
        ("finished", NOW - timedelta(days=300), NOW + HOLD),
        ("finished", None, NOW + HOLD),
        ("in-progress", NOW - timedelta(hours=1), NOW + HOLD),
        ("in-progress", NOW + timedelta(hours=1), None),
        ("in-progress", None, None),
        ("planned", NOW - timedelta(hours=1), None),
        ("cancelled", NOW - timedelta(hours=1), None),
    ],
)
def test_the_hold_runs_from_the_end_or_from_learning_of_it(
    status: str, ended_at: datetime | None, until: datetime | None
) -> None:
    assert hold_until(status, ended_at, NOW, HOLD) == until


@pytest.mark.parametrize(
    ("encounter_class", "setting"),
    [
        ("IMP", "inpatient"),
        ("ACUTE", "inpatient"),
        ("EMER", "emergency"),
        ("AMB", "outpatient"),
        ("OBSENC", "outpatient"),
    ],
)
def test_the_setting_follows_the_class(encounter_class: str, setting: str) -> None:
    assert setting_of(encounter_class) == setting


@pytest.mark.parametrize(
    ("encounter_class", "start", "end", "day"),
    [
        ("AMB", "2026-09-30T23:30:00-04:00", "2026-10-01T00:30:00-04:00", "2026-09-30"),
        ("IMP", "2026-09-28T10:00:00-04:00", "2026-09-30T23:30:00-04:00", "2026-09-30"),
        ("IMP", "2026-09-28T10:00:00-04:00", None, "2026-09-28"),
        ("AMB", None, None, "None"),
    ],
)
def test_the_service_date_is_the_hospitals_own_day(
    encounter_class: str, start: str | None, end: str | None, day: str
) -> None:
    visit = encounter(encounter_class=encounter_class, start=start, end=end)
    assert str(service_date_of(read_as(EncounterSubset, as_text(visit)))) == day
