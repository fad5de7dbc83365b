"""Cuts a document where evidence begins and ends, so that a page lights it up without searching.

Place in the flow: `chart_page` calls it; pure. Invariant: the segments in order are the text, to the character; the
time is linear in the text and the segments, after sorting the spans.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

_PART_CHARACTERS = 3000
"""About a screen and a half."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters [start, end) of a document that justify the card with this number."""

    start: int
    end: int
    card: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the text from `start`, and the cards that all of it justifies, none for plain text."""

    start: int
    text: str
    cards: tuple[int, ...]


def split_parts(text: str, spans: Iterable[Span]) -> list[list[Segment]]:
    """Cut `text` into parts of whole lines, so that a browser need lay out only those in view, and parts by spans."""
    breaks = _find_breaks(text)
    parts: list[list[Segment]] = [[]]
    for segment in split_text(text, spans, breaks):
        if segment.start in breaks:
            parts.append([])
        parts[-1].append(segment)
    return parts


def split_text(text: str, spans: Iterable[Span], breaks: Iterable[int] = ()) -> Iterator[Segment]:
    """Cut `text` at the ends of its spans and at `breaks`; a span that is empty or leaves the text is left out."""
    opening: defaultdict[int, list[int]] = defaultdict(list)
    closing: defaultdict[int, list[int]] = defaultdict(list)
    for span in spans:
        if 0 <= span.start < span.end <= len(text):
            opening[span.start].append(span.card)
            closing[span.end].append(span.card)
    lit: Counter[int] = Counter()
    for start, end in pairwise(sorted({0, len(text), *breaks, *opening, *closing})):
        lit.update(opening[start])
        lit.subtract(closing[start])
        lit = +lit
        yield Segment(start, text[start:end], tuple(sorted(lit)))


def _find_breaks(text: str) -> set[int]:
    """Places after a line's end, a part's length from one another or more."""
    breaks: set[int] = set()
    at = 0
    while (end := text.find("\n", at + _PART_CHARACTERS)) >= 0:
        at = end + 1
        breaks.add(at)
    return breaks - {len(text)}
