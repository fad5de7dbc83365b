"""Sections, the edges of spans, and what must hold for any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coder.engine.assertion import Assessor
from services.coder.engine.model import Assertion
from services.coder.engine.sections import Section, SectionKind

ASSESSOR = Assessor()
ANY_TEXT = st.text(st.characters() | st.sampled_from("\n .,:;?()-'’İß"), max_size=200)
CLINICAL_TEXT = st.lists(
    st.sampled_from(["no", "fever", ",", "or", ".", "\n", "(", ")", "?", ":", "denies", "history of", "if", "resolved"])
).map(" ".join)
SPANS = st.lists(st.tuples(st.integers(-5, 250), st.integers(-5, 250)), max_size=8)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (SectionKind.FAMILY_HISTORY, "diabetes", Assertion.FAMILY),
        (SectionKind.FAMILY_HISTORY, "No diabetes", Assertion.ABSENT),
        (SectionKind.FAMILY_HISTORY, "Possible diabetes", Assertion.FAMILY),
        (SectionKind.PAST_MEDICAL_HISTORY, "diabetes", Assertion.PRESENT),
        (SectionKind.PAST_MEDICAL_HISTORY, "pneumonia", Assertion.HISTORICAL),
        (SectionKind.PAST_MEDICAL_HISTORY, "Possible lupus", Assertion.UNCERTAIN),
        (SectionKind.PAST_SURGICAL_HISTORY, "appendicitis", Assertion.HISTORICAL),
        (SectionKind.IMMUNIZATIONS, "influenza", Assertion.HYPOTHETICAL),
        (SectionKind.REVIEW_OF_SYSTEMS, "Negative for fever", Assertion.ABSENT),
        (SectionKind.REVIEW_OF_SYSTEMS, "Positive for fever", Assertion.PRESENT),
        (SectionKind.ASSESSMENT_AND_PLAN, "pneumonia", Assertion.PRESENT),
        (SectionKind.INSTRUCTIONS, "Return for fever", Assertion.HYPOTHETICAL),
    ],
)
def test_section_decides_where_the_words_do_not(kind: SectionKind, text: str, expected: Assertion) -> None:
    section = Section(kind, 0, 0, len(text))
    start = text.rindex(" ") + 1 if " " in text else 0
    assert ASSESSOR.assess(text, [(start, len(text))], [section]) == [expected]


def test_section_reaches_to_its_end_only() -> None:
    text = "diabetes gout"
    sections = [Section(SectionKind.FAMILY_HISTORY, 0, 0, 9), Section(SectionKind.OTHER, 9, 9, 13)]
    assert ASSESSOR.assess(text, [(0, 8), (9, 13)], sections) == [Assertion.FAMILY, Assertion.PRESENT]


def test_answers_come_in_the_order_asked() -> None:
    text = "No fever. Cough."
    assert ASSESSOR.assess(text, [(10, 15), (3, 8), (10, 15)]) == [
        Assertion.PRESENT,
        Assertion.ABSENT,
        Assertion.PRESENT,
    ]


def test_a_cue_inside_the_condition_says_nothing_of_it() -> None:
    text = "Rectal examination showed no abnormalities."
    assert ASSESSOR.assess(text, [(0, len(text) - 1)]) == [Assertion.PRESENT]


@pytest.mark.parametrize("span", [(0, 0), (0, 8), (8, 8), (7, 8), (-3, -1), (100, 200), (5, 2)])
def test_spans_at_and_beyond_the_edges_are_answered(span: tuple[int, int]) -> None:
    assert len(ASSESSOR.assess("no fever", [span])) == 1


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\ud800 no \udfff fever", "\x00"])
def test_odd_texts_are_answered(text: str) -> None:
    assert ASSESSOR.assess(text, [(0, len(text))]) == [Assertion.PRESENT]


@given(ANY_TEXT | CLINICAL_TEXT, SPANS)
def test_every_span_has_one_answer_and_always_the_same(text: str, spans: list[tuple[int, int]]) -> None:
    answers = ASSESSOR.assess(text, spans)
    assert len(answers) == len(spans)
    assert answers == Assessor().assess(text, spans)


@given(CLINICAL_TEXT, CLINICAL_TEXT)
def test_a_blank_line_keeps_statements_apart(first: str, second: str) -> None:
    alone = ASSESSOR.assess(second, [(0, len(second))])
    text = f"{first}\n\n{second}"
    assert ASSESSOR.assess(text, [(len(first) + 2, len(text))]) == alone


@pytest.mark.parametrize("unit", ["no fever, chills or ", "(", "no ( has ", "\n", "?", "possible ", "a\n", " "])
def test_a_long_run_of_anything_is_read(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    assert len(ASSESSOR.assess(text, [(0, 1), (len(text) - 1, len(text))])) == 2


@pytest.mark.parametrize("question", ["History of:", "Mother:", "The following:"])
def test_an_answer_reaches_no_further_than_its_question(question: str) -> None:
    text = f"Pneumonia on the left; {question} no."
    assert ASSESSOR.assess(text, [(0, 9)]) == ASSESSOR.assess("Pneumonia on the left.", [(0, 9)])


def test_an_answer_in_the_next_sentence_reaches_its_question() -> None:
    assert ASSESSOR.assess("He is well. Fever? no.", [(12, 17)]) == [Assertion.ABSENT]
