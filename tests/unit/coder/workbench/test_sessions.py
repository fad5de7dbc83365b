"""Sessions end: by signing out, by standing idle, and after a shift."""

import pytest

from services.coder.settings import SessionSettings
from services.coder.workbench.sessions import Sessions
from shared.contracts.errors import Unauthenticated
from shared.web.security import Principal

ANN = Principal(subject="ann", practitioner="Practitioner/ann")
MINUTE = 60.0


class Clock:
    """Seconds that pass when the test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_activity_keeps_a_session_and_idleness_ends_it() -> None:
    clock = Clock()
    sessions = Sessions(clock=clock)
    session_id = sessions.begin(ANN)
    for _ in range(3):
        clock.now += 29 * MINUTE
        assert sessions.find(session_id) == ANN
    clock.now += 31 * MINUTE
    with pytest.raises(Unauthenticated):
        sessions.find(session_id)


def test_no_activity_keeps_a_session_beyond_a_shift() -> None:
    clock = Clock()
    sessions = Sessions(clock=clock)
    session_id = sessions.begin(ANN)
    for _ in range(48):
        clock.now += 15 * MINUTE
        sessions.find(session_id)
    clock.now += 1
    with pytest.raises(Unauthenticated):
        sessions.find(session_id)


def test_signing_out_ends_one_session_and_ids_are_never_alike() -> None:
    sessions = Sessions()
    first, second = sessions.begin(ANN), sessions.begin(ANN)
    assert first != second
    sessions.end(first)
    with pytest.raises(Unauthenticated):
        sessions.find(first)
    assert sessions.find(second) == ANN


def test_what_nobody_attends_to_keeps_no_session() -> None:
    clock = Clock()
    sessions = Sessions(clock=clock)
    session_id = sessions.begin(ANN)
    for _ in range(2):
        clock.now += 14 * MINUTE
        assert sessions.find(session_id, attended=False) == ANN
    clock.now += 3 * MINUTE
    with pytest.raises(Unauthenticated):
        sessions.find(session_id)


def test_how_long_a_session_lasts_is_a_setting() -> None:
    clock = Clock()
    sessions = Sessions(SessionSettings(idle_seconds=60, longest_seconds=90), clock)
    session_id = sessions.begin(ANN)
    clock.now += 59
    assert sessions.find(session_id) == ANN
    clock.now += 32
    with pytest.raises(Unauthenticated):
        sessions.find(session_id)
