"""Which decisions stand, and what those about reporting amount to."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.coder.coding import StoredSuggestion, list_codings, list_undecided
from services.coder.decisions import (
    Action,
    Amendment,
    ChosenCode,
    Decision,
    latest_by_target,
    list_standing,
    order_targets,
)
from services.coder.engine.model import CodeSystem
from tests.builders.charts import suggestion

PNEUMONIA = StoredSuggestion(uuid4(), suggestion("J18.9"))
COUGH = StoredSuggestion(uuid4(), suggestion("R05.9", "cough"))
VISIT = StoredSuggestion(
    uuid4(), suggestion("99213", system=CodeSystem.CPT, modifiers=("95",), justified_by=("R05.9",), units=1)
)
PROPOSED = [PNEUMONIA, COUGH, VISIT]
ONE, TWO, THREE = PNEUMONIA.suggestion_id, COUGH.suggestion_id, VISIT.suggestion_id


def decide(action: Action, target: UUID | None = None, code: ChosenCode | None = None, **more: Any) -> Decision:
    decision_id = uuid4()
    now = datetime.now(UTC)
    return Decision(decision_id, action, target or decision_id, code, None, "ann", "Practitioner/ann", now, **more)


def accept(stored: StoredSuggestion) -> Decision:
    content = stored.content
    return decide(Action.ACCEPT, stored.suggestion_id, ChosenCode(content.system, content.code, content.display))


def amend(target: UUID, **what: Any) -> Decision:
    return decide(Action.AMEND, target, amendment=Amendment(**what))


def undo(decision: Decision) -> Decision:
    return decide(Action.UNDO, decision.decision_id)


ACCEPTED = [accept(each) for each in PROPOSED]


def reported(*later: Decision) -> list[str]:
    return [coding.chosen.code for coding in list_codings(PROPOSED, [*ACCEPTED, *later])]


def test_an_undo_brings_back_what_was_replaced_and_can_be_undone() -> None:
    rejected = decide(Action.REJECT, ONE)
    taken_back = undo(rejected)
    assert reported(rejected) == ["R05.9", "99213"]
    assert reported(rejected, taken_back) == ["J18.9", "R05.9", "99213"]
    assert reported(rejected, taken_back, undo(taken_back)) == ["R05.9", "99213"]


def test_a_suggestion_whose_only_decision_is_undone_is_undecided() -> None:
    made = accept(PNEUMONIA)
    assert list_undecided(PROPOSED, [made, undo(made)]) == [ONE, TWO, THREE]


def test_an_addition_that_is_undone_is_gone_with_what_was_said_about_it() -> None:
    added = decide(Action.ADD, code=ChosenCode(CodeSystem.ICD10CM, "I10", ""))
    kept = decide(Action.ACCEPT, added.decision_id, ChosenCode(CodeSystem.ICD10CM, "I10", ""))
    assert reported(added, kept)[-1] == "I10"
    assert "I10" not in reported(added, kept, undo(added))


def test_codes_are_reported_in_the_order_decided_the_rest_behind() -> None:
    assert reported(decide(Action.PRINCIPAL, TWO)) == ["R05.9", "J18.9", "99213"]
    assert reported(decide(Action.REORDER, targets=(THREE, TWO))) == ["99213", "R05.9", "J18.9"]


def test_of_two_orders_the_later_one_has_the_word() -> None:
    principal = decide(Action.PRINCIPAL, TWO)
    order = decide(Action.REORDER, targets=(ONE, TWO))
    assert reported(principal, order) == ["J18.9", "R05.9", "99213"]
    assert reported(order, principal) == ["R05.9", "J18.9", "99213"]
    assert reported(principal, order, undo(order)) == ["R05.9", "J18.9", "99213"]


def test_amendments_add_up_and_leave_what_they_do_not_name() -> None:
    made = [amend(THREE, modifiers=("25", "95")), amend(THREE, units=2), amend(ONE, on_admission="y")]
    first, _, visit = list_codings(PROPOSED, [*ACCEPTED, *made])
    assert first.chosen.on_admission == "y"
    assert (visit.line.modifiers, visit.line.units, visit.line.justified_by) == (("25", "95"), 2, ("R05.9",))


def test_modifiers_can_be_taken_away() -> None:
    *_, visit = list_codings(PROPOSED, [*ACCEPTED, amend(THREE, modifiers=())])
    assert visit.line.modifiers == ()


def test_a_link_follows_the_code_of_its_diagnosis() -> None:
    changed = decide(Action.CHANGE, ONE, ChosenCode(CodeSystem.ICD10CM, "J15.9", ""))
    *_, visit = list_codings(PROPOSED, [*ACCEPTED, amend(THREE, linked=(ONE, TWO)), changed])
    assert visit.line.justified_by == ("J15.9", "R05.9")


def test_what_belongs_to_a_suggested_line_does_not_belong_to_another_code() -> None:
    changed = decide(Action.CHANGE, THREE, ChosenCode(CodeSystem.CPT, "99214", ""))
    *_, visit = list_codings(PROPOSED, [*ACCEPTED, changed])
    assert (visit.line.modifiers, visit.line.justified_by) == ((), ())


@given(st.permutations([ONE, TWO, THREE]), st.lists(st.sampled_from([ONE, TWO, THREE, UUID(int=9)]), unique=True))
def test_ordering_loses_and_invents_nothing(targets: list[UUID], named: list[UUID]) -> None:
    ordered = order_targets(targets, [decide(Action.REORDER, targets=tuple(named))])
    assert sorted(ordered) == sorted(targets)


@given(st.lists(st.tuples(st.sampled_from(list(Action)), st.integers(0, 9)), max_size=12))
def test_undoing_everything_from_the_last_to_the_first_leaves_nothing(steps: list[tuple[Action, int]]) -> None:
    made: list[Decision] = []
    for action, number in steps:
        target = made[number % len(made)].decision_id if action is Action.UNDO and made else ONE
        made.append(decide(action, target))
    undone = [*made, *(undo(each) for each in reversed(made))]
    assert list_standing(undone) == []
    assert latest_by_target(list_standing(undone)) == {}
