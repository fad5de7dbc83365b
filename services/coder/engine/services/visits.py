"""The visits of an encounter: critical care, preventive, office, emergency, and the days of a stay.

Place in the flow: `suggest_services` calls it after the other services, which tell whether something else was done on
the day; pure. Invariant: a visit is never suggested without the words that show it, an emergency visit never by time,
and one beside critical care or a preventive visit only for work of its own.
Source: AMA, CPT Evaluation and Management guidelines 2023.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from services.coder.engine.model import Chart, Evidence, Suggestion
from services.coder.engine.services.critical_care import suggest_critical_care
from services.coder.engine.services.decision_making import Level, weigh_decisions
from services.coder.engine.services.documented_time import find_discharge_time, read_critical_care
from services.coder.engine.services.lines import CONFIDENCE_OFFER, find_first_line, propose
from services.coder.engine.services.notes import is_note
from services.coder.engine.services.preventive import suggest_preventive
from services.coder.engine.services.visit_levels import (
    CONFIDENCE,
    SEPARATE_VISIT,
    list_codes,
    load_levels,
    suggest_level,
)
from services.coder.engine.services.words import WordPattern

OFFICE = frozenset({"AMB", "VR", "HH"})
EMERGENCY = frozenset({"EMER"})
STAY = frozenset({"IMP", "ACUTE", "NONAC", "OBSENC", "SS"})
_NEW = WordPattern(r"new patient|establish(?:ing)? care|(?:first|initial) visit (?:here|to|with)")
_ESTABLISHED = WordPattern(
    r"established patient|follow[- ]?up|last (?:visit|seen|appointment)|returns? (?:to|for)|annual exam|recheck"
)


def suggest_visits(chart: Chart, diagnoses: Sequence[Suggestion], others: Sequence[Suggestion]) -> Iterator[Suggestion]:
    """Suggest the visits of an encounter; in a stay, one for each day that its notes tell of.

    `others` are the services that are already suggested.
    """
    notes = [number for number, document in enumerate(chart.documents) if is_note(chart, document)]
    in_stay = chart.encounter_class in STAY
    if not notes or not (in_stay or chart.encounter_class in OFFICE | EMERGENCY):
        return
    critical = list(suggest_critical_care(chart, notes, diagnoses, others, in_stay=in_stay))
    yield from critical
    if in_stay:
        for kind, of_day in _list_stay_days(chart, notes):
            visits = _suggest_stay_day(chart, kind, of_day, diagnoses, others)
            is_critical = bool(critical) and any(read_critical_care(chart, number) for number in of_day)
            yield from map(_offer_beside_critical_care, visits) if is_critical else visits
    else:
        visits = _suggest_visit(chart, notes, diagnoses, others)
        yield from map(_offer_beside_critical_care, visits) if critical else visits


def _suggest_visit(
    chart: Chart, notes: Sequence[int], diagnoses: Sequence[Suggestion], others: Sequence[Suggestion]
) -> Iterator[Suggestion]:
    kind, missing = _choose_kind(chart, notes)
    if chart.encounter_class in EMERGENCY:
        yield from suggest_level(chart, kind, notes, diagnoses, others, missing)
        return
    is_new = kind == "office_new"
    preventive = suggest_preventive(chart, notes, diagnoses, others, is_new=is_new, missing=missing)
    if preventive is None:
        yield from suggest_level(chart, kind, notes, diagnoses, others, missing)
        return
    yield preventive
    if _is_significant(chart, notes, diagnoses):
        for visit in suggest_level(chart, kind, notes, diagnoses, others, missing, counts_time=False):
            yield _tell_apart(visit)


def _is_significant(chart: Chart, notes: Sequence[int], diagnoses: Sequence[Suggestion]) -> bool:
    """A problem beside a preventive visit is work of its own when it is more than minor and something is decided."""
    decided = weigh_decisions(chart, notes, diagnoses)
    return decided is not None and decided.problems.level >= Level.LOW and decided.risk.level >= Level.MODERATE


def _tell_apart(visit: Suggestion) -> Suggestion:
    return replace(visit, modifiers=tuple(dict.fromkeys([SEPARATE_VISIT, *visit.modifiers])))


def _offer_beside_critical_care(visit: Suggestion) -> Suggestion:
    """A visit on the day of critical care counts only when it came before, for another need: a person has to say so."""
    missing = (*visit.missing, "separate visit before critical care")
    return replace(_tell_apart(visit), selected=False, confidence=CONFIDENCE_OFFER, missing=missing)


def _choose_kind(chart: Chart, notes: Sequence[int]) -> tuple[str, tuple[str, ...]]:
    """New or established: by the history of encounters, else by the note, else established with the gap named."""
    if chart.encounter_class in EMERGENCY:
        return "emergency", ()
    if chart.is_new_patient is not None:
        return ("office_new" if chart.is_new_patient else "office_established"), ()
    texts = [chart.documents[number].text for number in notes]
    if any(_NEW.find_first(text) for text in texts):
        return "office_new", ()
    known = any(_ESTABLISHED.find_first(text) for text in texts)
    return "office_established", () if known else ("new or established patient",)


def _list_stay_days(chart: Chart, notes: Sequence[int]) -> list[tuple[str, list[int]]]:
    """The notes of a stay by what they tell of, a day's together: a day has one visit of a kind, however many notes."""
    days: dict[tuple[str, date | int], list[int]] = {}
    for number in notes:
        written = chart.documents[number].authored_at
        if kind := _name_stay_day(chart, chart.documents[number].title.lower()):
            days.setdefault((kind, written.date() if written else number), []).append(number)
    return [(kind, numbers) for (kind, _), numbers in days.items()]


def _name_stay_day(chart: Chart, title: str) -> str:
    on_one_day = bool(chart.admitted_on) and chart.admitted_on == chart.discharged_on
    if "discharge" in title and "instruction" not in title:
        return "stay_same_day" if on_one_day else "stay_discharge"
    if "history and physical" in title or "h&p" in title or "admission" in title:
        return "" if on_one_day else "stay_initial"
    return "stay_subsequent" if "progress" in title else ""


def _suggest_stay_day(
    chart: Chart, kind: str, notes: Sequence[int], diagnoses: Sequence[Suggestion], others: Sequence[Suggestion]
) -> Iterator[Suggestion]:
    if kind == "stay_discharge":
        yield _suggest_discharge(chart, notes[0], diagnoses)
    else:
        yield from suggest_level(chart, kind, notes, diagnoses, others)


def _suggest_discharge(chart: Chart, number: int, diagnoses: Sequence[Suggestion]) -> Suggestion:
    document = chart.documents[number]
    longer = find_discharge_time(document.text)
    row = load_levels()["stay_discharge"][-1 if longer else 0]
    span = longer or find_first_line(document.text)
    why = (
        "More than 30 minutes are documented."
        if longer
        else "A discharge summary; no time over 30 minutes is documented."
    )
    suggestion = propose(row.code, row.words, why, evidence=[Evidence.of(document, *span)], confidence=CONFIDENCE)
    return replace(suggestion, justified_by=list_codes(diagnoses, {document.document_id}))
