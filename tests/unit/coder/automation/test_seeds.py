"""Seeds: plausible, wrong, and gone before anything is made of decisions."""

from dataclasses import replace
from datetime import UTC, date, datetime
from random import Random
from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from services.coder.automation.answer import Answer
from services.coder.automation.seeds import (
    Seed,
    SeedOutcome,
    plan_seed,
    replaces_host,
    settle_seed,
    show_among,
    take_out,
)
from services.coder.coding import StoredSuggestion, list_codings
from services.coder.decisions import Action, Amendment, ChosenCode, Decision
from services.coder.engine.model import CodeSystem
from services.coder.learning import list_lessons
from shared.codesets.icd10cm import load_icd10cm
from tests.builders.charts import suggestion

DAY = date(2026, 9, 1)
HOST, COUGH = (StoredSuggestion(uuid4(), suggestion(code)) for code in ("J18.9", "R05.9"))
SEED = Seed(StoredSuggestion(uuid4(), suggestion("J18.1")), HOST.suggestion_id, 1)
PROPOSED = [HOST, COUGH]


def decide(action: Action, target: UUID | None, code: str | None = None, **more: object) -> Decision:
    decision_id = uuid4()
    chosen = ChosenCode(CodeSystem.ICD10CM, code, "") if code else None
    made = Decision(
        decision_id,
        action,
        target or decision_id,
        chosen,
        None,
        "ann",
        "Practitioner/ann",
        datetime(2026, 9, 2, tzinfo=UTC),
    )
    return replace(made, **more)  # type: ignore[arg-type]  # whatever a test wants to be different


def accept(of: StoredSuggestion) -> Decision:
    return decide(Action.ACCEPT, of.suggestion_id, of.content.code)


def codes_of(decisions: list[Decision]) -> list[str]:
    return [coding.chosen.code for coding in list_codings(PROPOSED, take_out(decisions, [SEED]))]


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_a_seed_is_a_valid_sibling_that_nothing_on_the_chart_has(number: int) -> None:
    codes = load_icd10cm()
    proposed = [HOST, COUGH, StoredSuggestion(uuid4(), suggestion("S52.501A", "cough"))]
    planned = plan_seed(proposed, codes, DAY, Random(number))
    assert planned is not None
    host = next(each for each in proposed if each.suggestion_id == planned.host_id)
    assert planned.code not in {each.content.code for each in proposed}
    assert codes.is_valid(planned.code, DAY)
    assert planned.code[:3] == host.content.code[:3]
    assert planned.display == codes.title(planned.code)
    assert 0 <= planned.place <= len(proposed)


def test_a_chart_without_a_selected_diagnosis_has_none() -> None:
    offer = StoredSuggestion(uuid4(), suggestion("J18.9", selected=False))
    visit = StoredSuggestion(uuid4(), suggestion("99213", system=CodeSystem.CPT))
    assert plan_seed([offer, visit], load_icd10cm(), DAY, Random(1)) is None


def test_an_open_seed_stands_among_the_suggestions_and_a_settled_one_does_not() -> None:
    assert show_among(PROPOSED, [SEED]) == [HOST, SEED.suggestion, COUGH]
    assert show_among(PROPOSED, [replace(SEED, outcome=SeedOutcome.MISSED)]) == PROPOSED


def test_an_accepted_seed_is_missed_and_leaves_no_trace() -> None:
    made = [accept(HOST), accept(SEED.suggestion), accept(COUGH)]
    made.append(decide(Action.PRINCIPAL, SEED.suggestion_id))
    made.append(decide(Action.AMEND, SEED.suggestion_id, amendment=Amendment(on_admission="y")))
    assert settle_seed(SEED, made) is SeedOutcome.MISSED
    assert codes_of(made) == ["J18.9", "R05.9"]
    assert take_out(made, [SEED]) == [made[0], made[2]]


def test_it_teaches_nothing_even_where_its_code_is_an_offer() -> None:
    offer = StoredSuggestion(uuid4(), suggestion(SEED.suggestion.content.code, selected=False, entry="lobar|J18.1"))
    made = [accept(HOST), accept(SEED.suggestion)]
    assert list_lessons([HOST, offer], made)
    assert list_lessons([HOST, offer], take_out(made, [SEED])) == []


def test_a_rejected_or_undone_seed_is_caught() -> None:
    taken = accept(SEED.suggestion)
    undone = [accept(HOST), taken, decide(Action.UNDO, taken.decision_id)]
    rejected = [accept(HOST), taken, decide(Action.REJECT, SEED.suggestion_id)]
    assert [settle_seed(SEED, made) for made in (undone, rejected)] == [SeedOutcome.CAUGHT] * 2
    assert codes_of(undone) == codes_of(rejected) == ["J18.9"]


def test_a_code_chosen_in_place_of_a_seed_is_the_coders_own_and_keeps_its_place() -> None:
    change = decide(Action.CHANGE, SEED.suggestion_id, "J13")
    line = decide(Action.ADD, None, "I10", amendment=Amendment(linked=(SEED.suggestion_id,)))
    made = [accept(HOST), change, decide(Action.PRINCIPAL, SEED.suggestion_id), line]
    assert settle_seed(SEED, made) is SeedOutcome.CAUGHT
    assert codes_of(made) == ["J13", "J18.9", "I10"]
    renamed = take_out(made, [SEED])
    assert [each.action for each in renamed] == [Action.ACCEPT, Action.ADD, Action.PRINCIPAL, Action.ADD]
    assert renamed[-1].amendment.linked == (change.decision_id,)
    assert codes_of([*made, accept(SEED.suggestion)]) == ["J18.9", "I10"]


def test_without_seeds_decisions_stay_as_they_are() -> None:
    made = [accept(HOST), decide(Action.UNDO, uuid4())]
    assert take_out(made, []) == made


def test_a_seed_taken_in_place_of_its_host_is_told_from_one_taken_beside_it() -> None:
    instead = [decide(Action.REJECT, HOST.suggestion_id), accept(SEED.suggestion)]
    assert replaces_host(SEED, instead)
    assert not replaces_host(SEED, [accept(HOST), accept(SEED.suggestion)])
    assert not replaces_host(SEED, [decide(Action.REJECT, HOST.suggestion_id)])


def test_answers_agree_when_codes_lines_and_the_principal_do() -> None:
    both = list_codings(PROPOSED, [accept(HOST), accept(COUGH)])
    assert Answer.of(both) == Answer.of(list_codings(PROPOSED, [accept(COUGH), accept(HOST)]))
    principal = decide(Action.PRINCIPAL, COUGH.suggestion_id)
    assert Answer.of(both) != Answer.of(list_codings(PROPOSED, [accept(HOST), accept(COUGH), principal]))
    assert Answer.of(both) != Answer.of(both[:1])
    for amendment in (Amendment(units=2), Amendment(modifiers=("25",))):
        visit = StoredSuggestion(uuid4(), suggestion("99213", system=CodeSystem.CPT))
        plain = list_codings([visit], [accept(visit)])
        amended = list_codings([visit], [accept(visit), decide(Action.AMEND, visit.suggestion_id, amendment=amendment)])
        assert Answer.of(plain) != Answer.of(amended)
    assert Answer.model_validate_json(Answer.of(both).model_dump_json()) == Answer.of(both)
