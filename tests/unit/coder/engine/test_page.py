"""A page has every word of its text once, and a gap wherever more than one blank stands between two."""

import re

from hypothesis import given
from hypothesis import strategies as st

from services.coder.engine.page import Page

_RUN = re.compile(r"[^\W_]+")
TEXTS = st.one_of(st.text(), st.text(alphabet="aB1é'’_-.,\n\t  "))


@given(TEXTS)
def test_the_words_are_the_runs_of_letters_and_digits(text: str) -> None:
    page, runs = Page(text), list(_RUN.finditer(text))
    assert page.words == [run[0] for run in runs]
    assert list(zip(page.starts, page.ends, strict=True)) == [run.span() for run in runs]
    assert page.folded_words == Page(page.folded).words
    assert [len(word) for word in page.folded_words] == [len(word) for word in page.words]


@given(TEXTS)
def test_words_and_gaps_make_the_text(text: str) -> None:
    page = Page(text)
    gaps = {number: gap for number, _, gap in page.gaps}
    assert all(text.startswith(gap, offset) for _, offset, gap in page.gaps)
    pieces = [gaps.get(0, "")]
    for number, word in enumerate(page.words, 1):
        pieces += [word, gaps.get(number, " ")]
    assert "".join(pieces).strip(" ") == text.strip(" ")
    assert " " not in gaps.values()


def test_a_gap_names_the_word_behind_it() -> None:
    assert Page("No fever, chills.").gaps == [(2, 8, ", "), (3, 16, ".")]
