"""Tells what a text claims about each condition that was found in it: the engine's assertion stage.

Place in the flow: after sections and concepts, before the coding conventions. Invariant: one answer per span, in the
order asked, for any text and any spans; no stretch of the text is read twice, and none in which no span stands.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

from services.coder.engine.assertion.cues import Effect, Lexicon, load_course_pattern, load_lexicon
from services.coder.engine.assertion.scope import NOWHERE, find_scopes
from services.coder.engine.assertion.tokens import Edge, cut, find_stretches
from services.coder.engine.model import ABSENT, FAMILY, HISTORICAL, HYPOTHETICAL, PRESENT, UNCERTAIN, Assertion
from services.coder.engine.page import Page
from services.coder.engine.sections import Section, SectionKind

# The first effect that holds decides: a family history that is denied is absent, a possible one is still the family's.
_PRECEDENCE = (
    (Effect.ABSENT, ABSENT),
    (Effect.HYPOTHETICAL, HYPOTHETICAL),
    (Effect.FAMILY, FAMILY),
    (Effect.UNCERTAIN, UNCERTAIN),
    (Effect.HISTORICAL, HISTORICAL),
    (Effect.RESOLVED, HISTORICAL),
    (Effect.BACKGROUND, HISTORICAL),
)
_DEPENDS_ON_COURSE = int(Effect.BACKGROUND | Effect.RESOLVED)
_DECISIONS = tuple(
    next((assertion for effect, assertion in _PRECEDENCE if mask & effect), PRESENT) for mask in range(Effect.ALL + 1)
)
_SECTION_EFFECTS = {
    SectionKind.FAMILY_HISTORY: int(Effect.FAMILY),
    SectionKind.PAST_MEDICAL_HISTORY: int(Effect.BACKGROUND),
    SectionKind.PAST_SURGICAL_HISTORY: int(Effect.BACKGROUND),
    SectionKind.IMMUNIZATIONS: int(Effect.HYPOTHETICAL),
}


class Assessor:
    """Answers for the assertion of spans; holds nothing but the cue tables, so one may serve a whole process."""

    def __init__(self) -> None:
        self._lexicon = load_lexicon()

    def assess(self, text: str, spans: Sequence[tuple[int, int]], sections: Sequence[Section] = ()) -> list[Assertion]:
        """Tell the assertion of each of `spans`, character offsets into `text`; `sections` are in order.

        A span may be empty or reach over the edges of the text: it is then judged by the nearest offset.
        """
        return self.assess_on(Page(text), spans, sections) if spans else []

    def assess_on(self, page: Page, spans: Sequence[tuple[int, int]], sections: Sequence[Section]) -> list[Assertion]:
        """Tell the same of a text that has been split already."""
        scopes = _Scopes(page, self._lexicon)
        starts = [section.start for section in sections]
        answers = []
        for start, end in spans:
            mask = scopes.at(start, max(start, end - 1))
            index = bisect_right(starts, start) - 1
            if index >= 0:
                # Its heading says whose condition it is and when, unless a cue says more.
                mask |= _SECTION_EFFECTS.get(sections[index].kind, 0)
            if mask & _DEPENDS_ON_COURSE:
                mask = _weigh_course(mask, page.folded[start:end])
            answers.append(_DECISIONS[mask])
        return answers


@lru_cache(maxsize=10_000)
def _weigh_course(mask: int, condition: str) -> int:
    """A chronic condition or a complaint outlasts a history of it; a symptom that resolved leaves none behind.

    Kept, since the terms of notes repeat.
    """
    lasts = not mask & Effect.CORRECTED and load_course_pattern("chronic").search(condition)
    if mask & Effect.BACKGROUND and (lasts or load_course_pattern("complaint").search(condition)):
        mask &= ~Effect.BACKGROUND
    if mask & Effect.RESOLVED and load_course_pattern("transient").search(condition):
        mask |= Effect.ABSENT
    return mask


class _Scopes:
    """The scopes of a page, found stretch by stretch as they are asked for; spans in order ask for each once."""

    def __init__(self, page: Page, lexicon: Lexicon) -> None:
        self._page, self._lexicon = page, lexicon
        self._marks = [mark for mark in lexicon.telling_marks if mark in page.folded]
        self._edges = find_stretches(page)
        self._starts = [edge.offset for edge in self._edges[:-1]]
        self._start = self._end = -1
        self._before = self._after = NOWHERE

    def at(self, first: int, last: int) -> int:
        """The bits of the effects that hold for a condition from offset `first` to its last character at `last`."""
        if not self._start <= first < self._end:
            self._move_to(first)
        mask = 0 if self._before is NOWHERE else self._before.at(first)
        if not self._start <= last < self._end:
            self._move_to(last)
        return mask if self._after is NOWHERE else mask | self._after.at(last)

    def _move_to(self, offset: int) -> None:
        number = max(0, bisect_right(self._starts, offset) - 1)
        first, last = self._edges[number], self._edges[number + 1]
        self._start, self._end = first.offset, last.offset
        if self._holds_cue(first, last):
            self._before, self._after = find_scopes(cut(self._page, first, last), self._lexicon)
        else:
            self._before = self._after = NOWHERE

    def _holds_cue(self, first: Edge, last: Edge) -> bool:
        if self._lexicon.may_tell(self._page.folded_words[first.word : last.word]):
            return True
        return any(self._page.folded.find(mark, first.offset, last.offset) >= 0 for mark in self._marks)
