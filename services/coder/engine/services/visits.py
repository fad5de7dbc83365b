"""The visit: its kind by the encounter, its level by decision making or documented time, whichever is higher.

Place in the flow: `suggest_services` calls it after the other services, which tell whether something else was done on
the day; pure. Invariant: a level is never suggested without the words that show it, and an emergency visit never by
time. Source: AMA, CPT Evaluation and Management guidelines 2023.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from operator import attrgetter
from typing import NamedTuple

from services.coder.engine.model import Chart, Document, Evidence, Suggestion
from services.coder.engine.services.decision_making import DecisionMaking, Element, Level, weigh_decisions
from services.coder.engine.services.lines import IMAGING, LABORATORY, MAX_POINTERS, find_first_line, propose
from services.coder.engine.services.tables import load_rows

OFFICE = frozenset({"AMB", "VR", "HH"})
EMERGENCY = frozenset({"EMER"})
STAY = frozenset({"IMP", "ACUTE", "NONAC", "OBSENC", "SS"})
SEPARATE_VISIT = "25"
DISCHARGE_MINUTES = 30
"""More than these make the longer discharge day, 99239."""
_CONFIDENCE, _CONFIDENCE_WITH_GAPS = 0.7, 0.5
_MAX_EVIDENCE_A_PART = 6
_NUMBER = r"(?P<minutes>\d{1,3})\s*(?:min(?:ute)?s?\b)"
_TIME = re.compile(
    rf"(?i)\b(?:total (?:visit |encounter )?time\b[^.\n]{{0,60}}?{_NUMBER}"
    rf"|(?:i )?spent (?:a total of |approximately |about |over )?{_NUMBER.replace('minutes>', 'spent>')}[^.\n]*)"
)
_OTHER_SERVICE = re.compile(
    r"(?i)critical care|smoking|tobacco|advance care|psychotherapy|prolonged|nurs|patient spent"
)
_DISCHARGE_TIME = re.compile(
    r"(?i)(?:more than|over|greater than|>) ?(?P<more>30) ?min|"
    + _NUMBER
    + r"[^.\n]{0,40}discharge|discharge[^.\n]{0,60}?"
    + _NUMBER.replace("minutes>", "after>")
)
_NEW = re.compile(r"(?i)\b(?:new patient|establish(?:ing)? care|(?:first|initial) visit (?:here|to|with))\b")
_ESTABLISHED = re.compile(
    r"(?i)\b(?:established patient|follow[- ]?up|last (?:visit|seen|appointment)"
    r"|returns? (?:to|for)|annual exam|recheck)\b"
)
_LEVEL_NAMES = {
    Level.STRAIGHTFORWARD: "straightforward",
    Level.LOW: "low",
    Level.MODERATE: "moderate",
    Level.HIGH: "high",
}


class DocumentedTime(NamedTuple):
    """Total time on the day of the encounter, as a note says it."""

    minutes: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Row:
    """A row of `visit_levels.tsv`."""

    code: str
    level: int
    minutes: int
    words: str


def suggest_visits(chart: Chart, diagnoses: Sequence[Suggestion], others: Sequence[Suggestion]) -> Iterator[Suggestion]:
    """Suggest the visit of an encounter; in a stay, one for each note that tells of a day of it.

    `others` are the services that are already suggested.
    """
    notes = [number for number, document in enumerate(chart.documents) if _is_note(chart, document)]
    if chart.encounter_class in STAY:
        for number in notes:
            yield from _suggest_stay_day(chart, number, diagnoses, others)
    elif notes and chart.encounter_class in OFFICE | EMERGENCY:
        kind, missing = _choose_kind(chart, notes)
        yield from _suggest(chart, kind, notes, diagnoses, others, missing)


def _is_note(chart: Chart, document: Document) -> bool:
    """A text is a note unless it is blank, or the report of an examination."""
    of_report = [report for report in chart.reports if document.document_id in report.document_ids]
    return bool(document.text.strip()) and not any(
        set(report.categories) & (IMAGING | LABORATORY) for report in of_report
    )


def _choose_kind(chart: Chart, notes: Sequence[int]) -> tuple[str, tuple[str, ...]]:
    """New or established: by the history of encounters, else by the note, else established with the gap named."""
    if chart.encounter_class in EMERGENCY:
        return "emergency", ()
    if chart.is_new_patient is not None:
        return ("office_new" if chart.is_new_patient else "office_established"), ()
    texts = [chart.documents[number].text for number in notes]
    if any(_NEW.search(text) for text in texts):
        return "office_new", ()
    known = any(_ESTABLISHED.search(text) for text in texts)
    return "office_established", () if known else ("new or established patient",)


def _suggest_stay_day(
    chart: Chart, number: int, diagnoses: Sequence[Suggestion], others: Sequence[Suggestion]
) -> Iterator[Suggestion]:
    document = chart.documents[number]
    title = document.title.lower()
    if "discharge" in title and "instruction" not in title:
        if chart.admitted_on and chart.admitted_on == chart.discharged_on:
            yield from _suggest(chart, "stay_same_day", [number], diagnoses, others)
        else:
            yield _suggest_discharge(chart, number, diagnoses)
    elif "history and physical" in title or "h&p" in title or "admission" in title:
        if not chart.admitted_on or chart.admitted_on != chart.discharged_on:
            yield from _suggest(chart, "stay_initial", [number], diagnoses, others)
    elif "progress" in title:
        yield from _suggest(chart, "stay_subsequent", [number], diagnoses, others)


def _suggest_discharge(chart: Chart, number: int, diagnoses: Sequence[Suggestion]) -> Suggestion:
    document = chart.documents[number]
    longer = _find_discharge_time(document.text)
    row = _load_levels()["stay_discharge"][-1 if longer else 0]
    span = longer or find_first_line(document.text)
    why = (
        "More than 30 minutes are documented."
        if longer
        else "A discharge summary; no time over 30 minutes is documented."
    )
    suggestion = propose(row.code, row.words, why, evidence=[Evidence.of(document, *span)], confidence=_CONFIDENCE)
    return replace(suggestion, justified_by=_list_codes(diagnoses, {document.document_id}))


def _find_discharge_time(text: str) -> tuple[int, int] | None:
    for match in _DISCHARGE_TIME.finditer(text):
        minutes = int(match["minutes"] or match["after"] or 0)
        if match["more"] or minutes > DISCHARGE_MINUTES:
            return match.span()
    return None


def _suggest(
    chart: Chart,
    kind: str,
    notes: Sequence[int],
    diagnoses: Sequence[Suggestion],
    others: Sequence[Suggestion],
    missing: tuple[str, ...] = (),
) -> Iterator[Suggestion]:
    decided = weigh_decisions(chart, notes, diagnoses, billed=_name_billed_tests(others))
    rows = _load_levels()[kind]
    times = [each for number in notes for each in _read_times(chart, number)]
    time = max(times, key=attrgetter("minutes"), default=None)
    by_decision = [row for row in rows if decided and row.level <= decided.level]
    by_time = [row for row in rows if time and 0 < row.minutes <= time.minutes]
    reached = max((*by_decision[-1:], *by_time[-1:]), key=lambda row: row.code, default=None)
    if reached is None:
        return
    counts_time = time if reached in by_time and reached not in by_decision else None
    procedures = [each for number in notes for each in _find_procedures(chart, number)]
    suggestion = propose(
        reached.code,
        reached.words,
        _explain(decided, counts_time),
        evidence=_gather(decided, counts_time, procedures),
        confidence=_CONFIDENCE_WITH_GAPS if missing else _CONFIDENCE,
    )
    documents = {chart.documents[number].document_id for number in notes}
    yield replace(
        suggestion,
        missing=missing,
        modifiers=(SEPARATE_VISIT,) if procedures else (),
        justified_by=_list_codes(diagnoses, documents),
    )


def _list_codes(diagnoses: Sequence[Suggestion], documents: set[str]) -> tuple[str, ...]:
    own = [d.code for d in diagnoses if d.selected and any(span.document_id in documents for span in d.evidence)]
    return tuple(dict.fromkeys(own))[:MAX_POINTERS]


def _name_billed_tests(others: Sequence[Suggestion]) -> frozenset[str]:
    """Tests whose interpretation this claim bills count for that, and not as data of the visit."""
    names = {"930": "ECG", "933": "echocardiogram", "940": "lung function"}
    return frozenset(name for start, name in names.items() if any(each.code.startswith(start) for each in others))


def _explain(decided: DecisionMaking | None, time: DocumentedTime | None) -> str:
    parts = [f"Documented total time of {time.minutes} minutes"] if time else []
    if decided:
        parts.append(f"decision making {_LEVEL_NAMES[decided.level]}")
        parts += [f"{name} {_tell(element)}" for name, element in _elements(decided)]
    sentence = "; ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _tell(element: Element) -> str:
    because = ", ".join(element.because[:_MAX_EVIDENCE_A_PART])
    return f"{_LEVEL_NAMES[element.level]} ({because})" if because else _LEVEL_NAMES[element.level]


def _elements(decided: DecisionMaking) -> tuple[tuple[str, Element], ...]:
    return ("problems", decided.problems), ("data", decided.data), ("risk", decided.risk)


def _gather(
    decided: DecisionMaking | None, time: DocumentedTime | None, procedures: Sequence[Evidence]
) -> tuple[Evidence, ...]:
    parts = [element.evidence[:_MAX_EVIDENCE_A_PART] for _, element in _elements(decided)] if decided else []
    spans = [*([time.evidence] if time else []), *(span for part in parts for span in part), *procedures]
    return tuple(dict.fromkeys(spans))


def _read_times(chart: Chart, number: int) -> Iterator[DocumentedTime]:
    document = chart.documents[number]
    for match in _TIME.finditer(document.text):
        if not _OTHER_SERVICE.search(match[0]):
            minutes = int(match["minutes"] or match["spent"])
            yield DocumentedTime(minutes, Evidence.of(document, *match.span()))


def _find_procedures(chart: Chart, number: int) -> Iterator[Evidence]:
    document = chart.documents[number]
    for pattern in _load_procedures():
        if match := pattern.search(document.text):
            yield Evidence.of(document, *match.span())


@cache
def _load_levels() -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in load_rows("visit_levels.tsv"):
        level = Row(row["code"], int(row["level"]), int(row["minutes"]), row["words"])
        found.setdefault(row["kind"], []).append(level)
    return found


@cache
def _load_procedures() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(rf"(?i)\b(?:{row['pattern']})\b") for row in load_rows("procedures.tsv"))
