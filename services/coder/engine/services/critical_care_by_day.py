"""Critical care of newborns, infants and young children in a stay: by the day and by age, never by time.

Place in the flow: `critical_care` asks it below six years of age; pure. Invariant: a day has one number, the first of
the stay its own, and an age in days that nobody tells is missing, and the number then an offer.
Source: CPT 99468-99476, inpatient neonatal and pediatric critical care.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from services.coder.engine.model import Chart, Evidence, Suggestion
from services.coder.engine.services.lines import CONFIDENCE_OFFER, propose
from services.coder.engine.services.notes import find_now
from services.coder.engine.services.tables import load_rows
from services.coder.engine.services.visit_levels import CONFIDENCE, list_codes
from services.coder.engine.services.words import WordPattern

OLDEST_YEARS = 5
_NEWBORN_DAYS = 28
_CRITICAL = WordPattern(r"critical care|critically ill|critical condition")
_AGE = WordPattern(
    r"(?P<days>\d{1,2})[- ]?day[- ]?old|(?:day of life|dol) ?#?(?P<life>\d{1,2})|(?P<weeks>\d{1,2})[- ]?week[- ]?old"
    r"|(?P<months>\d{1,2})[- ]?month[- ]?old"
)
_DAYS_OF = {"days": 1, "life": 1, "weeks": 7, "months": 30}


def suggest_critical_days(chart: Chart, notes: Sequence[int], diagnoses: Sequence[Suggestion]) -> Iterator[Suggestion]:
    """Suggest the days of critical care that `notes` (numbers into `chart.documents`) tell of."""
    cited = {number: span for number in notes if (span := _cite(chart, number))}
    days: dict[date | int, list[int]] = {}
    for number in cited:
        written = chart.documents[number].authored_at
        days.setdefault(written.date() if written else number, []).append(number)
    row, missing = _choose_row(chart, list(cited))
    for place, of_day in enumerate(sorted(days.values(), key=lambda each: _name_day(chart, each[0]))):
        code = row["further"] if place else row["first"]
        why = f"A {'further' if place else 'first'} day of critical care is documented."
        evidence = [cited[number] for number in of_day]
        line = propose(
            code, row["words"], why, evidence=evidence, confidence=CONFIDENCE_OFFER if missing else CONFIDENCE
        )
        pointers = list_codes(diagnoses, {span.document_id for span in evidence})
        yield line._replace(selected=not missing, missing=missing, justified_by=pointers)


def tells_critical_care(chart: Chart, number: int) -> bool:
    """Whether a note tells of critical care."""
    return _cite(chart, number) is not None


def _cite(chart: Chart, number: int) -> Evidence | None:
    match = find_now(_CRITICAL, chart.documents[number])
    return Evidence.of(chart.documents[number], *match.span()) if match else None


def _name_day(chart: Chart, number: int) -> str:
    written = chart.documents[number].authored_at
    return written.date().isoformat() if written else ""


def _choose_row(chart: Chart, notes: Sequence[int]) -> tuple[dict[str, str], tuple[str, ...]]:
    newborn, infant, child = load_rows("critical_care_days.tsv")
    if chart.patient_age_years:
        return (infant if chart.patient_age_years < int(child["from_years"]) else child), ()
    days = next((each for number in notes if (each := _read_days(chart.documents[number].text)) is not None), None)
    if days is None:
        return newborn, ("age in days",)
    return (newborn if days <= _NEWBORN_DAYS else infant), ()


def _read_days(text: str) -> int | None:
    match = _AGE.find_first(text)
    return next((int(match[name]) * days for name, days in _DAYS_OF.items() if match[name]), None) if match else None
