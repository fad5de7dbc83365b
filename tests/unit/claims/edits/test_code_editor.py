"""The Medicare Code Editor behind its protocol: days it does not know, and what it must not choke on."""

from datetime import date

import pytest

from services.claims.edits import MedicareCodeEditor, ReferenceData
from services.claims.edits.reference import Stay

DAY = date(2026, 9, 1)


def stay(**parts: object) -> Stay:
    """A stay of an adult with pneumonia."""
    sound: dict[str, object] = {
        "discharged": DAY,
        "age": 60,
        "gender": "female",
        "discharge_status": "01",
        "diagnoses": (("J189", "Y"), ("I10", "N")),
        "procedures": (),
    }
    return Stay(**(sound | parts))  # type: ignore[arg-type]  # the parts have the fields' types


@pytest.mark.parametrize(
    ("code", "day", "in_force"),
    [
        ("F03.91", date(2022, 9, 30), True),
        ("F03.91", date(2022, 10, 1), False),
        ("F03.911", date(2022, 9, 30), False),
        ("F03.911", date(2022, 10, 1), True),
    ],
)
def test_a_code_is_in_force_by_fiscal_year(code: str, day: date, in_force: bool, tables: ReferenceData) -> None:
    assert tables.editor is not None
    objections = tables.editor.objections_to(code, day)
    assert objections is not None
    assert ("INVALID_CODE" not in objections) is in_force


def test_on_a_day_that_it_does_not_know_it_says_so(tables: ReferenceData) -> None:
    assert tables.editor is not None
    far = date(2090, 1, 1)
    assert tables.editor.objections_to("I10", far) is None
    assert tables.editor.edit_stay(stay(discharged=far)) is None


@pytest.mark.parametrize(
    "parts",
    [
        {"diagnoses": (("J189", ""), ("I10", "1"), ("E119", ""))},
        {"age": 130},
        {"gender": ""},
        {"discharge_status": "home"},
    ],
)
def test_what_a_claim_may_lack_sets_off_nothing(parts: dict[str, object], tables: ReferenceData) -> None:
    assert tables.editor is not None
    assert tables.editor.edit_stay(stay(**parts)) == frozenset()


def test_a_closed_editor_answers_no_more() -> None:
    with MedicareCodeEditor() as editor:
        assert editor.edit_stay(stay()) == frozenset()
    with pytest.raises(RuntimeError):
        editor.edit_stay(stay())
