"""One mistake is one difference, wherever it shows; what both have is judged too."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coder.audits.comparison import Category, Judgement, compare_codings
from services.coder.audits.reported import ReportedCode
from services.coder.decisions import ChosenCode
from services.coder.engine.model import CodeSystem

DIAGNOSES = ("J18.9", "J18.1", "E11.9", "E11.65", "I10", "R05.9")
SERVICES = ("99213", "99214", "71046", "71045", "94640")


def diagnosis(code: str, on_admission: str | None = None) -> ReportedCode:
    return ReportedCode(ChosenCode(CodeSystem.ICD10CM, code, "", on_admission))


def service(code: str, *modifiers: str, units: int = 1) -> ReportedCode:
    return ReportedCode(ChosenCode(CodeSystem.CPT, code, ""), modifiers, units)


def differences(coded: Sequence[ReportedCode], correct: Sequence[ReportedCode]) -> list[tuple[str, str, str]]:
    judged = compare_codings(coded, correct)
    return [(each.category.value, each.coded or "", each.correct or "") for each in judged if not each.agreed]


CASES = {
    "same": ([diagnosis("J18.9"), service("99213")], [diagnosis("J18.9"), service("99213")], []),
    "wrong-principal": ([diagnosis("J18.9")], [diagnosis("J18.1")], [("principal", "J18.9", "J18.1")]),
    "wrong-order": (
        [diagnosis("I10"), diagnosis("J18.9")],
        [diagnosis("J18.9"), diagnosis("I10")],
        [("principal", "I10", "J18.9")],
    ),
    "one-question-answered-otherwise": (
        [diagnosis("I10"), diagnosis("E11.65")],
        [diagnosis("I10"), diagnosis("E11.9")],
        [("diagnosis", "E11.65", "E11.9")],
    ),
    "one-too-many-one-too-few": (
        [diagnosis("I10"), diagnosis("R05.9")],
        [diagnosis("I10"), diagnosis("E11.9")],
        [("diagnosis", "", "E11.9"), ("diagnosis", "R05.9", "")],
    ),
    "level-of-the-visit": (
        [diagnosis("I10"), service("99213")],
        [diagnosis("I10"), service("99214")],
        [("visit-level", "99213", "99214")],
    ),
    "modifier-lacking": (
        [diagnosis("I10"), service("99213")],
        [diagnosis("I10"), service("99213", "25")],
        [("modifiers", "99213", "99213 25")],
    ),
    "units": (
        [diagnosis("I10"), service("94640", units=2)],
        [diagnosis("I10"), service("94640")],
        [("units", "94640 x2", "94640")],
    ),
    "on-admission": (
        [diagnosis("J18.9", "y")],
        [diagnosis("J18.9", "n")],
        [("on-admission", "J18.9 y", "J18.9 n")],
    ),
    "nothing-coded": ([], [diagnosis("I10")], [("principal", "", "I10")]),
}


@pytest.mark.parametrize("case", CASES)
def test_one_mistake_is_one_difference(case: str) -> None:
    coded, correct, expected = CASES[case]
    assert differences(coded, correct) == expected


def test_what_both_have_is_judged_as_well() -> None:
    coding = [diagnosis("J18.9", "y"), diagnosis("I10", "y"), service("99213", "25")]
    categories = [each.category for each in compare_codings(coding, coding, ("193", "193"))]
    assert categories == [
        Category.PRINCIPAL,
        Category.DIAGNOSIS,
        Category.VISIT_LEVEL,
        Category.ON_ADMISSION,
        Category.ON_ADMISSION,
        Category.MODIFIERS,
        Category.DRG,
    ]


codings = st.builds(
    lambda diagnoses, services: [*map(diagnosis, diagnoses), *map(service, services)],
    st.lists(st.sampled_from(DIAGNOSES), unique=True, min_size=1),
    st.lists(st.sampled_from(SERVICES), unique=True),
)


@given(coded=codings, correct=codings)
def test_every_code_is_judged_and_no_two_judgements_have_one_key(
    coded: list[ReportedCode], correct: list[ReportedCode]
) -> None:
    judged = compare_codings(coded, correct)
    keys = [each.key for each in judged]
    assert len(set(keys)) == len(keys)
    for side, codes in (("coded", coded), ("correct", correct)):
        told = {getattr(each, side) for each in judged}
        assert {each.chosen.code for each in codes} <= told
    assert not [each for each in compare_codings(coded, coded) if not each.agreed]


@given(coded=codings, correct=codings)
def test_a_judgement_the_other_way_round_is_the_same_difference(
    coded: list[ReportedCode], correct: list[ReportedCode]
) -> None:
    def count(judged: list[Judgement]) -> int:
        return sum(not each.agreed for each in judged)

    assert count(compare_codings(coded, correct)) == count(compare_codings(correct, coded))
