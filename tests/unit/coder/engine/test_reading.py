"""Words that mean one thing here and another there: letters, initials, possessives, and where a cancer has spread."""

import pytest

from services.coder.engine.index import load_index
from services.coder.engine.metastases import find_spread
from services.coder.engine.page import Page
from services.coder.engine.recognise import Recogniser
from services.coder.engine.tokens import canonical, find_qualifier, find_types

RECOGNISER = Recogniser(load_index())


def find_codes(text: str) -> list[str]:
    return [match.code for match in RECOGNISER.find(Page(text))]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("hepatitis A", ["B15.9"]),
        ("hepatitis B", ["B19.10"]),
        ("chronic hepatitis C", ["B18.2"]),
        ("Vitamin A deficiency", ["E50.9"]),
        ("vitamin B12 deficiency", ["E53.8"]),
        ("vitamin D deficiency", ["E55.9"]),
        ("influenza A", ["J10.1"]),
        ("Flu B", ["J10.1"]),
        ("hemophilia B", ["D67"]),
        ("group B streptococcus", ["B95.1"]),
        ("type A aortic dissection", ["I71.010"]),
        ("A fib", ["I48.91"]),
        ("hepatitis a year ago", ["K75.9"]),
        ("a vitamin deficiency", ["E56.9"]),
        ("a gastritis", ["K29.70"]),
    ],
)
def test_a_letter_beside_a_kind_is_its_type_and_else_an_article(text: str, codes: list[str]) -> None:
    assert find_codes(f"There is {text}.") == codes


def test_a_letter_is_a_type_beside_the_words_of_the_table_only() -> None:
    assert find_types(["hepatitis", "A"]) == [1]
    assert find_types(["A", "fib"]) == [0]
    assert find_types(["knee", "B"]) == find_types(["A", "knee"]) == find_types(["hepatitis", "in", "a"]) == []


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Sepsis due to E. coli", ["A41.51"]),
        ("H. pylori gastritis", ["K29.50"]),
        ("C. difficile colitis", ["A04.72"]),
        ("S. aureus bacteremia", ["B95.61", "R78.81"]),
        ("Plan B. Asthma", ["J45.909"]),
        ("Hepatitis C. Cirrhosis", ["B19.20", "K74.60"]),
        ("She saw Dr. A. Pain in the knee", ["M25.569"]),
        ("Pain on the left. Knee", ["R52"]),
    ],
)
def test_an_initial_ends_no_sentence_and_a_type_does(text: str, codes: list[str]) -> None:
    assert find_codes(text) == codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("stable angina", ["I20.89"]),
        ("angina", ["I20.9"]),
        ("stable asthma", ["J45.909"]),
        ("transverse myelitis", ["G37.3"]),
        ("transverse colon cancer", ["C18.4"]),
        ("frequent urination", ["R35.0"]),
        ("urination", []),
        ("frequent headaches", ["R51.9"]),
        ("suspected appendicitis", ["K37"]),
    ],
)
def test_a_refining_word_counts_where_a_term_has_it(text: str, codes: list[str]) -> None:
    assert find_codes(text) == codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("prostate cancer with bone mets", ["C61", "C79.51"]),
        ("breast cancer metastatic to bone", ["C50.919", "C79.51"]),
        ("metastatic breast cancer to the bone, liver and brain", ["C50.919", "C79.51", "C78.7", "C79.31"]),
        ("lung cancer with brain metastases", ["C34.90", "C79.31"]),
        ("metastatic bone cancer", ["C41.9"]),
        ("bone cancer metastasis", ["C41.9"]),
        ("metastatic breast cancer", ["C50.919"]),
        ("bone metastases", ["C79.51"]),
        ("breast cancer. It went to the bone", ["C50.919"]),
    ],
)
def test_a_cancer_and_where_it_has_spread_are_two_diagnoses(text: str, codes: list[str]) -> None:
    assert find_codes(text) == codes


def test_spread_is_read_up_to_the_end_of_the_list_of_sites() -> None:
    text = "Mets to the left lung & brain; liver normal, referred to breast clinic"
    assert [text[site.start : site.end] for site in find_spread(Page(text))] == ["lung", "brain"]
    assert list(find_spread(Page("breast cancer that went to bone"))) == []


@pytest.mark.parametrize("word", ["cancer", "CA", "tumor", "neoplasia", "malignancy", "ALL", "fistula", "ffa", "FFA"])
def test_a_bare_kind_of_disease_names_no_condition(word: str) -> None:
    assert RECOGNISER.find(Page(f"There is {word}."), lambda row, start: False) == []


@pytest.mark.parametrize(("one", "other"), [("PEs", "PE"), ("UTIs", "UTI"), ("AAAs", "AAA")])
def test_the_plural_of_an_abbreviation_is_the_abbreviation(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


def test_a_possessive_is_a_name_and_no_refining_word() -> None:
    assert find_qualifier("severe") is not None
    assert find_qualifier("Sever's") is find_qualifier("Sever’s") is None
    assert find_codes("Sever's disease") == ["M92.8"]
    assert find_codes("severe disease") == []
