"""Reads the words of a page with their meaning for matching: the first half of concept recognition.

Place in the flow: `services.coder.engine.recognise` slides its windows over the columns made here. Invariants: the
columns are of one length and in order of position; offsets are offsets into the page's text.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import compress

from services.coder.engine.index import TermIndex
from services.coder.engine.page import Gap, Page
from services.coder.engine.spelling import Speller
from services.coder.engine.tokens import canonical, find_qualifier, find_types, hash_word, is_stop, is_type

STOP, UNKNOWN = 0, -1
SOFT, HARD = 1, 2
_MEMO_LIMIT = 200_000
_LONGEST_WORD = 60
_LONGEST_SUFFIX = 2
_HARD_BREAK = re.compile(r"[.;:!?•|=\u2022]\s|[;:!?•|]|\.$|\n\s*(?![a-z\s])|\n\s*\n|\.\n| - | – ")
_SOFT_BREAK = re.compile(r"[,()\n/\[\]]")


class Words:
    """The words of a text in columns.

    `values` are their meanings: a content word's hash, 0 for a stop word, -1 for an unknown one, below that -1 less a
    qualifier's bit. `breaks` tell what parts each from the word before: 0 nothing, SOFT a comma, HARD a sentence's end.
    """

    __slots__ = ("breaks", "ends", "raws", "starts", "values")

    def __init__(self, raws: list[str], starts: list[int], ends: list[int], values: list[int]) -> None:
        self.raws, self.starts, self.ends, self.values = raws, starts, ends, values
        self.breaks = [0] * len(raws)


class _Memory(dict[str, int]):
    """The meaning of each word that was met; bounded, and it never changes an answer."""

    def __init__(self, find: Callable[[str], int]) -> None:
        self._find = find

    def __missing__(self, raw: str) -> int:
        if len(self) > _MEMO_LIMIT:
            self.clear()
        value = self[raw] = self._find(raw)
        return value


class WordReader:
    """Gives every word its meaning."""

    def __init__(self, index: TermIndex) -> None:
        self._words = index.words
        self._pairs = index.pairs
        self._speller = Speller(index.words)
        self._meanings = _Memory(self._value_of)

    def read(self, page: Page) -> Words:
        """Read every word of `page`; words joined by a hyphen are one when the vocabulary closes them up."""
        raws, starts, ends, gaps = page.words, page.starts, page.ends.copy(), page.gaps
        if suffixes := _find_suffixes(page):
            raws, starts, ends, gaps = _join_suffixes(page, suffixes)
        words = Words(raws, starts, ends, list(map(self._meanings.__getitem__, raws)))
        self._mark_breaks(gaps, words)
        self._read_types(words)
        return words

    def _read_types(self, words: Words) -> None:
        """Read a letter that names a type as content; "hepatitis a year ago" has the article."""
        raws, values, breaks = words.raws, words.values, words.breaks
        for at in find_types(raws):
            letter = hash_word(canonical(raws[at]))
            following = STOP if at + 1 == len(raws) or breaks[at + 1] else values[at + 1]
            article = following == UNKNOWN or (following > 0 and letter + following not in self._pairs)
            if values[at] <= 0 and not breaks[at] and not (article and raws[at] == "a"):
                values[at] = letter

    def _mark_breaks(self, gaps: list[Gap], words: Words) -> None:
        breaks, count = words.breaks, len(words.raws)
        for at, _, gap in gaps:
            if 0 < at < count:
                if gap == "-":
                    self._close_up(words, at)
                else:
                    breaks[at] = 0 if gap[0] == "." and self._is_initial(words, at - 1) else break_level(gap)

    def _is_initial(self, words: Words, at: int) -> bool:
        """Whether the letter at `at` shortens a name: "E. coli", but not "hepatitis C. Jaundice" or "Plan B. Rest"."""
        letter, following = words.raws[at], words.values[at + 1]
        if len(letter) != 1 or not letter.isupper() or words.values[at] <= 0 or following <= 0:
            return False
        return not is_type(words.raws, at) and words.values[at] + following in self._pairs

    def _close_up(self, words: Words, at: int) -> None:
        """Join the word at `at` to the one before, when together they are a word: "gastro-esophageal"."""
        joined = words.raws[at - 1] + words.raws[at]
        value = self._meanings[joined]
        if value > 0:
            words.values[at - 1], words.ends[at - 1] = value, words.ends[at]
            words.values[at] = STOP

    def _value_of(self, raw: str) -> int:
        if is_stop(raw):
            return STOP
        if qualifier := find_qualifier(raw):
            return UNKNOWN - qualifier.bit
        word = canonical(raw[:_LONGEST_WORD])
        value = self._words.get(word)
        if value is None and (corrected := self._speller.correct(word)):
            value = self._words[corrected]
        return UNKNOWN if value is None else value


def _find_suffixes(page: Page) -> list[int]:
    """The words that belong to the one before their apostrophe: "patient's", "isn't"; a word takes one of them."""
    found: list[int] = []
    for at, _, gap in page.gaps:
        if gap in {"'", "’"} and 0 < at < len(page.words) and (not found or found[-1] != at - 1):
            word = page.words[at]
            if len(word) <= _LONGEST_SUFFIX and word.isascii() and word.isalpha():
                found.append(at)
    return found


def _join_suffixes(page: Page, suffixes: list[int]) -> tuple[list[str], list[int], list[int], list[Gap]]:
    """The columns and gaps of `page` with each of `suffixes` as a part of the word before it."""
    raws, ends = page.words.copy(), page.ends.copy()
    kept = bytearray(b"\1") * len(raws)
    for at in suffixes:
        raws[at - 1], ends[at - 1] = page.text[page.starts[at - 1] : ends[at]], ends[at]
        kept[at] = 0
    gaps, shift = [], 0
    for at, offset, gap in page.gaps:
        if at < len(kept) and not kept[at]:
            shift += 1
        else:
            gaps.append((at - shift, offset, gap))
    return list(compress(raws, kept)), list(compress(page.starts, kept)), list(compress(ends, kept)), gaps


@lru_cache(maxsize=1_000)
def break_level(gap: str) -> int:
    """What the characters between two words part them by."""
    if _HARD_BREAK.search(gap):
        return HARD
    return SOFT if _SOFT_BREAK.search(gap) else 0
