"""Notes of a chart as sentences that tell of the encounter itself.

Place in the flow: `visits`, `doses_given` and `supplies` read notes through this; pure. Invariant: sentences of past,
family and medication sections are left out, and a span lies inside its text.
"""

import re
from collections.abc import Iterator

from services.coder.engine.model import Chart, Document
from services.coder.engine.sections import SectionKind, split_sections
from services.coder.engine.services.lines import IMAGING, LABORATORY

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
_SENTENCE = re.compile(r"(?:[^\n.;]|\.(?=[\da-z]))+")
"""Up to the end of a line, a semicolon, or a full stop that is none of a decimal or an abbreviation."""


def is_note(chart: Chart, document: Document) -> bool:
    """A text is a note unless it is blank, or the report of an examination."""
    of_report = [report for report in chart.reports if document.document_id in report.document_ids]
    return bool(document.text.strip()) and not any(
        set(report.categories) & (IMAGING | LABORATORY) for report in of_report
    )


def list_told_sentences(chart: Chart, number: int) -> Iterator[tuple[int, int]]:
    """List the spans of a note's sentences (number into `chart.documents`); none where the document is no note."""
    if is_note(chart, chart.documents[number]):
        yield from list_sentences(chart.documents[number])


def list_sentences(document: Document) -> Iterator[tuple[int, int]]:
    """List the spans of the sentences of a text that tell of the encounter, without blanks around them."""
    for section in split_sections(document.text):
        if section.kind not in OTHER_DAYS:
            for match in _SENTENCE.finditer(document.text, section.body_start, section.end):
                text = match[0]
                start = match.start() + len(text) - len(text.lstrip())
                end = match.end() - (len(text) - len(text.rstrip()))
                if start < end:
                    yield start, end
