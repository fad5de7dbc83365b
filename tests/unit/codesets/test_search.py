"""Type-ahead search: any order, unfinished words, slips, and what comes first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.codesets.search import SearchIndex, Term

TERMS = [
    Term("icd10cm", "E11.9", "E11.9 Type 2 diabetes mellitus without complications"),
    Term("icd10cm", "E11.22", "E11.22 Type 2 diabetes mellitus with diabetic chronic kidney disease"),
    Term("icd10cm", "J18.9", "J18.9 Pneumonia, unspecified organism"),
    Term("icd10cm", "J18.9", "Lung inflammation"),
    Term("icd10cm", "J82.89", "Allergic pneumonia"),
    Term("icd10cm", "I48.91", "I48.91 Unspecified atrial fibrillation"),
    Term("cpt", "71046", "71046 Chest x-ray, two views"),
    Term("icd10cm", "H81.09", "Ménière disease"),
]
INDEX = SearchIndex(TERMS)


def codes(question: str, limit: int = 5) -> list[str]:
    return [term.code for term in INDEX.search(question, limit=limit)]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("diabetes type 2", "E11.9"),
        ("mellitus diabetes kidney", "E11.22"),
        ("diab kid", "E11.22"),
        ("diabtes melitus", "E11.9"),
        ("pnuemonia", "J18.9"),
        ("fibrilation", "I48.91"),
        ("fibrilaton atrail", "I48.91"),
        ("e11.22", "E11.22"),
        ("e1122", "E11.22"),
        ("J18", "J18.9"),
        ("xray chest", "71046"),
        ("meniere", "H81.09"),
        ("lung", "J18.9"),
    ],
)
def test_the_code_that_is_meant_comes_first(question: str, first: str) -> None:
    assert codes(question)[0] == first


def test_a_code_is_found_once() -> None:
    assert codes("J18.9") == ["J18.9"]
    assert codes("pneumonia") == ["J18.9", "J82.89"]


def test_one_word_too_many_still_finds() -> None:
    assert codes("pneumonia severe zzzz") == []
    assert codes("allergic pneumonia zzzz") == ["J82.89"]


def test_nothing_is_found_for_nothing() -> None:
    assert codes("") == codes("  ,. ") == codes("qqqqqqq") == []


def test_what_is_not_accepted_makes_room() -> None:
    found = INDEX.search("pneumonia", limit=1, accept=lambda term: term.code != "J18.9")
    assert [term.code for term in found] == ["J82.89"]


@given(st.sampled_from(["diabetes", "pneumonia", "fibrillation", "complications"]), st.data())
def test_any_one_slip_is_forgiven(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("aeioutrn"))
    slips = [word[:at] + word[at + 1 :], word[:at] + letter + word[at + 1 :], word[:at] + letter + word[at:]]
    slipped = data.draw(st.sampled_from(slips))
    wanted = {term.code for term in TERMS if word in term.text.lower()}
    assert set(codes(slipped, limit=8)) >= wanted
