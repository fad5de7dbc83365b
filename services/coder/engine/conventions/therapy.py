"""Suggests the status code of a long-term drug beside the disease that it treats.

Place in the flow: before sequence. Example: type 2 diabetes in a chart that says "continues Lantus 20 units" is E11.9
and Z79.4 (Guidelines I.C.4.a.3, I.C.21.c.3). Invariants: the evidence is the drug's name, where the words say that it
is taken; a drug without its disease, or in the list of allergies, suggests nothing.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from services.coder.engine.assertion import Assessor
from services.coder.engine.conventions.combination import is_reportable
from services.coder.engine.conventions.tables import read_table
from services.coder.engine.findings import Finding, Mention, Reading, Source
from services.coder.engine.model import PRESENT
from services.coder.engine.sections import SectionKind

_STOPPED = re.compile(
    r"\b(?:allerg\w+|intoleran\w+|stopp?ed|discontinued?|off|avoid|not (?:on|taking)|declin\w+|previously on|was on)\b",
    re.IGNORECASE,
)
_REACH = 60


@dataclass(frozen=True, slots=True)
class Therapy:
    """One row of `therapies.tsv`: the names of drugs, the status that they stand for, and the diseases they treat."""

    drugs: tuple[str, ...]
    pattern: re.Pattern[str]
    status: str
    diseases: tuple[str, ...]
    guideline: str


@cache
def load_therapies() -> tuple[Therapy, ...]:
    """The table, in its order."""
    return tuple(
        Therapy(
            tuple(row["drugs"].split()),
            re.compile(rf"\b(?:{'|'.join(row['drugs'].split())})\b", re.IGNORECASE),
            row["status"],
            tuple(row["diseases"].split()),
            row["guideline"],
        )
        for row in read_table("therapies.tsv")
    )


def note_long_term_therapy(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """Add a status for each therapy of a disease of the chart, unless it is found already."""
    reported = [f.code for f in findings if is_reportable(f)]
    words = [frozenset(page.folded_words) for page in reading.pages]
    added = []
    for therapy in load_therapies():
        disease = next((code for code in reported if code.startswith(therapy.diseases)), None)
        if disease and therapy.status not in reported and (mentions := tuple(_find_taken(therapy, reading, words))):
            reason = f"long-term therapy beside {disease} ({therapy.guideline})"
            added.append(Finding(therapy.status, PRESENT, mentions, (), (reason,)))
    return (*findings, *added)


def _find_taken(therapy: Therapy, reading: Reading, words: Sequence[frozenset[str]]) -> Iterator[Mention]:
    """The places that name a drug of `therapy` as one that the patient takes."""
    for number, document in enumerate(reading.chart.documents):
        # A pattern of many names is slow, and most texts hold none of them.
        if words[number].isdisjoint(therapy.drugs):
            continue
        for match in therapy.pattern.finditer(document.text):
            section = _section_of(match.start(), number, reading)
            if section is not SectionKind.ALLERGIES and _is_taken(document.text, match.start(), match.end()):
                yield Mention(number, match.start(), match.end(), section, match[0].lower(), Source.LEXICON)


def _is_taken(text: str, start: int, end: int) -> bool:
    """Whether the words before a drug's name on its line let it be taken."""
    before = text[max(0, start - _REACH) : start].rpartition("\n")[2]
    line = before + text[start:end]
    says = _load_assessor().assess(line, [(len(before), len(line))])
    return says == [PRESENT] and not _STOPPED.search(before)


@cache
def _load_assessor() -> Assessor:
    return Assessor()


def _section_of(offset: int, document: int, reading: Reading) -> SectionKind:
    sections = reading.sections[document]
    index = bisect_right([section.start for section in sections], offset) - 1
    return sections[index].kind if index >= 0 else SectionKind.OTHER
