"""Notes of a chart as sentences that tell of the encounter itself.

Place in the flow: `visits`, `doses_given` and `supplies` read notes through this; pure. Invariant: sentences of past,
family and medication sections are left out, a span lies inside its text, and a text is
split once, however many services read it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache

from services.coder.engine.model import Chart, Document
from services.coder.engine.sections import SectionKind, find_sections
from services.coder.engine.services.lines import IMAGING, LABORATORY
from services.coder.engine.services.words import KEPT, Span, WordPattern, read_page

OTHER_DAYS = frozenset(
    {
        SectionKind.PAST_MEDICAL_HISTORY,
        SectionKind.PAST_SURGICAL_HISTORY,
        SectionKind.FAMILY_HISTORY,
        SectionKind.SOCIAL_HISTORY,
        SectionKind.MEDICATIONS,
        SectionKind.ALLERGIES,
        SectionKind.REVIEW_OF_SYSTEMS,
    }
)
"""Sections that tell of other days, or of what was asked; nothing is decided or done there."""
_OTHER_DAY = re.compile(
    r"(?i)\b(?:schedul\w+|will|next|due|prior|previous|last|offer\w*|declin\w+|refus\w+|recommend\w*|no|not|consider\w*"
    r"|history of|pending|await\w*)\b[^.\n]{0,40}$"
)
"""Words before a mention that make it one of another day, or none."""
_SENTENCE = re.compile(r"(?:[^\n.;]|\.(?=[\da-z]))+")
"""Up to the end of a line, a semicolon, or a full stop that is none of a decimal or an abbreviation."""


def is_note(chart: Chart, document: Document) -> bool:
    """A text is a note unless it is blank, or the report of an examination."""
    of_report = [report for report in chart.reports if document.document_id in report.document_ids]
    return bool(document.text.strip()) and not any(
        set(report.categories) & (IMAGING | LABORATORY) for report in of_report
    )


def find_now(pattern: WordPattern, document: Document) -> re.Match[str] | None:
    """Find the first match that speaks of this visit, not of one before or after it."""
    return next(
        (
            match
            for match in pattern.find(document.text)
            if not _OTHER_DAY.search(document.text[max(0, match.start() - 60) : match.start()])
        ),
        None,
    )


def list_told_sentences(chart: Chart, number: int) -> Sequence[Span]:
    """List the spans of a note's sentences (number into `chart.documents`); none where the document is no note."""
    return list_sentences(chart.documents[number]) if is_note(chart, chart.documents[number]) else ()


def list_sentences_with(pattern: WordPattern, chart: Chart, number: int) -> Iterator[Span]:
    """List the spans of a note's sentences in which a word pattern matches."""
    sentences = list_told_sentences(chart, number)
    matches = pattern.find(chart.documents[number].text) if sentences else iter(())
    yield from (sentences[place] for place in sorted(find_places(sentences, matches)))


def find_places(sentences: Sequence[Span], matches: Iterator[re.Match[str]]) -> set[int]:
    """Find which sentences (spans in order) hold a match as a whole."""
    starts = [start for start, _ in sentences]
    placed = ((bisect_right(starts, match.start()) - 1, match.end()) for match in matches)
    return {place for place, end in placed if place >= 0 and end <= sentences[place][1]}


def list_sentences(document: Document) -> Sequence[Span]:
    """List the spans of the sentences of a text that tell of the encounter, without blanks around them."""
    return _list_sentences(document.text)


@lru_cache(maxsize=KEPT)
def list_told_bodies(text: str) -> tuple[Span, ...]:
    """List the spans of the sections of a text that tell of the encounter, without their headings."""
    return tuple((each.body_start, each.end) for each in find_sections(read_page(text)) if each.kind not in OTHER_DAYS)


@lru_cache(maxsize=KEPT)
def _list_sentences(text: str) -> tuple[Span, ...]:
    found = (match for start, end in list_told_bodies(text) for match in _SENTENCE.finditer(text, start, end))
    return tuple((start, end) for start, end in map(_strip, found) if start < end)


def _strip(match: re.Match[str]) -> Span:
    text = match[0]
    return match.start() + len(text) - len(text.lstrip()), match.end() - (len(text) - len(text.rstrip()))
