"""Searches a note for patterns that begin with a word: each is tried only where a word of the note begins as it does.

Place in the flow: the readers of notes search with `WordPattern` and `WordPatterns`; pure. Invariants: what is found is
what the regular expression `\\b(?:pattern)\\b` finds from left to right without overlap; the words of a note are listed
once, however many patterns look for them.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from services.coder.engine.page import Page
from services.coder.engine.services.beginnings import LENGTH, list_beginnings

Span = tuple[int, int]
KEPT = 16
"""Texts whose words and sentences are kept: those of one chart, which its services read one after the other."""


class WordPattern:
    """A regular expression that begins with a word, and ends with one unless `open_ended`; case does not count."""

    def __init__(self, pattern: str, *, open_ended: bool = False) -> None:
        self._regex, beginnings = _compile(pattern, open_ended=open_ended)
        self._beginnings = beginnings
        self._shorter = sorted({len(each) for each in beginnings if len(each) < LENGTH})

    def find(self, text: str, start: int = 0, end: int | None = None) -> Iterator[re.Match[str]]:
        """Find the matches between two offsets."""
        reached, limit = start, len(text) if end is None else end
        for place in self._list_places(_index_words(text)):
            if reached <= place < limit and (match := self._regex.match(text, place, limit)):
                reached = match.end()
                yield match

    def find_first(self, text: str, start: int = 0, end: int | None = None) -> re.Match[str] | None:
        """Find the first match between two offsets."""
        return next(self.find(text, start, end), None)

    def _list_places(self, words: dict[str, list[int]]) -> Sequence[int]:
        keys = words.keys() & self._beginnings
        for length in self._shorter:
            keys |= {key for key in words if key[:length] in self._beginnings}
        found = [words[key] for key in keys]
        return found[0] if len(found) == 1 else sorted(place for each in found for place in each)


class WordPatterns:
    """Several such patterns, which one pass over the words of a note looks for."""

    def __init__(self, patterns: Sequence[str], *, open_ended: bool = False) -> None:
        compiled = [_compile(pattern, open_ended=open_ended) for pattern in patterns]
        self._regexes = [regex for regex, _ in compiled]
        self._by_beginning: dict[str, tuple[int, ...]] = {}
        for number, (_, beginnings) in enumerate(compiled):
            for beginning in beginnings:
                self._by_beginning[beginning] = (*self._by_beginning.get(beginning, ()), number)
        self._shorter = sorted({len(each) for each in self._by_beginning if len(each) < LENGTH})

    def find(self, text: str, spans: Sequence[Span]) -> Iterator[tuple[int, int, re.Match[str]]]:
        """Find span by span, and in each pattern by pattern: number of the span, number of the pattern, match.

        `spans` are in order and do not overlap; no match crosses the end of one.
        """
        last, reached = (-1, -1), 0
        for span, number, place in self._list_candidates(text, spans):
            if (span, number) == last and place < reached:
                continue
            if match := self._regexes[number].match(text, place, spans[span][1]):
                last, reached = (span, number), match.end()
                yield span, number, match

    def _list_candidates(self, text: str, spans: Sequence[Span]) -> list[tuple[int, int, int]]:
        """Number of a span, number of a pattern, and where in the span a word begins as the pattern does; in order."""
        words, starts = _index_words(text), [start for start, _ in spans]
        begun = [(key, key) for key in words.keys() & self._by_beginning.keys()]
        begun += [
            (key, key[:length]) for length in self._shorter for key in words if key[:length] in self._by_beginning
        ]
        found = []
        for key, beginning in set(begun):
            for place in words[key]:
                span = bisect_right(starts, place) - 1
                if span >= 0 and place < spans[span][1]:
                    found += [(span, number, place) for number in self._by_beginning[beginning]]
        return sorted(found)


def _compile(pattern: str, *, open_ended: bool) -> tuple[re.Pattern[str], frozenset[str]]:
    """A pattern, and how what it matches begins; raises ValueError where that is no word."""
    beginnings = list_beginnings(pattern)
    if not all(each[:1].isalnum() for each in beginnings):
        raise ValueError(f"a pattern that may begin with no word: {pattern}")
    return re.compile(rf"(?i)\b(?:{pattern})" + ("" if open_ended else r"\b")), beginnings


@lru_cache(maxsize=KEPT)
def read_page(text: str) -> Page:
    """Split a text into words, once for all that read it."""
    return Page(text)


@lru_cache(maxsize=KEPT)
def _index_words(text: str) -> dict[str, list[int]]:
    """Where the words of `text` begin, by their first characters in small letters."""
    page, places = read_page(text), defaultdict[str, list[int]](list)
    folded = page.folded
    for start in page.starts:
        places[folded[start : start + LENGTH]].append(start)
    return dict(places)
