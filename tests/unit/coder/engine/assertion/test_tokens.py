"""Offsets survive folding, and line ends end statements only where they do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coder.engine.assertion.tokens import BLANK, LINE_BREAK, find_stretches, tokenize
from services.coder.engine.page import Page, fold_case


@given(st.text())
def test_folding_keeps_the_length(text: str) -> None:
    assert len(fold_case(text)) == len(text)


@given(st.text())
def test_tokens_cover_the_text(text: str) -> None:
    tokens = tokenize(text)
    assert tokens.starts[-1] == len(text)
    for word, start, end in zip(tokens.words, tokens.starts[:-1], tokens.starts[1:], strict=True):
        piece = fold_case(text)[start:end]
        assert word == BLANK or piece.rstrip(" ") == word


@pytest.mark.parametrize(
    ("text", "breaks"),
    [
        ("no fever\nCough", 1),
        ("no fever or\ncough", 0),
        ("no evidence\nof pneumonia", 0),
        ("a long line of text that was wrapped by its\neditor", 0),
        ("a short line\nand the next", 0),
        ("a short line\nanother", 1),
        ("a long line of text that ends without a full stop but with a heading\nPlan: rest", 1),
        ("a long line of text that goes on with a name of a person, a drug or\nTylenol", 0),
        ("a long line of text that goes on with a list item in the next line of it\n- rest", 1),
        ("one\n\ntwo", 2),
        ("the end\n", 1),
    ],
)
def test_line_breaks_that_end_a_statement(text: str, breaks: int) -> None:
    assert tokenize(text).words.count(LINE_BREAK) == breaks


@pytest.mark.parametrize(("text", "ends"), [("1.5 cm", 0), ("Dr. Smith", 0), ("e.g. rash", 1), ("no. yes.", 2)])
def test_full_stops_that_end_a_sentence(text: str, ends: int) -> None:
    assert tokenize(text).words.count(".") == ends


@pytest.mark.parametrize(("text", "dashes"), [("x-ray", 0), ("lungs - clear", 1), ("- item", 1)])
def test_hyphens_are_no_dashes(text: str, dashes: int) -> None:
    assert tokenize(text).words.count("-") == dashes


PIECES = ["no", "fever", "approx", "Dr", "or", ".", ". ", ".\n", "\n", "\n\n", "\n- ", "\n1. ", "\nPlan: rest", " "]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_a_stretch_begins_where_a_statement_ends(text: str) -> None:
    tokens = tokenize(text)
    words = dict(zip(tokens.starts, tokens.words, strict=False))
    edges = find_stretches(Page(text))
    assert all(words[edge.offset] in {".", LINE_BREAK} for edge in edges[1:-1])
    assert edges[-1].offset == len(text)
