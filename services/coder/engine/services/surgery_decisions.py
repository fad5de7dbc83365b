"""Modifier 57: the visit at which a major operation of the same or the next day was decided.

Place in the flow: `visits` passes each visit through it; pure. Invariant: the note names the operation, that it is
decided, and today or tomorrow in one sentence; planned for later, declined or done before it is none.
Sources: CPT modifier 57; CMS Pub. 100-04, chapter 12, section 40.2 (major: a global period of 90 days).
"""

import re
from collections.abc import Sequence
from functools import cache

from services.coder.engine.model import Chart, Evidence, Suggestion
from services.coder.engine.services.notes import list_sentences_with
from services.coder.engine.services.tables import load_rows
from services.coder.engine.services.words import WordPattern

DECISION_FOR_SURGERY = "57"
_VISITS = re.compile(r"992(?:0[2-5]|1[2-5]|2[1-3]|3[1-6]|4[2-5]|5[2-5]|8[2-5])|9800\d|9801[0-5]")
_SOON = re.compile(
    r"(?i)\b(?:today|tonight|tomorrow|this (?:morning|afternoon|evening)|in the morning|emergen\w+|urgent\w*"
    r"|immediate\w*|now|(?:to|in) (?:the )?(?:or|operating room))\b"
)
_DECIDED = re.compile(
    r"(?i)\b(?:will|plan(?:ned|s)?|deci\w+|proceed\w*|recommend\w*|consent\w*|tak(?:e|en|ing)|book\w*|schedul\w+|needs?"
    r"|requires?|indicated|agree\w*|going to|elect\w*)\b"
)
_NOT = re.compile(
    r"(?i)\b(?:no|not|declin\w+|refus\w+|s/p|status[- ]post|history of|prior|previous\w*|post-?op\w*|if|unless|avoid\w*"
    r"|discharged?|yesterday)\b"
)


def mark_decision(chart: Chart, notes: Sequence[int], visit: Suggestion) -> Suggestion:
    """Give a visit modifier 57 where its notes (numbers into `chart.documents`) tell of the decision."""
    evidence = _find_decision(chart, notes) if _VISITS.fullmatch(visit.code) else None
    if evidence is None:
        return visit
    return visit._replace(
        modifiers=(*visit.modifiers, DECISION_FOR_SURGERY),
        evidence=tuple(dict.fromkeys([*visit.evidence, evidence])),
        why=f"{visit.why} A major operation was decided.",
    )


def _find_decision(chart: Chart, notes: Sequence[int]) -> Evidence | None:
    for number in notes:
        document = chart.documents[number]
        for start, end in list_sentences_with(_load_operations(), chart, number):
            sentence = document.text[start:end]
            if _SOON.search(sentence) and _DECIDED.search(sentence) and not _NOT.search(sentence):
                return Evidence.of(document, start, end)
    return None


@cache
def _load_operations() -> WordPattern:
    return WordPattern("|".join(row["names"] for row in load_rows("major_surgery.tsv")))
