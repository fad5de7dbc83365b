"""The cue tables hold what they promise."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from services.coder.engine.assertion import cues
from services.coder.engine.assertion.cues import Effect, Lexicon, Side, load_course_pattern, load_lexicon
from services.coder.engine.assertion.tokens import LINE_BREAK, tokenize


def match(phrase: str) -> tuple[str, set[tuple[str, int]]] | None:
    """The words that match at the beginning of `phrase`, and the sides and effects of their cues."""
    words = tokenize(phrase).words
    found = load_lexicon().match(words, 0)
    return found and (" ".join(words[: found[0]]), {(cue.side.value, cue.effect) for cue in found[1]})


@pytest.mark.parametrize(
    ("text", "phrase", "side", "effect"),
    [
        ("no evidence of pneumonia", "no evidence of", Side.BEFORE, Effect.ABSENT),
        ("no signs of pneumonia", "no signs of", Side.BEFORE, Effect.ABSENT),
        ("no change in nodule", "no change", Side.BEFORE, 0),
        ("has been ruled out", "has been ruled out", Side.AFTER, Effect.ABSENT),
        ("his father had a stroke", "his", None, 0),
        ("father had a stroke", "father had", Side.BEFORE, Effect.FAMILY),
        ("but", "but", Side.STOP, Effect.ALL),
        ("with", "with", Side.STOP, Effect.HISTORICAL | Effect.BACKGROUND | Effect.UNCERTAIN),
    ],
)
def test_longest_phrase_wins(text: str, phrase: str, side: Side | None, effect: int) -> None:
    found = match(text)
    if side is None:
        assert found is None
    else:
        assert found is not None
        assert found[0] == phrase
        assert any(of == side.value and bits & effect == bits for of, bits in found[1])


def load_tables(monkeypatch: pytest.MonkeyPatch, tables: str) -> Lexicon:
    monkeypatch.setattr(cues, "_read", lambda _: tables)
    return load_lexicon.__wrapped__()


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ('[same]\na = ["a", "b"]\nc = ["c", "b"]\n', "one row"),
        ('[same]\nx = ["a", "b"]\n', "named by one of its words"),
        ('[same]\na = ["a", "b c"]\n', "single words"),
        ('[same]\n[[group]]\neffect = "none"\nphrases = [" "]\n', "without words"),
    ],
)
def test_malformed_tables_are_refused(monkeypatch: pytest.MonkeyPatch, tables: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_tables(monkeypatch, tables)


@pytest.mark.parametrize(
    ("course", "condition", "is_found"),
    [
        ("chronic", "type 2 diabetes mellitus", True),
        ("chronic", "htn", True),
        ("chronic", "high  blood\npressure", True),
        ("chronic", "pneumonia", False),
        ("chronic", "admission", False),
        ("chronic", "dms", False),
        ("transient", "nausea", True),
        ("transient", "pneumonia", False),
        ("complaint", "cough", True),
        ("complaint", "stroke", False),
    ],
)
def test_courses_are_told_by_the_beginnings_of_words(course: str, condition: str, *, is_found: bool) -> None:
    assert bool(load_course_pattern(course).search(condition)) is is_found


def walk(children: dict[str, cues._Node], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Every phrase of a tree of cues, and whether it has an effect."""
    for word, node in children.items():
        if node.cues:
            yield (*path, word), any(cue.effect and cue.side is not Side.STOP for cue in node.cues)
        yield from walk(node.children, (*path, word))


def test_no_phrase_with_an_effect_goes_without_a_telling_word() -> None:
    lexicon = load_lexicon()
    telling = lexicon.telling_words.keys() | lexicon.telling_marks
    phrases = [phrase for phrase, has_effect in walk(lexicon.first_words) if has_effect]
    assert len(phrases) > 1_000
    assert not [phrase for phrase in phrases if telling.isdisjoint(phrase)]


def test_no_phrase_reaches_beyond_a_stretch() -> None:
    phrases = [phrase for phrase, _ in walk(load_lexicon().first_words)]
    assert not [phrase for phrase in phrases if LINE_BREAK in phrase]
    assert not [phrase for phrase in phrases for word, mark in pairwise(phrase) if mark == "." and len(word) > 3]
