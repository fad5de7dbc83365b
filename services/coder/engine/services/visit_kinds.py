"""Which kind of visit the notes of an encounter tell of: office, home, consultation, emergency, or a day of a stay.

Place in the flow: `visits` asks it before the level; pure. Invariant: a consultation is one only where a payer takes
its numbers and the note says who asked for it; otherwise the visit is what it would be without, and the gap is named.
Sources: AMA, CPT Evaluation and Management guidelines 2023; CMS Pub. 100-04, chapter 12, section 30.6.10.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from services.coder.engine.model import Chart, Evidence
from services.coder.engine.services.notes import find_now
from services.coder.engine.services.tables import list_payer_rows
from services.coder.engine.services.words import WordPattern

OFFICE = frozenset({"AMB", "VR", "HH"})
EMERGENCY = frozenset({"EMER"})
STAY = frozenset({"IMP", "ACUTE", "NONAC", "OBSENC", "SS"})
_AT_HOME = "HH"
_NEW = WordPattern(r"new patient|establish(?:ing)? care|(?:first|initial) visit (?:here|to|with)")
_ESTABLISHED = WordPattern(
    r"established patient|follow[- ]?up|last (?:visit|seen|appointment)|returns? (?:to|for)|annual exam|recheck"
)
_CONSULTATION = WordPattern(
    r"(?:office |outpatient |inpatient |initial )?consultation (?:note|report|visit)"
    r"|(?:seen|evaluated|here) (?:today )?(?:in|for) (?:\w+ )?consultation|consult(?:ation)? (?:was )?requested"
)
_REQUESTED = WordPattern(
    r"at the (?:kind )?request of|consult(?:ation)? (?:was )?requested (?:by|from)|(?:requested|referred) by"
    r"|requesting (?:physician|provider|clinician|service|md)|referring (?:physician|provider|clinician|md)"
    r"|thank you for (?:this|the|asking|allowing|referring|your|involving)"
    r"|(?:we were|i was) (?:asked|consulted)|asked (?:by [^.\n]{1,40} )?to (?:see|evaluate)"
)
_WHO_ASKED = "who asked for the consultation"


class VisitKind(NamedTuple):
    """A kind of `visit_levels.tsv`, what it depends on and nobody wrote down, and the words that tell the kind."""

    name: str
    missing: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class StayDay(NamedTuple):
    """What the notes (numbers into `chart.documents`) of one day of a stay tell of; `is_admission` of the H&P."""

    kind: VisitKind
    notes: list[int]
    is_admission: bool = False


def choose_kind(chart: Chart, notes: Sequence[int]) -> VisitKind:
    """Choose the kind of a visit outside a stay."""
    if chart.encounter_class in EMERGENCY:
        return VisitKind("emergency")
    told = _choose_history(chart, notes)
    is_new = told.name == "new"
    if chart.encounter_class == _AT_HOME:
        return VisitKind("home_new" if is_new else "home_established", told.missing)
    office = VisitKind("office_new" if is_new else "office_established", told.missing)
    if not any(_is_consultation(chart, number) for number in notes):
        return office
    return _choose_consultation(chart, notes, "office_consultation", office)


def list_stay_days(chart: Chart, notes: Sequence[int]) -> list[StayDay]:
    """The notes of a stay by what they tell of, a day's together: a day has one visit of a kind, however many notes.

    Consultants are told apart by the titles of their notes.
    """
    days: dict[tuple[str, str, date | int], StayDay] = {}
    for number in notes:
        document = chart.documents[number]
        title, written = document.title.lower(), document.authored_at
        name = _name_stay_day(chart, title)
        if name:
            kind = VisitKind(name)
            if name == "stay_consultation":
                kind = _choose_consultation(chart, [number], name, VisitKind("stay_initial"))
            whose = title if name == "stay_consultation" else ""
            new = StayDay(kind, [], is_admission=name == "stay_initial")
            days.setdefault((name, whose, written.date() if written else number), new).notes.append(number)
    return list(days.values())


def _choose_consultation(chart: Chart, notes: Sequence[int], name: str, otherwise: VisitKind) -> VisitKind:
    if list_payer_rows("consultation_payers.tsv", chart.payer)[0]["takes"] != "yes":
        return otherwise
    for number in notes:
        if match := _REQUESTED.find_first(chart.documents[number].text):
            return VisitKind(name, evidence=(Evidence.of(chart.documents[number], *match.span()),))
    return VisitKind(otherwise.name, (*otherwise.missing, _WHO_ASKED))


def _is_consultation(chart: Chart, number: int) -> bool:
    document = chart.documents[number]
    named = f"{document.title} {chart.encounter_type}".lower()
    return "consult" in named or find_now(_CONSULTATION, document) is not None


def _choose_history(chart: Chart, notes: Sequence[int]) -> VisitKind:
    """New or established: by the history of encounters, else by the note, else established with the gap named."""
    if chart.is_new_patient is not None:
        return VisitKind("new" if chart.is_new_patient else "established")
    texts = [chart.documents[number].text for number in notes]
    if any(_NEW.find_first(text) for text in texts):
        return VisitKind("new")
    known = any(_ESTABLISHED.find_first(text) for text in texts)
    return VisitKind("established", () if known else ("new or established patient",))


def _name_stay_day(chart: Chart, title: str) -> str:
    on_one_day = bool(chart.admitted_on) and chart.admitted_on == chart.discharged_on
    if "discharge" in title and "instruction" not in title:
        return "stay_same_day" if on_one_day else "stay_discharge"
    if "consult" in title:
        return "stay_subsequent" if "follow" in title or "progress" in title else "stay_consultation"
    if "history and physical" in title or "h&p" in title or "admission" in title:
        return "" if on_one_day else "stay_initial"
    return "stay_subsequent" if "progress" in title else ""
