"""The visits of an encounter: critical care, preventive, office, emergency, and the days of a stay.

Place in the flow: `suggest_services` calls it after the other services, which tell whether something else was done on
the day; pure. Invariant: a visit is never suggested without the words that show it, an emergency visit never by time,
and one beside critical care or a preventive visit only for work of its own.
Source: AMA, CPT Evaluation and Management guidelines 2023.
"""

from collections.abc import Iterator, Sequence

from services.coder.engine.model import Chart, Evidence, Suggestion
from services.coder.engine.services.brief_visits import suggest_check_in, suggest_staff_visit
from services.coder.engine.services.care_planning import suggest_care_planning
from services.coder.engine.services.critical_care import is_by_day, suggest_critical_care
from services.coder.engine.services.critical_care_by_day import tells_critical_care
from services.coder.engine.services.decision_making import Level, weigh_decisions
from services.coder.engine.services.documented_time import find_discharge_time, read_critical_care
from services.coder.engine.services.lines import CONFIDENCE_OFFER, find_first_line, is_medicare, propose
from services.coder.engine.services.longitudinal_care import suggest_longitudinal
from services.coder.engine.services.notes import is_note
from services.coder.engine.services.preventive import suggest_preventive
from services.coder.engine.services.surgery_decisions import mark_decision
from services.coder.engine.services.transitional_care import suggest_transition
from services.coder.engine.services.visit_kinds import (
    EMERGENCY,
    OFFICE,
    STAY,
    StayDay,
    VisitKind,
    choose_kind,
    list_stay_days,
)
from services.coder.engine.services.visit_levels import (
    CONFIDENCE,
    SEPARATE_VISIT,
    did_procedure,
    list_codes,
    load_levels,
    suggest_level,
)

_OF_RECORD = "AI"
"""Medicare tells the first day of who admitted from that of consultants (CMS Pub. 100-04, ch. 12, section 30.6.9.1)."""


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
        yield from _suggest_stay(chart, notes, diagnoses, others, has_critical=bool(critical))
    else:
        visits = [mark_decision(chart, notes, each) for each in _suggest_visit(chart, notes, diagnoses, others)]
        yield from map(_offer_beside_critical_care, visits) if critical else visits
        if not critical:
            yield from suggest_care_planning(chart, notes, diagnoses, visits)


def _suggest_stay(
    chart: Chart,
    notes: Sequence[int],
    diagnoses: Sequence[Suggestion],
    others: Sequence[Suggestion],
    *,
    has_critical: bool,
) -> Iterator[Suggestion]:
    """The visits of a stay; a day of critical care that is billed by the day has no other."""
    if has_critical and is_by_day(chart, in_stay=True):
        notes = [number for number in notes if not tells_critical_care(chart, number)]
    for day in list_stay_days(chart, notes):
        visits = [mark_decision(chart, day.notes, each) for each in _suggest_stay_day(chart, day, diagnoses, others)]
        is_critical = has_critical and any(read_critical_care(chart, number) for number in day.notes)
        yield from map(_offer_beside_critical_care, visits) if is_critical else visits
        if not is_critical:
            yield from suggest_care_planning(chart, day.notes, diagnoses, visits)


def _suggest_visit(
    chart: Chart, notes: Sequence[int], diagnoses: Sequence[Suggestion], others: Sequence[Suggestion]
) -> Iterator[Suggestion]:
    kind = choose_kind(chart, notes)
    if chart.encounter_class in EMERGENCY:
        yield from suggest_level(chart, kind.name, notes, diagnoses, others, kind.missing)
        return
    is_new = kind.name.endswith("new")
    staff = suggest_staff_visit(chart, notes, diagnoses, others, is_new=is_new)
    check_in = suggest_check_in(chart, notes, diagnoses, is_new=is_new)
    if staff is not None or check_in:
        yield from staff or ([check_in] if check_in else [])
        return
    preventive = suggest_preventive(chart, notes, diagnoses, others, is_new=is_new, missing=kind.missing)
    if preventive is None:
        yield from _suggest_office(chart, kind, notes, diagnoses, others)
        return
    yield preventive
    if _is_significant(chart, notes, diagnoses):
        for visit in suggest_level(chart, kind.name, notes, diagnoses, others, kind.missing, counts_time=False):
            apart = _tell_apart(visit)
            yield apart
            yield from _suggest_longitudinal(chart, notes, apart, [preventive, *others])


def _suggest_office(
    chart: Chart,
    kind: VisitKind,
    notes: Sequence[int],
    diagnoses: Sequence[Suggestion],
    others: Sequence[Suggestion],
) -> Iterator[Suggestion]:
    """The visit by its level and what belongs to it; transitional care contains it where all of that is documented."""
    transition = suggest_transition(chart, notes, diagnoses)
    if transition:
        yield transition
    if transition and transition.selected:
        return
    for visit in suggest_level(chart, kind.name, notes, diagnoses, others, kind.missing):
        yield _cite(visit, kind)
        yield from _suggest_longitudinal(chart, notes, visit, others)


def _suggest_longitudinal(
    chart: Chart, notes: Sequence[int], visit: Suggestion, others: Sequence[Suggestion]
) -> Iterator[Suggestion]:
    yield from suggest_longitudinal(
        chart, notes, visit, others, did_procedure=any(did_procedure(chart, number) for number in notes)
    )


def _cite(visit: Suggestion, kind: VisitKind) -> Suggestion:
    return visit._replace(evidence=tuple(dict.fromkeys([*visit.evidence, *kind.evidence])))


def _is_significant(chart: Chart, notes: Sequence[int], diagnoses: Sequence[Suggestion]) -> bool:
    """A problem beside a preventive visit is work of its own when it is more than minor and something is decided."""
    decided = weigh_decisions(chart, notes, diagnoses)
    return decided is not None and decided.problems.level >= Level.LOW and decided.risk.level >= Level.MODERATE


def _tell_apart(visit: Suggestion) -> Suggestion:
    return visit._replace(modifiers=tuple(dict.fromkeys([SEPARATE_VISIT, *visit.modifiers])))


def _offer_beside_critical_care(visit: Suggestion) -> Suggestion:
    """A visit on the day of critical care counts only when it came before, for another need: a person has to say so."""
    missing = (*visit.missing, "separate visit before critical care")
    return _tell_apart(visit)._replace(selected=False, confidence=CONFIDENCE_OFFER, missing=missing)


def _suggest_stay_day(
    chart: Chart, day: StayDay, diagnoses: Sequence[Suggestion], others: Sequence[Suggestion]
) -> Iterator[Suggestion]:
    kind = day.kind
    if kind.name == "stay_discharge":
        yield _suggest_discharge(chart, day.notes[0], diagnoses)
        return
    for level in suggest_level(chart, kind.name, day.notes, diagnoses, others, kind.missing):
        visit = _cite(level, kind)
        of_record = day.is_admission and is_medicare(chart.payer) and visit.code in _list_codes("stay_initial")
        yield visit._replace(modifiers=(*visit.modifiers, _OF_RECORD)) if of_record else visit


def _list_codes(kind: str) -> set[str]:
    return {row.code for row in load_levels()[kind]}


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
    return suggestion._replace(justified_by=list_codes(diagnoses, {document.document_id}))
