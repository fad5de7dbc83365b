"""Identity of a claim, and what answers do to its state."""

from uuid import UUID, uuid4

import pytest

from services.claims.claim import ANSWERED, CLOSED, State, identify_claim, take_answer


def test_a_claims_id_follows_from_what_it_is_about() -> None:
    chart_id = uuid4()
    known = identify_claim(chart_id, 1, "blue")
    assert known == identify_claim(chart_id, 1, "blue")
    others = [(chart_id, 2, "blue"), (chart_id, 1, "red"), (uuid4(), 1, "blue")]
    assert known not in [identify_claim(*other) for other in others]


def test_the_id_never_changes_between_releases() -> None:
    assert identify_claim(UUID(int=1), 1, "blue") == UUID("10d36a7a-3551-5291-bb0e-94346ae5ebc0")


@pytest.mark.parametrize("answer", sorted(ANSWERED))
def test_an_answer_moves_what_waits_for_one(answer: State) -> None:
    for state in (State.QUEUED, State.SUBMITTED, State.UNDELIVERED, State.PENDED):
        assert take_answer(state, answer) is answer


@pytest.mark.parametrize("answer", sorted(ANSWERED))
def test_a_closed_claim_stays_closed(answer: State) -> None:
    assert {take_answer(state, answer) for state in CLOSED} == CLOSED


def test_a_decision_outlives_a_late_pended_and_gives_way_to_a_new_decision() -> None:
    assert take_answer(State.DENIED, State.PENDED) is State.DENIED
    assert take_answer(State.DENIED, State.ACCEPTED) is State.ACCEPTED
    assert take_answer(State.REJECTED, State.ACCEPTED) is State.ACCEPTED
