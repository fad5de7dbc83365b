"""Finds the terms of the index in a note: concept recognition.

Place in the flow: after `sections`, before assertion. A window of words matches when its content words are a term's,
in any order; qualifiers and stop words inside it are passed over. Invariants: matches do not overlap, a longer one
wins; no window crosses a sentence; time is linear in the text, since a window holds at most MAX_WORDS content words.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import NamedTuple

from services.coder.engine.findings import Source
from services.coder.engine.index import TermIndex, extend_order
from services.coder.engine.metastases import find_spread
from services.coder.engine.terms import MAX_WORDS
from services.coder.engine.tokens import load_qualifiers
from services.coder.engine.words import HARD, SOFT, UNKNOWN, WordReader, Words

_MAX_SKIPPED = 4
_LOWEST = (-1_000, (False, False, 0))

Trust = Callable[[int, int, Words], bool]
"""Whether the term of a row, which has a condition, is trusted at an offset of a text with these words."""


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
    crossing: bool
    capitals: bool


class _Option(NamedTuple):
    """One term of a key, with all that choosing among them asks for."""

    row: int
    code: str
    qualifiers: int
    source: Source
    conditional: bool
    capitals: bool
    ordered: bool
    preference: tuple[bool, bool, int]


class Recogniser:
    """Scans texts against one index."""

    def __init__(self, index: TermIndex) -> None:
        self.index = index
        self._reader = WordReader(index)
        self._assumed = load_qualifiers().default_bits
        self._options: dict[int, tuple[_Option, ...]] = {}

    def find(self, text: str, trusts: Trust = lambda row, start, words: True) -> list[Match]:
        """All matches in order of position."""
        words = self._reader.read(text)
        windows = self.find_windows(words)
        windows.sort(key=_precedence)
        taken = bytearray(len(words.starts))
        matches = []
        for window in windows:
            if 1 not in taken[window.first : window.last + 1]:
                match = self._choose(words, window, trusts)
                if match is not None:
                    taken[window.first : window.last + 1] = b"\1" * (window.last + 1 - window.first)
                    matches.append(match)
        matches += [
            Match(site.start, site.end, site.code, Source.INDEX, 0, 1, -1)
            for site in find_spread(text)
            if not any(m.start < site.end and site.start < m.end for m in matches)
        ]
        matches.sort(key=lambda m: m.start)
        return matches

    def find_windows(self, words: Words) -> list[_Window]:
        """Every window that is some term's words, and every word that is a term in capitals."""
        first_term, pairs, values = self.index.first_term, self.index.pairs, words.values
        content = [at for at, value in enumerate(values) if value > 0]
        windows = self._find_capitals(words)
        windows += [
            _Window(at, at, first_term[values[at]], 1, False, False) for at in content if values[at] in first_term
        ]
        # A pair that no term has ends the window before it begins.
        for number, (first, second) in enumerate(pairwise(content)):
            if values[first] + values[second] in pairs:
                self._extend(words, content, number, windows)
        return windows

    def _find_capitals(self, words: Words) -> list[_Window]:
        first_term, capitals = self.index.first_term, self.index.capitals
        if capitals.keys().isdisjoint(words.raws):
            return []
        return [
            _Window(at, at, first_term[capitals[raw]], 1, False, True)
            for at, raw in enumerate(words.raws)
            if raw in capitals
        ]

    def _extend(self, words: Words, content: list[int], number: int, windows: list[_Window]) -> None:
        """Add the windows of two words and more that begin at a content word, the one of that `number`."""
        first_term, values, breaks = self.index.first_term, words.values, words.breaks
        first = last = content[number]
        key, crossing = values[first], False
        for size, following in enumerate(content[number + 1 : number + MAX_WORDS], 2):
            if not is_reached(words, last, following):
                return
            crossing = crossing or SOFT in breaks[last + 1 : following + 1]
            last = following
            key += values[last]
            row = first_term.get(key)
            if row is not None and (not crossing or self._is_listed(words, first, last, row)):
                windows.append(_Window(first, last, row, size, crossing, False))

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

    def _choose(self, words: Words, window: _Window, trusts: Trust) -> Match | None:
        """The term that fits the window best: most of the text's qualifiers, then one told by its surroundings."""
        first, last, bits = gather_qualifiers(words, window.first, window.last)
        missing = ~(bits | self._assumed)
        best, best_rank = None, _LOWEST
        for option in self._options_of(window.row):
            if option.qualifiers & missing or option.capitals is not window.capitals:
                continue
            rank = (_fit(option.qualifiers, bits), option.preference)
            # Whether a term fits is asked last, and only where it would win.
            if (
                rank > best_rank
                and self._may_say(option, words, window)
                and (not option.conditional or trusts(option.row, words.starts[window.first], words))
            ):
                best, best_rank = option, rank
        return _make_match(words, window, best, (first, last, bits)) if best else None

    def _may_say(self, option: _Option, words: Words, window: _Window) -> bool:
        """Whether the words stand in an order in which they can say the term."""
        if window.last - window.first == 1:
            order = _order(words.values[window.first : window.last + 1])
            if not self.index.may_turn(option.row, order):
                return False
        return not option.ordered or self._has_order(words, window, option.row)

    def _has_order(self, words: Words, window: _Window, row: int) -> bool:
        return _order(v for v in words.values[window.first : window.last + 1] if v > 0) == self.index.orders[row]

    def _options_of(self, row: int) -> tuple[_Option, ...]:
        """The terms that share a key, prepared once."""
        found = self._options.get(row)
        if found is None:
            found = self._options[row] = self._drop_beaten([self._prepare(r) for r in self.index.chain(row)])
        return found

    def _drop_beaten(self, options: list[_Option]) -> tuple[_Option, ...]:
        """Without the options that an equal one always outranks."""
        best: dict[tuple[object, ...], _Option] = {}
        for option in sorted(options, key=lambda o: (o.source is not Source.LEXICON, o.row)):
            condition = option.row if option.conditional else None
            turns = (self.index.orders[option.row], self.index.is_linked(option.row), option.ordered)
            best.setdefault((option.qualifiers, option.capitals, condition, *turns), option)
        return tuple(best.values())

    def _prepare(self, row: int) -> _Option:
        index = self.index
        return _Option(
            row,
            index.codes[index.code_of[row]],
            index.qualifiers[row],
            index.source(row),
            index.condition_of[row] >= 0,
            index.capitals_only(row),
            index.is_ordered(row),
            (index.is_told(row), index.source(row) is Source.LEXICON, -row),
        )


def _precedence(window: _Window) -> tuple[int, bool, int]:
    return -window.size, window.crossing, window.first


def is_reached(words: Words, last: int, following: int) -> bool:
    """Whether a window may go on from one content word to the next: few words are passed over, all of them known."""
    return (
        following - last - 1 <= _MAX_SKIPPED
        and HARD not in words.breaks[last + 1 : following + 1]
        and UNKNOWN not in words.values[last + 1 : following]
    )


def gather_qualifiers(words: Words, first: int, last: int) -> tuple[int, int, int]:
    """The window widened over neighbouring qualifiers and stop words, and all qualifier bits in it."""
    values, breaks = words.values, words.breaks
    while first > 0 and values[first - 1] != UNKNOWN and values[first - 1] <= 0 and not breaks[first]:
        first -= 1
    while last + 1 < len(values) and values[last + 1] < UNKNOWN and breaks[last + 1] < HARD:
        last += 1
    bits = 0
    for value in values[first : last + 1]:
        if value < UNKNOWN:
            bits |= UNKNOWN - value
    return first, last, bits


def _make_match(words: Words, window: _Window, option: _Option, around: tuple[int, int, int]) -> Match:
    """The evidence is the window with the neighbouring qualifiers that the term uses."""
    first, last, bits = around
    used = option.qualifiers & bits
    start, end = window.first, window.last
    if used:
        said = [
            at for at in range(first, last + 1) if words.values[at] < UNKNOWN and (UNKNOWN - words.values[at]) & used
        ]
        start, end = min([start, *said]), max([end, *said])
    return Match(words.starts[start], words.ends[end], option.code, option.source, bits, window.size, option.row)


def _fit(has: int, bits: int) -> int:
    """How well a term's qualifiers fit the text's: the more the better, what is only assumed counts against."""
    return 2 * (has & bits).bit_count() - (has & ~bits).bit_count()


def _order(values: Iterable[int]) -> int:
    order = 0
    for value in values:
        order = extend_order(order, value)
    return order
