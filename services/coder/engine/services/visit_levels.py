"""The level of a visit: by decision making or documented time, whichever is higher, with what shows it.

Place in the flow: `visits` and `preventive` ask it for the level of one kind of visit; pure. Invariant: a level is
never suggested without the words that show it. Source: AMA, CPT Evaluation and Management guidelines 2023.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter

from services.coder.engine.model import Chart, Evidence, Suggestion
from services.coder.engine.services.decision_making import DecisionMaking, Element, Level, weigh_decisions
from services.coder.engine.services.documented_time import DocumentedTime, read_visit_times
from services.coder.engine.services.lines import MAX_POINTERS, propose
from services.coder.engine.services.prolonged import suggest_prolonged
from services.coder.engine.services.tables import load_rows
from services.coder.engine.services.words import WordPatterns

SEPARATE_VISIT = "25"
CONFIDENCE, CONFIDENCE_WITH_GAPS = 0.7, 0.5
_MAX_EVIDENCE_A_PART = 6
WANTS_SEPARATE_VISIT = re.compile(r"96[34]\d\d|904[67]\d|94640|G00(?:08|09|10)|[1-6]\d{4}")
"""Procedures, and the giving of drugs and vaccines, that a visit on the same day is told apart from by modifier 25.
Source: CMS NCCI Policy Manual, chapter 1, section D, and chapter 11, section B."""
_GIVES_DRUG = re.compile(r"9637[245]|9636[57]|964[01]\d|94640")
_LEVEL_NAMES = {
    Level.STRAIGHTFORWARD: "straightforward",
    Level.LOW: "low",
    Level.MODERATE: "moderate",
    Level.HIGH: "high",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of `visit_levels.tsv`."""

    code: str
    level: int
    minutes: int
    words: str


def suggest_level(
    chart: Chart,
    kind: str,
    notes: Sequence[int],
    diagnoses: Sequence[Suggestion],
    others: Sequence[Suggestion],
    missing: tuple[str, ...] = (),
    *,
    counts_time: bool = True,
) -> Iterator[Suggestion]:
    """Suggest the visit of `kind` that `notes` (numbers into `chart.documents`) show, then its prolonged time."""
    decided = weigh_decisions(
        chart, notes, diagnoses, billed=_name_billed_tests(others), treated=cite_treatment(others)
    )
    rows = load_levels()[kind]
    times = [each for number in notes for each in read_visit_times(chart, number)] if counts_time else []
    time = max(times, key=attrgetter("minutes"), default=None)
    by_decision = [row for row in rows if decided and row.level <= decided.level]
    by_time = [row for row in rows if time and 0 < row.minutes <= time.minutes]
    reached = max((*by_decision[-1:], *by_time[-1:]), key=lambda row: row.code, default=None)
    if reached is None:
        return
    deciding_time = time if reached in by_time and reached not in by_decision else None
    procedures = [each for number in notes for each in _find_procedures(chart, number)]
    visit = propose(
        reached.code,
        reached.words,
        _explain(decided, deciding_time),
        evidence=_gather(decided, deciding_time, procedures),
        confidence=CONFIDENCE_WITH_GAPS if missing else CONFIDENCE,
    )
    visit = visit._replace(
        missing=missing,
        modifiers=(SEPARATE_VISIT,) if procedures or is_beside_procedure(others) else (),
        justified_by=list_codes(diagnoses, {chart.documents[number].document_id for number in notes}),
    )
    yield visit
    if time and reached in by_time:
        yield from suggest_prolonged(chart, visit, time)


def is_beside_procedure(others: Sequence[Suggestion]) -> bool:
    """Whether something is billed from which a visit must be told apart by modifier 25."""
    return any(each.selected and WANTS_SEPARATE_VISIT.fullmatch(each.code) for each in others)


def cite_treatment(others: Sequence[Suggestion]) -> tuple[Evidence, ...]:
    """Where notes tell that a drug was given, which is drug management of the visit; fluids alone are not."""
    lines = (each for each in others if _GIVES_DRUG.fullmatch(each.code))
    return tuple(span for line in lines for span in line.evidence)


def list_codes(diagnoses: Sequence[Suggestion], documents: set[str]) -> tuple[str, ...]:
    """The selected diagnoses that these documents show, as many as a line may point to."""
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


def did_procedure(chart: Chart, number: int) -> bool:
    """Whether a note (number into `chart.documents`) tells of a procedure that was done."""
    return any(_find_procedures(chart, number))


def _find_procedures(chart: Chart, number: int) -> Iterator[Evidence]:
    document = chart.documents[number]
    matches = _load_procedures().find(document.text, [(0, len(document.text))])
    first = {number: match for _, number, match in reversed(list(matches))}
    yield from (Evidence.of(document, *first[number].span()) for number in sorted(first))


@cache
def load_levels() -> dict[str, list[Row]]:
    """The levels by kind of visit, lowest first."""
    found: dict[str, list[Row]] = {}
    for row in load_rows("visit_levels.tsv"):
        level = Row(row["code"], int(row["level"]), int(row["minutes"]), row["words"])
        found.setdefault(row["kind"], []).append(level)
    return found


@cache
def _load_procedures() -> WordPatterns:
    return WordPatterns([row["pattern"] for row in load_rows("procedures.tsv")])
