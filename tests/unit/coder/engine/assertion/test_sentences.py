"""What the rules say of marked sentences; `sentences.toml` holds them, by what they try."""

import re
import tomllib
from pathlib import Path

import pytest

from services.coder.engine.assertion import Assessor

MARK = re.compile(r"\{([^=}]+)=([a-z]+)\}")
SENTENCES = tomllib.loads(Path(__file__).with_name("sentences.toml").read_text(encoding="utf-8"))
CASES = [pytest.param(marked, id=f"{theme}-{n}") for theme, rows in SENTENCES.items() for n, marked in enumerate(rows)]


def read_marks(marked: str) -> tuple[str, list[tuple[int, int]], list[str]]:
    """Return the sentence without its marks, the marked spans and what is expected of them."""
    text, spans, expected, end = "", [], [], 0
    for mark in MARK.finditer(marked):
        text += marked[end : mark.start()]
        spans.append((len(text), len(text) + len(mark[1])))
        text += mark[1]
        expected.append(mark[2])
        end = mark.end()
    return text + marked[end:], spans, expected


@pytest.mark.parametrize("marked", CASES)
def test_sentence_says_what_is_marked(marked: str) -> None:
    text, spans, expected = read_marks(marked)
    found = Assessor().assess(text, spans)
    assert [(text[start:end], answer.value) for (start, end), answer in zip(spans, found, strict=True)] == [
        (text[start:end], answer) for (start, end), answer in zip(spans, expected, strict=True)
    ]
