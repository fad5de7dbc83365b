"""Tells whether a condition in an assessing section is named as a problem there, or only told of.

Place in the flow: `document` asks it for each mention in such a section. Invariant: an answer depends on the mention's
own line alone.
"""

import re
from bisect import bisect_left

from services.coder.engine.page import Page

_MAX_PROBLEM_LENGTH = 90
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
_SENTENCE_END = re.compile(r"[.;]\s+")
_LEAD = re.compile(r"\s*(?:\d{1,2}[.)]|[#•*\-]+)?\s*")
_HEAD_END = re.compile(r"[.:](?<=\w[.:])(?=\s|$)| - | – |;(?<=\w;)")
"""Each way begins with a mark: what a pattern may begin with is found quickly, and what it looks back for is not."""


class ProblemLines:
    """The lines of a page, each read once for all conditions on it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._edges = (-1, -1)
        self._line = self._head = ""
        self._head_names = False

    def name(self, start: int, end: int, body_start: int) -> bool:
        """Whether the line names the condition at `start:end` as a problem; the section's body begins at `body_start`.

        "2. Type 2 diabetes, uncontrolled." names one, and so do all in "HTN - increase lisinopril. Obesity, BMI 34."; a
        sentence with its own verb does not, nor what stands behind a label ("Medical reasoning: ...").
        """
        text = self._page.text
        line_start, line_end = max(text.rfind("\n", 0, start) + 1, body_start), text.find("\n", end)
        if self._edges != (line_start, line_end):
            self._edges = (line_start, line_end)
            self._line = text[line_start : line_end if line_end >= 0 else len(text)]
            self._head = _head_of(self._line)
            self._head_names = self._names(line_start, self._head)
        line, head, offset = self._line, self._head, start - line_start
        if offset < len(head):
            return self._head_names
        if line.startswith(":", len(head)):
            return False
        sentence_start = max((m.end() for m in _SENTENCE_END.finditer(line, 0, offset)), default=0)
        if offset - sentence_start > _MAX_LEAD:
            return False
        return self._names(line_start + sentence_start, _head_of(line[sentence_start:]))

    def _names(self, start: int, head: str) -> bool:
        if len(head) > _MAX_PROBLEM_LENGTH:
            return False
        starts = self._page.starts
        first, last = bisect_left(starts, start), bisect_left(starts, start + len(head))
        return _TELLING.isdisjoint(self._page.folded_words[first:last])


def _head_of(line: str) -> str:
    """What a line begins with, up to a mark that ends a heading."""
    lead = _LEAD.match(line)
    numbered = lead.end() if lead else 0
    body = " " * numbered + line[numbered:]
    end = _HEAD_END.search(body)
    return body[: end.start()] if end else body
