"""Finds the terms of the index in a note: concept recognition.

Place in the flow: after `sections`, before assertion. A window of words matches when its content words are a term's,
in any order; qualifiers and stop words inside it are passed over. Invariants: matches do not overlap, a longer one
wins; no window crosses a sentence; time is linear in the text, since a window holds at most MAX_WORDS content words.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from services.coder.engine.findings import Source
from services.coder.engine.index import TermIndex, extend_order
from services.coder.engine.spelling import Speller
from services.coder.engine.terms import MAX_WORDS
from services.coder.engine.tokens import WORD, canonical, fold_word, is_stop, load_qualifiers

_STOP, _UNKNOWN = 0, -1
_MAX_SKIPPED = 4
_MEMO_LIMIT = 200_000
_HARD_BREAK = re.compile(r"[.;:!?•|=\u2022]\s|[;:!?•|]|\.$|\n\s*(?![a-z\s])|\n\s*\n|\.\n| - | – ")
_SOFT_BREAK = re.compile(r"[,()\n/\[\]]")


class Words(NamedTuple):
    """The words of a text in columns: offsets, meaning (content hash, 0 stop, -1 unknown, below -1 a qualifier bit)."""

    starts: list[int]
    ends: list[int]
    values: list[int]
    breaks: list[int]


@dataclass(frozen=True, slots=True)
class Match:
    """A term found at `start:end`; `qualifiers` are the bits of the refining words in and beside it."""

    start: int
    end: int
    code: str
    source: Source
    qualifiers: int
    size: int
    row: int


class _Window(NamedTuple):
    first: int
    last: int
    row: int
    size: int
    crossing: int
    capitals: bool


class Recogniser:
    """Scans texts against one index. Its memory of words is bounded and never changes an answer."""

    def __init__(self, index: TermIndex) -> None:
        self.index = index
        self._speller = Speller(index.words)
        self._qualifiers = load_qualifiers()
        self._memo: dict[str, int] = {}

    def find(self, text: str, trusts: Callable[[int, int], bool] = lambda row, start: True) -> list[Match]:
        """All matches in order of position. `trusts(row, start)` says whether the term `row` is trusted at `start`."""
        words = self.read_words(text)
        windows = self._find_windows(text, words)
        windows.sort(key=lambda w: (-w.size, w.crossing, w.first))
        taken = bytearray(len(words.starts))
        matches = []
        for window in windows:
            if not any(taken[window.first : window.last + 1]):
                match = self._choose(words, window, trusts)
                if match is not None:
                    taken[window.first : window.last + 1] = b"\1" * (window.last + 1 - window.first)
                    matches.append(match)
        matches.sort(key=lambda m: m.start)
        return matches

    def read_words(self, text: str) -> Words:
        """Classify every word of `text`; words joined by a hyphen are one when the vocabulary closes them up."""
        words = Words([], [], [], [])
        starts, ends, values, breaks = words
        memo, previous = self._memo, 0
        for match in WORD.finditer(text):
            start, end = match.span()
            raw = text[start:end]
            value = memo.get(raw)
            if value is None:
                value = self._classify(raw)
            if start - previous == 1:
                # One blank between words is by far the commonest gap, and no break.
                mark = text[previous]
                if mark == "-" and self._close_up(text, words, end):
                    previous = end
                    continue
                breaks.append(0 if mark in " -" else _break_level(mark))
            else:
                breaks.append(_break_level(text[previous:start]) if start != previous else 0)
            starts.append(start)
            ends.append(end)
            values.append(value)
            previous = end
        return words

    def _close_up(self, text: str, words: Words, end: int) -> bool:
        """Join the last word with the one that ends at `end`, when together they are a word: "gastro-esophageal"."""
        if not words.starts:
            return False
        joined = text[words.starts[-1] : end].replace("-", "")
        value = self._memo.get(joined)
        if value is None:
            value = self._classify(joined)
        if value <= 0:
            return False
        words.ends[-1], words.values[-1] = end, value
        return True

    def _classify(self, raw: str) -> int:
        if len(self._memo) > _MEMO_LIMIT:
            self._memo.clear()
        value = self._memo[raw] = self._value_of(raw)
        return value

    def _value_of(self, raw: str) -> int:
        if is_stop(raw):
            return _STOP
        if qualifier := self._qualifiers.by_form.get(fold_word(raw)):
            return -1 - qualifier.bit
        word = canonical(raw[:60])
        value = self.index.words.get(word)
        if value is None and (corrected := self._speller.correct(word)):
            value = self.index.words[corrected]
        return _UNKNOWN if value is None else value

    def _find_windows(self, text: str, words: Words) -> list[_Window]:
        """Every window that is some term's words, and every word that is a term in capitals."""
        windows: list[_Window] = []
        capitals, first_term = self.index.capitals, self.index.first_term
        starts, ends, values, _ = words
        for first, value in enumerate(values):
            if (raw := text[starts[first] : ends[first]]) in capitals:
                windows.append(_Window(first, first, first_term[capitals[raw]], 1, 0, True))
            if value > 0:
                if value in first_term:
                    windows.append(_Window(first, first, first_term[value], 1, 0, False))
                self._extend(words, first, windows)
        return windows

    def _extend(self, words: Words, first: int, windows: list[_Window]) -> None:  # noqa: C901 - the hot loop, kept in one place
        """Add the windows of two words and more that begin at the content word `first`."""
        _, _, values, breaks = words
        first_term, pairs = self.index.first_term, self.index.pairs
        key, size, skipped, crossing = values[first], 1, 0, 0
        for last in range(first + 1, min(first + 2 * MAX_WORDS, len(values))):
            value = values[last]
            if value == _UNKNOWN:
                return
            if breaks[last]:
                if breaks[last] == 2:
                    return
                crossing = 1
            if value > 0:
                key += value
                size += 1
                skipped = 0
                if size == 2 and key not in pairs:
                    return
                if key in first_term:
                    row = first_term[key]
                    if not crossing or self._is_listed(words, first, last, row):
                        windows.append(_Window(first, last, row, size, crossing, False))
                if size == MAX_WORDS:
                    return
            elif skipped == _MAX_SKIPPED:
                return
            else:
                skipped += 1

    def _is_listed(self, words: Words, first: int, last: int, row: int) -> bool:
        """Whether a window with a comma in it says a term: in the term's order, or turned round at the comma."""
        parts: list[list[int]] = [[]]
        for at in range(first, last + 1):
            if at > first and words.breaks[at]:
                parts.append([])
            if words.values[at] > 0:
                parts[-1].append(words.values[at])
        orders = {_order(chain.from_iterable(parts)), _order(chain(*parts[1:], parts[0]))}
        return any(self.index.orders[r] in orders for r in self.index.chain(row))

    def _choose(self, words: Words, window: _Window, trusts: Callable[[int, int], bool]) -> Match | None:
        first, last, bits = self._gather_qualifiers(words, window)
        start, end = words.starts[window.first], words.ends[window.last]
        best: tuple[tuple[int, bool, bool, int], int] | None = None
        required = ~(bits | self._qualifiers.default_bits)
        order = _order(words.values[window.first : window.last + 1]) if window.last - window.first == 1 else None
        for row in self.index.chain(window.row):
            has = self.index.qualifiers[row]
            if order is not None and not self.index.may_turn(row, order):
                continue
            if self.index.capitals_only(row) is window.capitals and not has & required and trusts(row, start):
                told = self.index.is_told(row)
                rank = (self._fit(has, bits), told, self.index.source(row) is Source.LEXICON, -row)
                best = max(best, (rank, row)) if best else (rank, row)
        if best is None:
            return None
        row = best[1]
        used = self.index.qualifiers[row] & bits
        start, end = self._span(words, window, first, last, used)
        code = self.index.codes[self.index.code_of[row]]
        return Match(start, end, code, self.index.source(row), bits, window.size, row)

    def _fit(self, has: int, bits: int) -> int:
        """How well a term's qualifiers fit the text's: the more the better, what is only assumed counts against."""
        return 2 * (has & bits).bit_count() - (has & ~bits).bit_count()

    def _gather_qualifiers(self, words: Words, window: _Window) -> tuple[int, int, int]:
        """The window widened over neighbouring qualifiers and stop words, and all qualifier bits in it."""
        first, last = window.first, window.last
        values, breaks = words.values, words.breaks
        while first > 0 and values[first - 1] not in {_UNKNOWN} and values[first - 1] <= 0 and not breaks[first]:
            first -= 1
        while last + 1 < len(values) and values[last + 1] < _UNKNOWN and breaks[last + 1] < 2:
            last += 1
        bits = 0
        for value in values[first : last + 1]:
            if value < _UNKNOWN:
                bits |= -1 - value
        return first, last, bits

    def _span(self, words: Words, window: _Window, first: int, last: int, used: int) -> tuple[int, int]:
        """The evidence: the window, and the neighbouring qualifiers that the term uses."""
        said = [at for at in range(first, last + 1) if words.values[at] < _UNKNOWN and (-1 - words.values[at]) & used]
        start = min([window.first, *said])
        end = max([window.last, *said])
        return words.starts[start], words.ends[end]


def _order(values: Iterable[int]) -> int:
    order = 0
    for value in values:
        order = extend_order(order, value)
    return order


def _break_level(gap: str) -> int:
    if _HARD_BREAK.search(gap):
        return 2
    return 1 if _SOFT_BREAK.search(gap) else 0
