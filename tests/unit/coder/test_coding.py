"""What suggestions and decisions amount to."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from services.coder.chart_facts import read_facts
from services.coder.coding import StoredSuggestion, list_codings, list_open_points, list_undecided
from services.coder.decisions import Action, ChosenCode, Decision
from services.coder.engine.model import CodeSystem
from tests.builders.charts import ready_chart, suggestion

FACTS = read_facts(ready_chart())
PNEUMONIA = StoredSuggestion(uuid4(), suggestion("J18.9"))
COUGH = StoredSuggestion(uuid4(), suggestion("R05.9", "cough"))
OFFER = StoredSuggestion(uuid4(), suggestion("J22", selected=False))
PROPOSED = [PNEUMONIA, COUGH, OFFER]


def decide(action: Action, target: UUID | None = None, code: str | None = None, by: str = "ann") -> Decision:
    decision_id = uuid4()
    system = CodeSystem.CPT if code and code.isdigit() else CodeSystem.ICD10CM
    chosen = ChosenCode(system, code, "") if code else None
    practitioner = f"Practitioner/{by}"
    return Decision(decision_id, action, target or decision_id, chosen, None, by, practitioner, datetime.now(UTC))


def codes(*decisions: Decision) -> list[str]:
    return [coding.chosen.code for coding in list_codings(PROPOSED, decisions)]


def test_only_decided_codes_reach_the_claim() -> None:
    assert codes() == []
    assert codes(decide(Action.ACCEPT, PNEUMONIA.suggestion_id, "J18.9")) == ["J18.9"]


def test_the_engines_order_comes_before_additions_in_the_order_made() -> None:
    made = [
        decide(Action.ADD, code="99213"),
        decide(Action.ACCEPT, COUGH.suggestion_id, "R05.9"),
        decide(Action.ADD, code="I10"),
        decide(Action.ACCEPT, PNEUMONIA.suggestion_id, "J18.9"),
    ]
    assert codes(*made) == ["J18.9", "R05.9", "99213", "I10"]


def test_the_last_decision_about_a_target_counts() -> None:
    target = PNEUMONIA.suggestion_id
    made = [
        decide(Action.REJECT, target),
        decide(Action.ACCEPT, target, "J18.9"),
        decide(Action.CHANGE, target, "J15.9"),
    ]
    assert codes(*made) == ["J15.9"]
    assert codes(*made, decide(Action.REJECT, target)) == []


def test_an_addition_can_be_rejected_and_taken_back() -> None:
    added = decide(Action.ADD, code="I10")
    assert codes(added, decide(Action.REJECT, added.decision_id)) == []
    again = decide(Action.ACCEPT, added.decision_id, "I10")
    assert codes(added, decide(Action.REJECT, added.decision_id), again) == ["I10"]


def test_a_code_that_comes_twice_is_on_the_claim_once_where_it_came_first() -> None:
    made = [
        decide(Action.ACCEPT, PNEUMONIA.suggestion_id, "J18.9"),
        decide(Action.ACCEPT, COUGH.suggestion_id, "R05.9"),
        decide(Action.ADD, code="J18.9"),
    ]
    codings = list_codings(PROPOSED, made)
    assert [coding.chosen.code for coding in codings] == ["J18.9", "R05.9"]
    assert codings[0].suggestion == PNEUMONIA


def test_selected_suggestions_need_a_decision_and_offers_do_not() -> None:
    assert list_undecided(PROPOSED, []) == [PNEUMONIA.suggestion_id, COUGH.suggestion_id]
    assert list_undecided(PROPOSED, [decide(Action.REJECT, COUGH.suggestion_id)]) == [PNEUMONIA.suggestion_id]


def test_open_points_name_each_undecided_suggestion_and_what_the_claim_lacks() -> None:
    bare = read_facts(ready_chart(context=()))
    points = list_open_points([PNEUMONIA.suggestion_id], [], bare)
    assert [point.code for point in points] == ["undecided-suggestion", "no-diagnosis"] + ["missing-resource"] * 3
    assert str(PNEUMONIA.suggestion_id) in points[0].expression
    assert [point.expression for point in points[2:]] == [
        "Claim.patient",
        "Claim.provider",
        "Claim.insurance.coverage",
    ]


def test_a_service_alone_is_no_diagnosis() -> None:
    only_service = list_codings(PROPOSED, [decide(Action.ADD, code="99213")])
    assert [point.code for point in list_open_points([], only_service, FACTS)] == ["no-diagnosis"]
    with_diagnosis = list_codings(PROPOSED, [decide(Action.ADD, code="I10")])
    assert list_open_points([], with_diagnosis, FACTS) == []


def test_one_service_with_different_modifiers_is_two_lines() -> None:
    sides = [
        StoredSuggestion(uuid4(), suggestion("73560", "cough", system=CodeSystem.CPT, modifiers=(side,)))
        for side in ("LT", "RT", "RT")
    ]
    made = [decide(Action.ACCEPT, each.suggestion_id, "73560") for each in sides]
    lines = [coding.line.modifiers for coding in list_codings(sides, made)]
    assert lines == [("LT",), ("RT",)]
