"""Time that a note documents: of the visit as a whole, of a discharge day, of critical care, of planning.

Place in the flow: `visit_levels`, `visits` and `critical_care` read times here; pure. Invariant: time of a service that
is billed by itself is never time of the visit.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from services.coder.engine.model import Chart, Document, Evidence
from services.coder.engine.services.words import WordPattern

DISCHARGE_MINUTES = 30
"""More than these make the longer discharge day, 99239."""
_NUMBER = r"(?P<minutes>\d{1,3})[ -]*(?:min(?:ute)?s?\b)"
_TIME = WordPattern(
    rf"total (?:visit |encounter )?time\b[^.\n]{{0,60}}?{_NUMBER}"
    rf"|(?:i )?spent (?:a total of |approximately |about |over )?{_NUMBER.replace('minutes>', 'spent>')}[^.\n]*",
    open_ended=True,
)
_OTHER_SERVICE = re.compile(
    r"(?i)critical care|smoking|tobacco|advance care|psychotherapy|goals of care|prolonged|nurs|patient spent"
)
_DISCHARGE_TIME = re.compile(
    r"(?i)(?:more than|over|greater than|>) ?(?P<more>30) ?min|"
    + _NUMBER
    + r"[^.\n]{0,40}discharge|discharge[^.\n]{0,60}?"
    + _NUMBER.replace("minutes>", "after>")
)
_CRITICAL_CARE = WordPattern(
    rf"critical care\b[^.\n]{{0,80}}?{_NUMBER}"
    rf"|{_NUMBER.replace('minutes>', 'before>')}(?: \w+){{0,4}} critical care\b[^.\n]*",
    open_ended=True,
)
_PLANNING_NAMES = r"(?:advance care planning|advance directives?|goals[- ]of[- ]care)"
_PLANNING = WordPattern(
    rf"{_PLANNING_NAMES}\b[^.\n]{{0,80}}?{_NUMBER}"
    rf"|{_NUMBER.replace('minutes>', 'before>')}(?: \w+){{0,6}} {_PLANNING_NAMES}\b",
    open_ended=True,
)
_DISCUSSION = WordPattern(
    rf"medical discussion\b[^.\n]{{0,40}}?{_NUMBER}"
    rf"|{_NUMBER.replace('minutes>', 'before>')}(?: \w+){{0,4}} medical discussion\b",
    open_ended=True,
)
CHECK_IN_MINUTES = 5, 10
"""From and to; beyond it a telemedicine visit begins."""
_NOT = re.compile(r"(?i)\b(?:no|not|without|never)\b[^.\n]{0,30}$")


class DocumentedTime(NamedTuple):
    """Minutes, as a note says them, and where."""

    minutes: int
    evidence: Evidence


def read_visit_times(chart: Chart, number: int) -> Iterator[DocumentedTime]:
    """Read the total times of the visit in a note (number into `chart.documents`)."""
    document = chart.documents[number]
    for match in _TIME.find(document.text):
        if not _OTHER_SERVICE.search(match[0]):
            yield DocumentedTime(int(match["minutes"] or match["spent"]), Evidence.of(document, *match.span()))


def read_critical_care(chart: Chart, number: int) -> DocumentedTime | None:
    """Read the longest time of critical care in a note; a note repeats its time, it does not add it up."""
    times = _read_times(_CRITICAL_CARE, chart.documents[number])
    return max(times, key=lambda each: each.minutes, default=None)


def read_planning_times(chart: Chart, number: int) -> Iterator[DocumentedTime]:
    """Read the times of advance care planning in a note."""
    return _read_times(_PLANNING, chart.documents[number])


def read_discussion_times(chart: Chart, number: int) -> Iterator[DocumentedTime]:
    """Read the times of medical discussion by telephone or video in a note."""
    return _read_times(_DISCUSSION, chart.documents[number])


def _read_times(pattern: WordPattern, document: Document) -> Iterator[DocumentedTime]:
    for match in pattern.find(document.text):
        if not _NOT.search(document.text[max(0, match.start() - 40) : match.start()]):
            yield DocumentedTime(int(match["minutes"] or match["before"]), Evidence.of(document, *match.span()))


def find_discharge_time(text: str) -> tuple[int, int] | None:
    """Find where more than 30 minutes of a discharge day are documented."""
    for match in _DISCHARGE_TIME.finditer(text):
        minutes = int(match["minutes"] or match["after"] or 0)
        if match["more"] or minutes > DISCHARGE_MINUTES:
            return match.span()
    return None
