"""Transitional care after a stay: one number for contact, decision making and a visit soon after discharge.

Place in the flow: `visits` asks it for an office visit; pure. Invariants: it takes a discharge of at most 14 days
before, contact within two business days, and decision making of at least a moderate level; what nobody wrote down is
named, and then it is an offer beside the visit. Sources: CPT 99495, 99496; CMS MLN908628.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from services.coder.engine.model import Chart, Evidence, Suggestion
from services.coder.engine.services.decision_making import Level, weigh_decisions
from services.coder.engine.services.lines import CONFIDENCE_OFFER, propose
from services.coder.engine.services.notes import find_now
from services.coder.engine.services.visit_levels import CONFIDENCE, list_codes
from services.coder.engine.services.words import WordPattern

_SOON_DAYS, _LATEST_DAYS = 7, 14
_NAMES = r"transitional care|transition of care (?:visit|management)|tcm(?: visit)?"
_ASKED_FOR = WordPattern(_NAMES)
_TRANSITION = WordPattern(rf"{_NAMES}|(?:hospital|post[- ]?hospital|post[- ]?discharge) follow[- ]?up")
_LEFT = r"discharged?(?: home)?(?: from [^.\n]{1,40}?)?"
_DISCHARGED = WordPattern(
    rf"{_LEFT}(?: date)?(?: on|:)? (?P<month>\d{{1,2}})/(?P<day>\d{{1,2}})/(?P<year>\d{{4}}|\d\d)"
    rf"|{_LEFT} (?P<count>\d{{1,2}}|yesterday|one week|two days|three days)(?P<unit> days?| weeks?)?(?: ago)?"
)
_REACHED = r"(?:contact\w*|call\w*|phone\w*|telephon\w*|spoke\w*|reached|outreach)"
_CONTACT = WordPattern(
    rf"{_REACHED}[^.\n]{{0,60}}\b(?:within|in) (?:2|two|48) (?:business days|hours|days)"
    rf"|{_REACHED}[^.\n]{{0,40}}\b(?:the day after|(?:1|2|one|two) (?:business )?days? after) discharge"
    r"|(?:2|two)[- ](?:business[- ])?day (?:contact|call|outreach|telephone call)"
)
_WORDS = {"yesterday": 1, "one week": 7, "two days": 2, "three days": 3}


def suggest_transition(chart: Chart, notes: Sequence[int], diagnoses: Sequence[Suggestion]) -> Suggestion | None:
    """Suggest transitional care, an offer where a part of it is not documented; None where the notes tell of none."""
    said = [(number, match) for number in notes if (match := find_now(_TRANSITION, chart.documents[number]))]
    decided = weigh_decisions(chart, notes, diagnoses) if said else None
    if decided is None or decided.level < Level.MODERATE:
        return None
    days, discharged = _read_discharge(chart, notes)
    contact = _cite(chart, notes, _CONTACT)
    asked = any(_ASKED_FOR.find_first(chart.documents[number].text) for number in notes)
    if (days is not None and days > _LATEST_DAYS) or not (asked or contact):
        return None
    missing = (
        *(("date of the discharge",) if days is None else ()),
        *(() if contact else ("contact within two business days",)),
    )
    is_soon = days is not None and days <= _SOON_DAYS and decided.level is Level.HIGH
    code, words = ("99496", "within 7 days") if is_soon else ("99495", "within 14 days")
    named = [Evidence.of(chart.documents[number], *match.span()) for number, match in said]
    line = propose(
        code,
        f"transitional care, visit {words} of discharge",
        f"Decision making {decided.level.name.lower()}"
        + (f", {days} days after discharge." if days is not None else ", after a stay."),
        evidence=dict.fromkeys([*named, *discharged, *contact]),
        confidence=CONFIDENCE_OFFER if missing else CONFIDENCE,
    )
    pointers = list_codes(diagnoses, {chart.documents[number].document_id for number in notes})
    return line._replace(selected=not missing, missing=missing, justified_by=pointers)


def _read_discharge(chart: Chart, notes: Sequence[int]) -> tuple[int | None, list[Evidence]]:
    """Days between the discharge and this visit, and where that stands; None where it is not told."""
    for number in notes:
        document = chart.documents[number]
        for match in _DISCHARGED.find(document.text):
            days = _count_days(match, chart.service_date)
            if days is not None and days >= 0:
                return days, [Evidence.of(document, *match.span())]
    return None, []


def _count_days(match: re.Match[str], today: date | None) -> int | None:
    if match["count"]:
        count, unit = match["count"].lower(), (match["unit"] or "").strip()
        if not count.isdigit():
            return _WORDS[count]
        return int(count) * (7 if unit.startswith("week") else 1) if unit else None
    year = int(match["year"])
    try:
        left = date(year if year > 99 else 2000 + year, int(match["month"]), int(match["day"]))
    except ValueError:
        return None
    return (today - left) // timedelta(days=1) if today else None


def _cite(chart: Chart, notes: Sequence[int], pattern: WordPattern) -> list[Evidence]:
    documents = [chart.documents[number] for number in notes]
    found = ((document, find_now(pattern, document)) for document in documents)
    return [Evidence.of(document, *match.span()) for document, match in found if match]
