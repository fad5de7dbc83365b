"""Reads one document of a chart: sections, concepts, assertion and detail, as mentions with codes.

Place in the flow: the first half of the pipeline, document by document; `services.coder.engine.pipeline` then works on
findings over the whole chart. Invariant: nothing is read out of a section's heading.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from services.coder.engine.assertion import Assessor
from services.coder.engine.findings import Mention
from services.coder.engine.model import PRESENT, UNCERTAIN, Assertion, Chart
from services.coder.engine.page import Page, fold_words
from services.coder.engine.recognise import Match, Recogniser
from services.coder.engine.sections import Section, SectionKind, find_sections
from services.coder.engine.specificity import Specific, Specifier, find_context
from services.coder.engine.words import Words

ASSESSING = frozenset(
    {
        SectionKind.ASSESSMENT,
        SectionKind.ASSESSMENT_AND_PLAN,
        SectionKind.PLAN,
        SectionKind.IMPRESSION,
        SectionKind.DISCHARGE_DIAGNOSES,
        SectionKind.PROBLEM_LIST,
    }
)
_MAX_PROBLEM_LENGTH = 90


class CodedMention(NamedTuple):
    """A mention with its code and assertion, before mentions of one code are gathered into a finding.

    `after` is the etiology of a manifestation that the same words name.
    """

    mention: Mention
    assertion: Assertion
    specific: Specific
    after: str | None = None


class DocumentReader:
    """Holds what reading needs, loaded once: the recogniser, the assessor and the specifier."""

    def __init__(self, recogniser: Recogniser, assessor: Assessor, specifier: Specifier) -> None:
        self._recogniser = recogniser
        self._assessor = assessor
        self._specifier = specifier

    def read(self, chart: Chart, number: int) -> tuple[tuple[Section, ...], list[CodedMention]]:
        """Read document `number` of `chart`."""
        page = Page(chart.documents[number].text)
        sections = find_sections(page)
        place = _Place(sections)
        found = self._recogniser.find(page, _Trust(self._recogniser, chart, place))
        placed = [(match, section) for match in found if match.start >= (section := place.at(match.start)).body_start]
        assertions = self._assessor.assess_on(page, [(match.start, match.end) for match, _ in placed], sections)
        text = page.text
        mentions = [
            coded
            for (match, section), assertion in zip(placed, assertions, strict=True)
            for coded in self._code(text, match, _describe(text, number, match, section), assertion)
        ]
        return sections, mentions

    def _code(self, text: str, match: Match, mention: Mention, assertion: Assertion) -> list[CodedMention]:
        """The code that the match names, or the two of a pair of the Alphabetic Index."""
        weighed = weigh_alternatives(text, match, assertion)
        context = partial(find_context, text, match.start, match.end)
        code, _, manifestation = match.code.partition(" ")
        first = CodedMention(mention, weighed, self._specifier.refine(code, context))
        if not manifestation:
            return [first]
        second = self._specifier.refine(manifestation, context)
        return [first, CodedMention(mention, weighed, second, first.specific.code)]


def _describe(text: str, number: int, match: Match, section: Section) -> Mention:
    start, end, _, source = match
    problem = section.kind in ASSESSING and is_problem_heading(text, start, end, section.body_start)
    return Mention(number, start, end, section.kind, " ".join(text[start:end].lower().split()), source, problem)


class _Place:
    """Where an offset stands among the sections."""

    def __init__(self, sections: Sequence[Section]) -> None:
        self._sections = sections
        self._starts = [section.start for section in sections]

    def at(self, offset: int) -> Section:
        return self._sections[max(0, bisect_right(self._starts, offset) - 1)]

    def kind(self, offset: int) -> SectionKind:
        return self.at(offset).kind


class _Trust:
    """Whether a term with a condition is trusted where it stands; the document's words are gathered only when asked."""

    def __init__(self, recogniser: Recogniser, chart: Chart, place: _Place) -> None:
        self._index = recogniser.index
        self._chart = chart
        self._place = place
        self._words: frozenset[str] | None = None

    def __call__(self, row: int, start: int, words: Words) -> bool:
        number = self._index.condition_of[row]
        if number < 0:
            return True
        condition = self._index.conditions[number]
        if condition is None:
            return True
        if self._words is None:
            self._words = frozenset(map(str.lower, frozenset(words.raws)))
        return condition.holds(
            self._words, self._place.kind(start), self._chart.patient_sex, self._chart.patient_age_years
        )


_OR = r"(?:or|versus|vs\.?)"
_AFTER_OR = re.compile(rf"\b{_OR}\s+(?:an?\s+)?$", re.IGNORECASE)
_BEFORE_OR = re.compile(rf"^,?\s+{_OR}\b", re.IGNORECASE)


def weigh_alternatives(text: str, match: Match, assertion: Assertion) -> Assertion:
    """A disease offered as one of two is uncertain: "atelectasis or pneumonia" (Guidelines IV.H)."""
    if assertion is not PRESENT or match.code[0] in "RVWXYZ":
        return assertion
    before, after = text[max(0, match.start - 12) : match.start], text[match.end : match.end + 10]
    # Few have either word beside them, and two searches of a pattern cost more than this look.
    beside = f"{before} {after}".lower()
    if "or" not in beside and "vs" not in beside and "versus" not in beside:
        return assertion
    return UNCERTAIN if _AFTER_OR.search(before) or _BEFORE_OR.search(after) else assertion


def is_problem_heading(text: str, start: int, end: int, body_start: int = 0) -> bool:
    """Whether a span in an assessing section, whose body begins at `body_start`, names a problem or only tells of it.

    "2. Type 2 diabetes, uncontrolled." names one, and so do all in "HTN - increase lisinopril. Obesity, BMI 34."; a
    sentence with its own verb does not, nor what stands behind a label ("Medical reasoning: ...").
    """
    line_start = max(text.rfind("\n", 0, start) + 1, body_start)
    line_end = text.find("\n", end)
    line = text[line_start : line_end if line_end >= 0 else len(text)]
    head = _head_of(line)
    offset = start - line_start
    if offset < len(head):
        return _names(head)
    if line[len(head) : len(head) + 1] == ":":
        return False
    sentence_start = max((m.end() for m in _SENTENCE_END.finditer(line, 0, offset)), default=0)
    return offset - sentence_start <= _MAX_LEAD and _names(_head_of(line[sentence_start:]))


def _names(head: str) -> bool:
    return len(head) <= _MAX_PROBLEM_LENGTH and _TELLING.isdisjoint(fold_words(head))


_SENTENCE_END = re.compile(r"[.;]\s+")
_MAX_LEAD = 12
"""How far into a sentence a condition may begin that the sentence names: room for "chronic" or "2) "."""
_TELLING = frozenset(
    {
        *("is", "was", "has", "have", "had", "are", "were", "will", "we", "i", "he", "she", "they", "patient", "if"),
        *("report", "reports", "denies", "discussed", "continue", "order", "ordered", "recommend", "recommended"),
        *("should", "take", "start", "refer", "referred", "advise", "advised", "return", "call"),
    }
)
"""Words of sentences that tell of a condition rather than name it."""
_LEAD = re.compile(r"\s*(?:\d{1,2}[.)]|[#•*\-]+)?\s*")
_HEAD_END = re.compile(r"[.:](?<=\w[.:])(?=\s|$)| - | – |;(?<=\w;)")
"""Each way begins with a mark: what a pattern may begin with is found quickly, and what it looks back for is not."""


def _head_of(line: str) -> str:
    lead = _LEAD.match(line)
    numbered = lead.end() if lead else 0
    body = " " * numbered + line[numbered:]
    end = _HEAD_END.search(body)
    return body[: end.start()] if end else body


def iter_mentions(read: Sequence[list[CodedMention]]) -> Iterator[CodedMention]:
    """All mentions of a chart, document by document."""
    for mentions in read:
        yield from mentions
