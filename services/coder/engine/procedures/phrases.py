"""Finds phrases in the words of a text: the longest one at each place, none overlapping another.

Place in the flow: `vocabulary` builds one for the names of operations and one for the words of their details; pure.
Invariant: the time is linear in the text, and a phrase never crosses what lies between two of its words by more than
the gap that it names.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

_WORD = re.compile(r"[a-z0-9]+(?:'s)?", re.IGNORECASE)
_GAP = ".."
_LONGEST_GAP = 3


class Word(NamedTuple):
    """A word in small letters, with its span."""

    text: str
    start: int
    end: int


class Match(NamedTuple):
    """The key of a phrase that was found, and its span."""

    key: str
    start: int
    end: int


def split_words(text: str, start: int, end: int) -> list[Word]:
    """The words of a stretch of text."""
    return [Word(each[0].lower(), each.start(), each.end()) for each in _WORD.finditer(text, start, end)]


class Phrases:
    """Phrases by key; ".." in a phrase stands for up to three words."""

    def __init__(self, phrases: Mapping[str, Iterable[str]]) -> None:
        self._by_first: defaultdict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        for key, names in phrases.items():
            for name in names:
                parts = tuple(_split_phrase(name))
                self._by_first[parts[0]].append((parts, key))

    def find(self, words: list[Word]) -> Iterator[Match]:
        """The phrases in `words`, in order; several keys may share a phrase."""
        place = 0
        while place < len(words):
            reached, keys = self._match_at(words, place)
            yield from (Match(key, words[place].start, words[reached - 1].end) for key in keys)
            place = max(reached, place + 1)

    def _match_at(self, words: list[Word], place: int) -> tuple[int, list[str]]:
        best, keys = place, list[str]()
        for parts, key in self._by_first.get(words[place].text, ()):
            reached = _follow(parts, words, place)
            if reached > best:
                best, keys = reached, [key]
            elif reached == best > place:
                keys.append(key)
        return best, keys


def _split_phrase(phrase: str) -> Iterator[str]:
    for piece in phrase.split():
        if piece == _GAP:
            yield _GAP
        else:
            yield from (word[0].lower() for word in _WORD.finditer(piece))


def _follow(parts: tuple[str, ...], words: list[Word], place: int) -> int:
    """Where the phrase that begins at `place` ends, 0 where it does not stand there."""
    skips = 0
    for part in parts:
        if part == _GAP:
            skips = _LONGEST_GAP
            continue
        while place < len(words) and words[place].text != part and skips:
            place, skips = place + 1, skips - 1
        if place >= len(words) or words[place].text != part:
            return 0
        place, skips = place + 1, 0
    return place
