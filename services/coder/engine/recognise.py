"""Finds the terms of the index in a note: concept recognition.

Place in the flow: after `sections`, before assertion. A window of words matches when its content words are a term's,
in any order; qualifiers and stop words inside it are passed over. Invariants: matches do not overlap, a longer one
wins; no window crosses a sentence; time is linear in the text, since a window holds at most MAX_WORDS content words.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from operator import add
from typing import NamedTuple

from services.coder.engine.findings import Source
from services.coder.engine.index import TermIndex, extend_order
from services.coder.engine.metastases import find_spread
from services.coder.engine.page import Page
from services.coder.engine.terms import MAX_WORDS
from services.coder.engine.tokens import load_qualifiers
from services.coder.engine.words import HARD, SOFT, UNKNOWN, WordReader, Words

_MAX_SKIPPED = 4
_LOWEST = -1_000

Trust = Callable[[int, int], bool]
"""Whether the term of a row, which has a condition, is trusted at an offset of the text."""


class Match:
    """A term found at `start:end`."""

    __slots__ = ("code", "end", "source", "start")

    def __init__(self, start: int, end: int, code: str, source: Source) -> None:
        self.start, self.end, self.code, self.source = start, end, code, source


_Window = tuple[int, bool, int, bool, int, int]
"""Words that are some term's, as tuples that sort in the order in which they are tried: how many content words, below
zero; whether a comma is crossed; the first word; whether the case does not matter; the last word; the term's row."""


@dataclass(slots=True)
class _Option:
    """One term of a key, with all that choosing among them asks for.

    `loose` terms are said by their words in any order, `ordered` ones in one order only; the others by any two that do
    not stand side by side, and by two that do only in the term's order.
    """

    row: int
    code: str
    qualifiers: int
    source: Source
    conditional: bool
    capitals: bool
    ordered: bool
    loose: bool
    order: int


class _Options(NamedTuple):
    """The terms of a key, the preferred first; `silent` fit words without a qualifier, the best first."""

    silent: tuple[_Option, ...]
    all: tuple[_Option, ...]


class Recogniser:
    """Scans texts against one index."""

    def __init__(self, index: TermIndex) -> None:
        self.index = index
        self._reader = WordReader(index)
        self._assumed = load_qualifiers().default_bits
        self._options: dict[int, _Options] = {}

    def find(self, page: Page, trusts: Trust = lambda row, start: True) -> list[Match]:
        """All matches in order of position."""
        words = self._reader.read(page)
        windows = self.find_windows(words)
        windows.sort()
        taken = [False] * len(words.starts)
        matches = []
        for _, _, first, any_case, last, row in windows:
            if True not in taken[first : last + 1]:
                match = self._choose(words, first, last, any_case, row, trusts)
                if match is not None:
                    for at in range(first, last + 1):
                        taken[at] = True
                    matches.append(match)
        matches += [
            Match(site.start, site.end, site.code, Source.INDEX)
            for site in find_spread(page)
            if not any(m.start < site.end and site.start < m.end for m in matches)
        ]
        matches.sort(key=_start_of)
        return matches

    def find_windows(self, words: Words) -> list[_Window]:
        """Every window that is some term's words, and every word that is a term in capitals."""
        first_term, pairs = self.index.first_term, self.index.pairs
        windows = self._find_capitals(words)
        content: list[int] = []
        meant: list[int] = []
        for at, value in enumerate(words.values):
            if value > 0:
                content.append(at)
                meant.append(value)
                row = first_term.get(value)
                if row is not None:
                    windows.append((-1, False, at, True, at, row))
        # A pair that no term has ends the window before it begins.
        for number in [number for number, key in enumerate(map(add, meant, meant[1:])) if key in pairs]:
            self._extend(words, content, meant, number, windows)
        return windows

    def _find_capitals(self, words: Words) -> list[_Window]:
        first_term, capitals = self.index.first_term, self.index.capitals
        if capitals.keys().isdisjoint(words.raws):
            return []
        return [
            (-1, False, at, False, at, first_term[capitals[raw]])
            for at, raw in enumerate(words.raws)
            if raw in capitals
        ]

    def _extend(self, words: Words, content: list[int], meant: list[int], number: int, windows: list[_Window]) -> None:
        """Add the windows of two words and more that begin at a content word, the one of that `number`."""
        first_term, pairs, breaks = self.index.first_term, self.index.pairs, words.breaks
        first = last = content[number]
        begun = key = previous = meant[number]
        crossing = False
        size = 1
        for following in content[number + 1 : number + MAX_WORDS]:
            value = meant[number + size]
            size += 1
            # Any two words of a term are a pair: this one is asked with the first and with the one before.
            if size > 2 and (begun + value not in pairs or previous + value not in pairs):
                return
            level = breaks[following] if following - last == 1 else part_level(words, last, following)
            if level == HARD:
                return
            crossing = crossing or level == SOFT
            last, previous, key = following, value, key + value
            row = first_term.get(key)
            if row is not None and (not crossing or self._is_listed(words, first, last, row)):
                windows.append((-size, crossing, first, True, last, row))

    def _is_listed(self, words: Words, first: int, last: int, row: int) -> bool:
        """Whether a window with a comma in it says a term: in the term's order, or turned round at the comma."""
        parts: list[list[int]] = [[]]
        for at in range(first, last + 1):
            if at > first and words.breaks[at]:
                parts.append([])
            if words.values[at] > 0:
                parts[-1].append(words.values[at])
        orders = {_read_order(chain.from_iterable(parts)), _read_order(chain(*parts[1:], parts[0]))}
        return any(self.index.orders[r] in orders for r in self.index.chain(row))

    def _choose(self, words: Words, first: int, last: int, any_case: bool, row: int, trusts: Trust) -> Match | None:
        """The term that fits the window best: most of the text's qualifiers, then one told by its surroundings."""
        options = self._options.get(row) or self._options_of(row)
        around = gather_qualifiers(words, first, last)
        bits = around[2]
        if not bits:
            for option in options.silent:
                if option.capitals is not any_case and _may_mean(option, words, first, last, trusts):
                    return Match(words.starts[first], words.ends[last], option.code, option.source)
            return None
        missing = ~(bits | self._assumed)
        best, best_fit = None, _LOWEST
        for option in options.all:
            has = option.qualifiers
            if has & missing or option.capitals is any_case:
                continue
            # The more qualifiers fit the better; what is only assumed counts against.
            fit = 2 * (has & bits).bit_count() - (has & ~bits).bit_count() if has else 0
            # Whether a term can be meant is asked last, and only where it would win.
            if fit > best_fit and _may_mean(option, words, first, last, trusts):
                best, best_fit = option, fit
        return _make_match(words, first, last, best, around) if best else None

    def _options_of(self, row: int) -> _Options:
        """The terms that share a key, prepared once, the preferred first."""
        options = self._drop_beaten([self._prepare(r) for r in self.index.chain(row)])
        ordered = tuple(sorted(options, key=self._prefer))
        silent = [option for option in ordered if not option.qualifiers & ~self._assumed]
        silent.sort(key=lambda option: option.qualifiers.bit_count())
        found = self._options[row] = _Options(tuple(silent), ordered)
        return found

    def _prefer(self, option: _Option) -> tuple[bool, bool, int]:
        return not self.index.is_told(option.row), option.source is not Source.LEXICON, option.row

    def _drop_beaten(self, options: list[_Option]) -> Iterable[_Option]:
        """Without the options that an equal one always outranks."""
        best: dict[tuple[object, ...], _Option] = {}
        for option in sorted(options, key=lambda o: (o.source is not Source.LEXICON, o.row)):
            condition = option.row if option.conditional else None
            turns = (option.order, option.loose, option.ordered)
            best.setdefault((option.qualifiers, option.capitals, condition, *turns), option)
        return best.values()

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
            index.is_linked(row) and not index.is_ordered(row),
            index.orders[row],
        )


def _start_of(match: Match) -> int:
    return match.start


def part_level(words: Words, last: int, following: int) -> int:
    """What parts two content words of a window: as breaks do, and HARD too where too much or the unknown is between."""
    if following - last == 1:
        return words.breaks[following]
    between = words.values[last + 1 : following]
    if len(between) > _MAX_SKIPPED or UNKNOWN in between:
        return HARD
    return max(words.breaks[last + 1 : following + 1])


def _may_mean(option: _Option, words: Words, first: int, last: int, trusts: Trust) -> bool:
    """Whether the words stand in an order in which they can say the term, and what it asks for is there.

    Two side by side do as the term has them, or about its "of": "knee pain" says "pain in the knee", and "renal pelvis"
    does not say "pelvic kidney".
    """
    asks_order = not option.loose and (option.ordered or last - first == 1)
    if asks_order and _read_order(words.values[first : last + 1]) != option.order:
        return False
    return not option.conditional or trusts(option.row, words.starts[first])


def gather_qualifiers(words: Words, first: int, last: int) -> tuple[int, int, int]:
    """The window widened over neighbouring qualifiers and stop words, and all qualifier bits in it."""
    values, breaks = words.values, words.breaks
    while first > 0 and values[first - 1] != UNKNOWN and values[first - 1] <= 0 and not breaks[first]:
        first -= 1
    count = len(values)
    while last + 1 < count and values[last + 1] < UNKNOWN and breaks[last + 1] < HARD:
        last += 1
    bits = 0
    for value in values[first : last + 1]:
        if value < UNKNOWN:
            bits |= UNKNOWN - value
    return first, last, bits


def _make_match(words: Words, first: int, last: int, option: _Option, around: tuple[int, int, int]) -> Match:
    """The evidence is the window with the neighbouring qualifiers that the term uses."""
    start, end, bits = around
    used = option.qualifiers & bits
    if used:
        values = words.values
        said = [at for at in range(start, end + 1) if values[at] < UNKNOWN and (UNKNOWN - values[at]) & used]
        first, last = min(first, said[0]), max(last, said[-1])
    return Match(words.starts[first], words.ends[last], option.code, option.source)


def _read_order(values: Iterable[int]) -> int:
    """The order of the content words among `values`."""
    order = 0
    for value in values:
        if value > 0:
            order = extend_order(order, value)
    return order
