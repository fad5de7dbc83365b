"""Knows which words name a diagnosis, so that a query cannot introduce one that nobody documented.

Place in the flow: `linter` asks it about titles and questions, `record` about documents; pure. It reads the engine's
lexicon alone, about 32,000 terms in about a second, without the classification. Symptoms and circumstances (chapters
18, 20 and 21, except severe sepsis) are no diagnoses here. Invariant: what is found does not overlap; the longest wins.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from services.coder.engine.lexicon import load_lexicon
from services.coder.engine.tokens import WORD, canonical, find_qualifier, is_stop

_MOST_WORDS = 7
_BREAK = re.compile(r"[.;:!?()\[\]]|\n\s*\n|\d+\)")
_NO_DIAGNOSIS = re.compile(r"[VWXYZ]|R(?!65)")
_CAPITALS = "="


@dataclass(frozen=True, slots=True)
class NamedDiagnosis:
    """A diagnosis named at `start:end`: its words, the words in and beside it that refine it, and its code."""

    start: int
    end: int
    words: frozenset[str]
    refinements: frozenset[str]
    code: str


class Word(NamedTuple):
    """A content word as the lexicon spells it, and where it stands; `breaks` when a sentence ends before it."""

    text: str
    canonical: str
    start: int
    end: int
    breaks: bool


def read_text(text: str) -> list[Word]:
    """The content words of a text, in order."""
    words: list[Word] = []
    reached = 0
    for match in WORD.finditer(text):
        if not is_stop(match[0]):
            breaks = _BREAK.search(text, reached, match.start()) is not None
            words.append(Word(match[0], canonical(match[0]), match.start(), match.end(), breaks))
            reached = match.end()
    return words


class Vocabulary:
    """The terms of diagnoses, by their words."""

    def __init__(self, terms: Iterator[tuple[str, str]]) -> None:
        """`terms` are pairs of a term and its code."""
        self._codes: dict[tuple[str, ...], str] = {}
        self._capitals: dict[str, str] = {}
        for term, code in terms:
            if term.startswith(_CAPITALS):
                self._capitals.setdefault(term.removeprefix(_CAPITALS), code)
            elif words := tuple(canonical(word) for word in WORD.findall(term) if not is_stop(word)):
                self._codes.setdefault(words, code)

    def find(self, text: str) -> list[NamedDiagnosis]:
        """All diagnoses that a text names."""
        words = read_text(text)
        found = []
        at = 0
        while at < len(words):
            size, code = self._match(words, at)
            if code:
                found.append(_name(words, at, size, code))
            at += size
        return found

    def _match(self, words: Sequence[Word], at: int) -> tuple[int, str]:
        longest = 1
        while longest < _MOST_WORDS and at + longest < len(words) and not words[at + longest].breaks:
            longest += 1
        for size in range(longest, 0, -1):
            code = self._codes.get(tuple(word.canonical for word in words[at : at + size]))
            if code:
                return size, code
        return 1, self._capitals.get(words[at].text, "")


def _name(words: Sequence[Word], at: int, size: int, code: str) -> NamedDiagnosis:
    """Take the refining words on both sides along: "acute on chronic" belongs to the heart failure after it."""
    first, after = at, at + size
    while first > 0 and not words[first].breaks and find_qualifier(words[first - 1].text):
        first -= 1
    while after < len(words) and not words[after].breaks and find_qualifier(words[after].text):
        after += 1
    refinements = frozenset(word.canonical for word in words[first:after] if find_qualifier(word.text))
    own = frozenset(word.canonical for word in words[at : at + size])
    return NamedDiagnosis(words[at].start, words[at + size - 1].end, own - refinements, refinements, code)


@cache
def load_vocabulary() -> Vocabulary:
    """The vocabulary of the lexicon; terms that need a context to be trusted are left out."""
    return Vocabulary(
        (term, entry.code)
        for entry in load_lexicon()
        if entry.when is None and not _NO_DIAGNOSIS.match(entry.code)
        for term in entry.terms
    )
