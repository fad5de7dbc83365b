"""Critical care: the first hour and each further half hour, by documented time.

Place in the flow: `visits` asks it first; pure. Invariants: without 30 documented minutes there is none; the
day's notes add up, and further half hours count by the payer's own threshold.
Sources: CPT 99291, 99292; CMS Pub. 100-04, chapter 12, section 30.6.12 (99292 from 104 minutes).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

from services.coder.engine.model import Chart, Suggestion
from services.coder.engine.services.critical_care_by_day import OLDEST_YEARS, suggest_critical_days
from services.coder.engine.services.documented_time import DocumentedTime, read_critical_care
from services.coder.engine.services.lines import is_medicare, propose
from services.coder.engine.services.visit_levels import CONFIDENCE, SEPARATE_VISIT, is_beside_procedure, list_codes

LEAST_MINUTES, FIRST_HOUR_MINUTES, STEP_MINUTES = 30, 74, 30


def suggest_critical_care(
    chart: Chart, notes: Sequence[int], diagnoses: Sequence[Suggestion], others: Sequence[Suggestion], *, in_stay: bool
) -> Iterator[Suggestion]:
    """Suggest the critical care of each day that `notes` (numbers into `chart.documents`) document."""
    if is_by_day(chart, in_stay=in_stay):
        yield from suggest_critical_days(chart, notes, diagnoses)
        return
    days: defaultdict[date | None, list[DocumentedTime]] = defaultdict(list)
    for number in notes:
        if time := read_critical_care(chart, number):
            written = chart.documents[number].authored_at
            days[written.date() if written else None].append(time)
    for times in days.values():
        yield from _suggest_day(chart, times, diagnoses, others)


def is_by_day(chart: Chart, *, in_stay: bool) -> bool:
    """Whether critical care is billed by the day: in a stay, up to five years of age."""
    return in_stay and chart.patient_age_years is not None and chart.patient_age_years <= OLDEST_YEARS


def _suggest_day(
    chart: Chart, times: Sequence[DocumentedTime], diagnoses: Sequence[Suggestion], others: Sequence[Suggestion]
) -> Iterator[Suggestion]:
    minutes = sum(time.minutes for time in times)
    if minutes < LEAST_MINUTES:
        return
    why = f"{minutes} minutes of critical care are documented."
    evidence = [time.evidence for time in times]
    pointers = list_codes(diagnoses, {span.document_id for span in evidence})
    first = propose("99291", "critical care, first hour", why, evidence=evidence, confidence=CONFIDENCE)
    apart = (SEPARATE_VISIT,) if is_beside_procedure(others) else ()
    yield first._replace(justified_by=pointers, modifiers=apart)
    if units := count_half_hours(minutes, medicare=is_medicare(chart.payer)):
        further = propose(
            "99292", "critical care, each further 30 minutes", why, evidence=evidence, confidence=CONFIDENCE
        )
        yield further._replace(units=units, justified_by=pointers)


def count_half_hours(minutes: int, *, medicare: bool) -> int:
    """Count the half hours beyond the first 74 minutes: complete ones for Medicare, begun ones for others."""
    beyond = minutes - FIRST_HOUR_MINUTES
    return max(0, beyond // STEP_MINUTES if medicare else (beyond + STEP_MINUTES - 1) // STEP_MINUTES)
