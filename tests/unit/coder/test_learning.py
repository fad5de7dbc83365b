"""What decisions teach, and that taking it back leaves nothing behind."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coder.coding import StoredSuggestion
from services.coder.decisions import Action, ChosenCode, Decision
from services.coder.engine.learned import NOTHING_LEARNED, EntryKey, LearnedState, Outcome
from services.coder.engine.model import CodeSystem
from services.coder.learning import add_counts, list_lessons
from tests.builders.charts import suggestion

PNEUMONIA = StoredSuggestion(uuid4(), suggestion("J18.9", entry="pneumonia>J18.9"))
COUGH = StoredSuggestion(uuid4(), suggestion("R05.9", "cough", entry="cough>R05.9"))
OFFER = StoredSuggestion(uuid4(), suggestion("J22", selected=False, entry="chest infection>J22"))
VISIT = StoredSuggestion(uuid4(), suggestion("99213", system=CodeSystem.CPT))
PROPOSED = [PNEUMONIA, COUGH, OFFER, VISIT]


def decide(action: Action, target: UUID | None = None, code: str | None = None) -> Decision:
    decision_id = uuid4()
    system = CodeSystem.CPT if code and code.isdigit() else CodeSystem.ICD10CM
    chosen = ChosenCode(system, code, "") if code else None
    now = datetime.now(UTC)
    return Decision(decision_id, action, target or decision_id, chosen, None, "ann", "Practitioner/ann", now)


def taught(*decisions: Decision) -> dict[str, bool]:
    return {lesson.entry: lesson.kept for lesson in list_lessons(PROPOSED, decisions)}


def test_what_is_accepted_is_kept_what_is_rejected_refused_and_an_untouched_offer_teaches_nothing() -> None:
    made = [
        decide(Action.ACCEPT, PNEUMONIA.suggestion_id, "J18.9"),
        decide(Action.REJECT, COUGH.suggestion_id),
        decide(Action.ACCEPT, VISIT.suggestion_id, "99213"),
    ]
    assert taught(*made) == {"pneumonia>J18.9": True, "cough>R05.9": False}


def test_a_change_refuses_its_suggestion_and_keeps_the_one_whose_code_was_chosen() -> None:
    made = decide(Action.CHANGE, PNEUMONIA.suggestion_id, "J22")
    assert taught(made) == {"pneumonia>J18.9": False, "chest infection>J22": True}
    assert {lesson.decision_id for lesson in list_lessons(PROPOSED, [made])} == {made.decision_id}


def test_an_added_code_keeps_the_offer_that_has_it_and_an_unknown_one_teaches_nothing() -> None:
    assert taught(decide(Action.ADD, code="J22")) == {"chest infection>J22": True}
    assert taught(decide(Action.ADD, code="I10")) == {}


def test_only_the_last_decision_teaches_and_an_addition_taken_back_does_not() -> None:
    target = PNEUMONIA.suggestion_id
    made = [decide(Action.REJECT, target), decide(Action.ACCEPT, target, "J18.9")]
    assert taught(*made) == {"pneumonia>J18.9": True}
    added = decide(Action.ADD, code="J22")
    assert taught(added, decide(Action.REJECT, added.target_id)) == {}


def test_a_code_that_is_on_the_claim_all_the_same_was_kept() -> None:
    made = [decide(Action.REJECT, PNEUMONIA.suggestion_id), decide(Action.ADD, code="J18.9")]
    assert taught(*made) == {"pneumonia>J18.9": True}


_KEYS = st.builds(EntryKey, st.sampled_from(["a", "b"]), st.sampled_from(["", "s|1"]))
_COUNTS = st.dictionaries(_KEYS, st.builds(Outcome, st.integers(0, 5), st.integers(0, 5)))


@given(_COUNTS, _COUNTS)
def test_what_is_added_and_taken_back_leaves_the_state_from_before(first: object, second: object) -> None:
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    before = add_counts(NOTHING_LEARNED, first)
    opposite = {key: Outcome(-n.kept, -n.refused) for key, n in second.items()}
    after = add_counts(add_counts(before, second), opposite)
    assert after == before
    assert after.content_hash == before.content_hash


def test_counts_are_those_of_the_engines_own_rule_and_never_negative() -> None:
    key = EntryKey("cough>R05.9", "s|1")
    assert add_counts(NOTHING_LEARNED, {key: Outcome(2, 1)}) == (
        LearnedState().learn(*key, kept=True, times=2).learn(*key, kept=False)
    )
    with pytest.raises(ValueError, match="taken back"):
        add_counts(NOTHING_LEARNED, {key: Outcome(0, -1)})
