"""Advance care planning beside a visit or alone, by documented time.

Place in the flow: `visits` adds it; pure. Invariant: without 16 documented minutes there is none, and the time is no
time of the visit. Sources: CPT 99497, 99498 and its rule of the midpoint; CMS MLN909289 (33 beside a wellness visit).
"""

from collections.abc import Iterator, Sequence

from services.coder.engine.model import Chart, Suggestion
from services.coder.engine.services.documented_time import read_planning_times
from services.coder.engine.services.lines import is_medicare, propose
from services.coder.engine.services.visit_levels import CONFIDENCE, list_codes

_FIRST_MINUTES, _STEP_MINUTES, _MIDPOINT = 30, 30, 16
_WELLNESS_VISITS = frozenset({"G0438", "G0439"})
_PREVENTIVE = "33"


def suggest_care_planning(
    chart: Chart, notes: Sequence[int], diagnoses: Sequence[Suggestion], visits: Sequence[Suggestion]
) -> Iterator[Suggestion]:
    """Suggest the planning that `notes` (numbers into `chart.documents`) document, beside the `visits` of the day."""
    times = [each for number in notes for each in read_planning_times(chart, number)]
    time = max(times, key=lambda each: each.minutes, default=None)
    if time is None or time.minutes < _MIDPOINT:
        return
    why = f"{time.minutes} minutes of advance care planning are documented."
    free = is_medicare(chart.payer) and any(visit.code in _WELLNESS_VISITS for visit in visits)
    first = propose(
        "99497", "advance care planning, first 30 minutes", why, evidence=(time.evidence,), confidence=CONFIDENCE
    )
    pointers = list_codes(diagnoses, {time.evidence.document_id})
    first = first._replace(justified_by=pointers, modifiers=(_PREVENTIVE,) if free else ())
    yield first
    if units := (time.minutes - _FIRST_MINUTES + _STEP_MINUTES - _MIDPOINT) // _STEP_MINUTES:
        words = "advance care planning, each further 30 minutes"
        yield first._replace(code="99498", display=words, units=units)
