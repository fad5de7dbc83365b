"""Reads one document of a chart: sections, concepts, assertion and detail, as mentions with codes.

Place in the flow: the first half of the pipeline, document by document; `services.coder.engine.pipeline` then works on
findings over the whole chart. Invariant: nothing is read out of a section's heading.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import partial

from services.coder.engine.assertion import Assessor
from services.coder.engine.findings import Mention
from services.coder.engine.model import PRESENT, UNCERTAIN, Assertion, Chart
from services.coder.engine.page import Page
from services.coder.engine.problems import ProblemLines
from services.coder.engine.recognise import Match, Recogniser
from services.coder.engine.sections import Section, SectionKind, find_sections
from services.coder.engine.specificity import Specific, Specifier, find_context

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


class CodedMention:
    """A mention with its code and assertion, before mentions of one code are gathered into a finding.

    `after` is the etiology of a manifestation that the same words name.
    """

    __slots__ = ("after", "assertion", "mention", "specific")

    def __init__(self, mention: Mention, assertion: Assertion, specific: Specific, after: str | None = None) -> None:
        self.mention, self.assertion, self.specific, self.after = mention, assertion, specific, after


class DocumentReader:
    """Holds what reading needs, loaded once: the recogniser, the assessor and the specifier."""

    def __init__(self, recogniser: Recogniser, assessor: Assessor, specifier: Specifier) -> None:
        self._recogniser = recogniser
        self._assessor = assessor
        self._specifier = specifier

    def read(self, chart: Chart, number: int) -> tuple[Page, tuple[Section, ...], list[CodedMention]]:
        """Read document `number` of `chart`."""
        page = Page(chart.documents[number].text)
        sections = find_sections(page)
        place, problems = _Place(sections), ProblemLines(page)
        found = self._recogniser.find(page, _Trust(self._recogniser, chart, page, place))
        placed = [(match, section) for match in found if match.start >= (section := place.at(match.start)).body_start]
        assertions = self._assessor.assess_on(page, [(match.start, match.end) for match, _ in placed], sections)
        mentions: list[CodedMention] = []
        for (match, section), assertion in zip(placed, assertions, strict=True):
            mention = _describe(page.text, number, match, section, problems)
            mentions += self._code(page.text, match, mention, assertion)
        return page, sections, mentions

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


def _describe(text: str, number: int, match: Match, section: Section, problems: ProblemLines) -> Mention:
    start, end = match.start, match.end
    problem = section.kind in ASSESSING and problems.name(start, end, section.body_start)
    return Mention(number, start, end, section.kind, " ".join(text[start:end].lower().split()), match.source, problem)


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

    def __init__(self, recogniser: Recogniser, chart: Chart, page: Page, place: _Place) -> None:
        self._index = recogniser.index
        self._chart = chart
        self._page = page
        self._place = place
        self._words: frozenset[str] | None = None

    def __call__(self, row: int, start: int) -> bool:
        number = self._index.condition_of[row]
        if number < 0:
            return True
        condition = self._index.conditions[number]
        if condition is None:
            return True
        if self._words is None:
            self._words = frozenset(self._page.folded_words)
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
