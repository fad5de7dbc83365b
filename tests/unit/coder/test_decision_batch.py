"""What a batch of decisions may say, and what it resolves to."""

from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from services.coder.api_models import Code
from services.coder.coding import StoredSuggestion
from services.coder.decision_batch import resolve_batch
from services.coder.decision_models import DecisionBatch
from services.coder.decisions import Action, Amendment, NewDecision
from services.coder.engine.model import CodeSystem
from shared.contracts.errors import InvalidContent
from tests.builders.charts import suggestion

PNEUMONIA = StoredSuggestion(uuid4(), suggestion("J18.9"))
VISIT = StoredSuggestion(uuid4(), suggestion("99213", system=CodeSystem.CPT))


def resolve(*decisions: dict[str, object]) -> list[NewDecision]:
    batch = DecisionBatch.model_validate_json(DecisionBatch.model_validate({"decisions": decisions}).model_dump_json())
    return list(resolve_batch(batch.decisions, [PNEUMONIA, VISIT], []))


def test_an_accepted_code_is_copied_into_its_decision() -> None:
    (made,) = resolve({"action": "accept", "target_id": PNEUMONIA.suggestion_id})
    assert made.action is Action.ACCEPT
    assert made.suggestion_id == PNEUMONIA.suggestion_id
    assert made.code is not None
    assert (made.code.code, made.code.display) == ("J18.9", "title of J18.9")


def test_a_change_brings_its_code_and_a_rejection_none() -> None:
    target = PNEUMONIA.suggestion_id
    changed, rejected = resolve(
        {"action": "change", "target_id": target, "code": {"system": "icd10cm", "code": "J15.9"}, "reason": "culture"},
        {"action": "reject", "target_id": target, "reason": "ruled out"},
    )
    assert changed.code is not None
    assert changed.code.code == "J15.9"
    assert rejected.code is None
    assert rejected.reason == "ruled out"


def test_an_unknown_target_is_refused_by_its_place() -> None:
    with pytest.raises(InvalidContent) as refused:
        resolve(
            {"action": "accept", "target_id": PNEUMONIA.suggestion_id},
            {"action": "reject", "target_id": UUID(int=1), "reason": "no"},
        )
    assert refused.value.expression == "decisions[1].target_id"


@pytest.mark.parametrize(
    "decision",
    [
        {"action": "reject", "target_id": str(UUID(int=1))},
        {"action": "reject", "target_id": str(UUID(int=1)), "reason": "   "},
        {"action": "reject", "target_id": str(UUID(int=1)), "reason": "a\0b"},
        {"action": "change", "target_id": str(UUID(int=1)), "reason": "better"},
        {"action": "accept"},
        {"action": "add"},
        {"action": "postpone", "target_id": str(UUID(int=1))},
        {"action": "accept", "target_id": str(UUID(int=1)), "code": {"system": "cpt", "code": "99213"}},
    ],
)
def test_a_decision_that_says_too_little_or_too_much_is_refused(decision: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DecisionBatch.model_validate({"decisions": [decision]})


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("icd10cm", "I10"),
        ("icd10cm", "S42.201A"),
        ("icd10cm", "Z3A.01"),
        ("icd10pcs", "0BH17EZ"),
        ("cpt", "99213"),
        ("cpt", "0001U"),
        ("hcpcs", "J1885"),
    ],
)
def test_codes_in_the_form_of_their_system_pass(system: str, code: str) -> None:
    assert Code(system=CodeSystem(system), code=code).code == code


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("icd10cm", "E119"),
        ("icd10cm", "e11.9"),
        ("icd10cm", "E11."),
        ("icd10cm", "I10\n"),
        ("icd10pcs", "0BH17E"),
        ("icd10pcs", "0BH17EO"),
        ("cpt", "9921"),
        ("hcpcs", "99213"),
    ],
)
def test_codes_in_another_form_are_refused(system: str, code: str) -> None:
    with pytest.raises(ValidationError):
        Code(system=CodeSystem(system), code=code)


def test_an_amendment_sets_what_its_kind_of_code_has() -> None:
    diagnosis, visit = PNEUMONIA.suggestion_id, VISIT.suggestion_id
    on_admission, line = resolve(
        {"action": "amend", "target_id": diagnosis, "on_admission": "y"},
        {"action": "amend", "target_id": visit, "modifiers": ["25"], "units": 2, "linked": [diagnosis]},
    )
    assert on_admission.amendment == Amendment(on_admission="y")
    assert line.amendment == Amendment(modifiers=("25",), units=2, linked=(diagnosis,))


@pytest.mark.parametrize(
    ("request_", "place"),
    [
        ({"action": "amend", "target_id": VISIT.suggestion_id, "on_admission": "y"}, "on_admission"),
        ({"action": "amend", "target_id": PNEUMONIA.suggestion_id, "modifiers": ["25"]}, "modifiers"),
        ({"action": "amend", "target_id": PNEUMONIA.suggestion_id, "units": 2}, "units"),
        ({"action": "amend", "target_id": VISIT.suggestion_id, "linked": [VISIT.suggestion_id]}, "linked[0]"),
        ({"action": "amend", "target_id": UUID(int=1), "on_admission": "y"}, "on_admission"),
        ({"action": "principal", "target_id": VISIT.suggestion_id}, "target_id"),
        ({"action": "reorder", "targets": [VISIT.suggestion_id, UUID(int=1)]}, "targets[1]"),
        ({"action": "reorder", "targets": [VISIT.suggestion_id, VISIT.suggestion_id]}, "targets"),
        ({"action": "undo", "decision_id": UUID(int=1)}, "decision_id"),
    ],
)
def test_what_a_target_cannot_have_is_refused_by_its_place(request_: dict[str, object], place: str) -> None:
    with pytest.raises(InvalidContent) as refused:
        resolve(request_)
    assert refused.value.expression == f"decisions[0].{place}"


@pytest.mark.parametrize(
    "request_",
    [
        {"action": "amend", "target_id": VISIT.suggestion_id},
        {"action": "amend", "target_id": VISIT.suggestion_id, "modifiers": ["2"]},
        {"action": "amend", "target_id": VISIT.suggestion_id, "units": 0},
        {"action": "reorder", "targets": []},
    ],
)
def test_a_request_that_says_nothing_or_nonsense_is_refused(request_: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        resolve(request_)
