"""Concept recognition: word order, spelling, boundaries, offsets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coder.engine.index import load_index
from services.coder.engine.page import Page
from services.coder.engine.recognise import Recogniser
from services.coder.engine.spelling import Speller, is_one_edit
from services.coder.engine.tokens import canonical, read_term

RECOGNISER = Recogniser(load_index())


def find(text: str) -> list[tuple[str, str]]:
    return [(match.code, text[match.start : match.end]) for match in RECOGNISER.find(Page(text))]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("type 2 diabetes mellitus", "E11.9"),
        ("diabetes mellitus type 2", "E11.9"),
        ("Diabetes, type II", "E11.9"),
        ("kidney stones", "N20.0"),
        ("renal calculus", "N20.0"),
        ("calculi of the kidney", "N20.0"),
        ("anaemia", "D64.9"),
        ("Crohn's disease", "K50.90"),
        ("gastro-oesophageal reflux", "K21.9"),
        ("gastroesophageal reflux", "K21.9"),
        ("hypothyroidsm", "E03.9"),
        ("pain in the right knee", "M25.561"),
        ("nausea and vomiting", "R11.2"),
        ("nausea, vomiting", "R11.2"),
        ("acute on chronic systolic heart failure", "I50.23"),
        ("chronic kidney disease, stage 3", "N18.30"),
    ],
)
def test_reads_the_ways_a_condition_is_said(text: str, code: str) -> None:
    assert find(f"She has {text}.") == [(code, text)]


@pytest.mark.parametrize(
    "text",
    [
        "The kidney. Stones were thrown.",
        "kidney\n\nstones",
        "asthmagenic pollen",
        "He is a man in a coldbrew shop",
        "",
        " \n\t ",
    ],
)
def test_never_matches_across_sentences_or_inside_words(text: str) -> None:
    assert find(text) == []


def test_the_longest_match_wins_and_matches_do_not_overlap() -> None:
    assert find("acute lower back pain") == [("M54.50", "lower back pain")]


def test_offsets_hold_beside_characters_of_any_width() -> None:
    text = "😀 Ａ İstanbul — naïve ﬁ; pt has asthma\u2028and gout"
    assert find(text) == [("J45.909", "asthma"), ("M10.9", "gout")]


@given(st.text(max_size=300), st.sampled_from(["asthma", "pain in the left knee", "type 2 diabetes"]))
def test_a_term_is_found_wherever_it_stands_alone(noise: str, term: str) -> None:
    text = f"{noise}\n\n{term}\n\n{noise}"
    start = len(noise) + 2
    assert any((m.start, m.end) == (start, start + len(term)) for m in RECOGNISER.find(Page(text)))


@given(st.text(max_size=500))
def test_matches_lie_in_order_inside_any_text(text: str) -> None:
    matches = RECOGNISER.find(Page(text))
    again = RECOGNISER.find(Page(text))
    assert [(m.start, m.end, m.code) for m in matches] == [(m.start, m.end, m.code) for m in again]
    ends = [0, *(m.end for m in matches)]
    assert all(end <= m.start < m.end <= len(text) for end, m in zip(ends, matches, strict=False))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Haemorrhages", "hemorrhage"),
        ("metastases", "metastasis"),
        ("stones", "calculus"),
        ("Crohn’s", "crohn"),
        ("vertebrae", "vertebra"),
        ("Ménière", "meniere"),
        ("biopsies", "biopsy"),
    ],
)
def test_forms_of_a_word_agree(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


def test_qualifiers_are_set_apart_from_the_words_that_name() -> None:
    assert read_term("acute bronchitis").words == read_term("chronic bronchitis").words
    assert read_term("acute bronchitis").qualifiers != read_term("chronic bronchitis").qualifiers


@pytest.mark.parametrize(
    ("a", "b", "one"),
    [
        ("abcd", "abce", True),
        ("abcd", "acbd", True),
        ("abcd", "abc", True),
        ("abcd", "badc", False),
        ("ab", "ab", True),
    ],
)
def test_one_edit_is_one_slip(a: str, b: str, one: bool) -> None:
    assert is_one_edit(a, b) is one
    assert is_one_edit(b, a) is one


def test_an_ambiguous_slip_stays_unknown() -> None:
    speller = Speller(["carditises", "carditisis"])
    assert speller.correct("carditisxs") is None
    assert Speller(["hypothyroidism"]).correct("hypothyroidsm") == "hypothyroidism"
    assert Speller(["gout"]).correct("goat") is None
