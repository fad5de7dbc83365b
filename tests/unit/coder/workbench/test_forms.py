"""What a coder types becomes what the API takes, or words that say what to write instead."""

from uuid import UUID, uuid4

import pytest

from services.coder.decision_models import Add, Amend, Change
from services.coder.work_item import ChartId
from services.coder.workbench.forms import normalise_code, read_decision, read_lease
from shared.contracts.errors import InvalidContent
from shared.web.security import Principal

TARGET = "5d7e5a0c-70f4-4c0e-a9d8-4f2b8a1d7e21"
TOKEN = "0a4be3b9-7a35-4b43-9a8e-3f8a8ad5a1d0"
ANN = Principal(subject="ann", practitioner="Practitioner/ann")
CHART = ChartId(UUID(TARGET))


@pytest.mark.parametrize(
    ("system", "typed", "code"),
    [
        ("icd10cm", "j189", "J18.9"),
        ("icd10cm", " e11.65 ", "E11.65"),
        ("icd10cm", "i10", "I10"),
        ("cpt", "99213", "99213"),
        ("icd10pcs", "0dtj4zz", "0DTJ4ZZ"),
    ],
)
def test_codes_are_typed_as_fingers_like(system: str, typed: str, code: str) -> None:
    assert normalise_code(system, typed) == code


def test_a_change_carries_its_code_and_reason() -> None:
    form = {"action": "change", "target_id": TARGET, "system": "icd10cm", "code": "j189", "reason": "named", "x": "y"}
    (decision,) = read_decision(form).decisions
    assert isinstance(decision, Change)
    assert (decision.code.code, decision.reason) == ("J18.9", "named")


def test_an_added_code_may_say_whether_it_was_there_on_admission() -> None:
    form = {"action": "add", "system": "icd10cm", "code": "N179", "on_admission": "n"}
    (decision,) = read_decision(form).decisions
    assert isinstance(decision, Add)
    assert decision.code.on_admission == "n"


@pytest.mark.parametrize(
    ("form", "fix"),
    [
        ({"action": "reject", "target_id": TARGET}, "Write a reason"),
        ({"action": "add", "system": "icd10cm", "code": "nonsense"}, "not the form of a code"),
        ({"action": "add", "system": "snomed", "code": "22298006"}, "Choose a code system"),
        ({"action": "approve", "target_id": TARGET}, "Open the chart again"),
        ({}, "Open the chart again"),
    ],
)
def test_a_refusal_says_the_fix_and_not_the_input(form: dict[str, str], fix: str) -> None:
    with pytest.raises(InvalidContent, match=fix) as refused:
        read_decision(form)
    assert form.get("code", "nothing") not in refused.value.message


def test_the_same_form_sent_twice_is_one_request_and_another_form_another() -> None:
    form = {"lease_token": TOKEN, "form_id": "page-1", "action": "accept", "target_id": TARGET}
    first, again = (read_lease(form, ANN, CHART) for _ in range(2))
    assert first == again
    assert first.repeatable != read_lease({**form, "action": "reject"}, ANN, CHART).repeatable
    assert first.repeatable != read_lease({**form, "form_id": "page-2"}, ANN, CHART).repeatable


def test_a_form_without_a_lease_is_refused() -> None:
    with pytest.raises(InvalidContent, match="names no lease"):
        read_lease({"lease_token": "mine"}, ANN, CHART)


def test_the_details_of_a_line_are_read_as_typed() -> None:
    target, linked = uuid4(), uuid4()
    form = {"action": "amend", "target_id": str(target), "modifiers": "25, lt", "units": "2", "linked-2": str(linked)}
    (amend,) = read_decision(form).decisions
    assert isinstance(amend, Amend)
    assert (amend.modifiers, amend.units, amend.linked) == (("25", "LT"), 2, (linked,))


@pytest.mark.parametrize("units", ["two", "0", "-1", "1.5", "²"])
def test_units_that_are_no_number_are_refused_with_the_fix(units: str) -> None:
    with pytest.raises(InvalidContent, match="1 to 9999"):
        read_decision({"action": "amend", "target_id": str(uuid4()), "units": units})
