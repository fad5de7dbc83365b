"""Searching by the beginnings of words finds what the patterns alone find, and a text's words are listed once."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.coder.engine.services.beginnings import list_beginnings
from services.coder.engine.services.tables import load_rows
from services.coder.engine.services.words import WordPattern, WordPatterns

PATTERNS = [row["pattern"] for name in ("decision_words.tsv", "procedures.tsv") for row in load_rows(name)]
WORDS = sorted({word for pattern in PATTERNS for word in re.findall(r"[a-z]{3,}", pattern)})
TEXTS = st.lists(
    st.one_of(
        st.sampled_from(WORDS), st.sampled_from(["CT", "UA", "ECG", "x-ray", "20 mg", "not", "\u0130", "5", "\n"])
    ),
    max_size=30,
).map(" ".join)


@pytest.mark.parametrize(
    ("pattern", "beginnings"),
    [
        ("cbc|complete blood", {"cbc", "com"}),
        ("x-?rays?", {"x-r", "xra"}),
        ("(?:folding )?walker", {"fol", "wal"}),
        (r"\d{2} mg", {f"{one}{two} " for one in "0123456789" for two in "0123456789"}),
        (r"ua\b|ct(?: scan)?", {"ua", "ct", "ct "}),
        (r"a?b+c", {"abb", "abc", "bbc", "bbb", "bc"}),
        (r"(?<!no )(?=x)pt[- ]inr", {"pt-", "pt "}),
        (r"to\w+", {"to"}),
    ],
)
def test_beginnings(pattern: str, beginnings: set[str]) -> None:
    assert list_beginnings(pattern) == beginnings


@pytest.mark.parametrize("pattern", [r"(?i)x", "(?:a", "a)", "\\"])
def test_what_is_not_understood_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"pattern|bracket"):
        list_beginnings(pattern)


def test_a_pattern_that_may_begin_with_a_blank_is_refused() -> None:
    with pytest.raises(ValueError, match="begin with no word"):
        WordPattern("(?:punch)? ?biopsy")


def find_plainly(pattern: str, text: str, start: int, end: int) -> list[tuple[int, int]]:
    return [match.span() for match in re.compile(rf"(?i)\b(?:{pattern})\b").finditer(text, start, end)]


@settings(max_examples=40, deadline=None)
@given(text=TEXTS, cut=st.integers(0, 200))
def test_every_pattern_finds_what_it_finds_alone(text: str, cut: int) -> None:
    cut = min(cut, len(text))
    spans = [(0, cut), (cut, len(text))]
    plain = [find_plainly(pattern, text, *span) for span in spans for pattern in PATTERNS]

    together: list[list[tuple[int, int]]] = [[] for _ in plain]
    for span, number, match in WordPatterns(PATTERNS).find(text, spans):
        together[span * len(PATTERNS) + number].append(match.span())
    alone = [[each.span() for each in WordPattern(p).find(text, *span)] for span in spans for p in PATTERNS]

    assert together == alone == plain


def test_a_pattern_may_end_within_a_word() -> None:
    assert [each[0] for each in WordPattern("ketorolac", open_ended=True).find("Ketorolacs")] == ["Ketorolac"]
    assert WordPattern("ketorolac").find_first("Ketorolacs") is None
