"""Visits without a level: one with staff alone, and a brief check-in by telephone or video.

Place in the flow: `visits` asks it before the level; pure. Invariants: neither is one for a new patient; a visit with
staff is none beside what was given or done on the day, which is the service then; a check-in has 5 to 10 minutes.
Sources: CPT 99211, 98016 (2025, before it HCPCS G2012); CMS Pub. 100-04, chapter 12, section 30.6.4, and Pub. 100-02,
chapter 15, section 60.1 (services of staff are incident to those of a practitioner who supervises).
"""

from collections.abc import Sequence
from datetime import date

from services.coder.engine.model import Chart, CodeSystem, Evidence, Suggestion
from services.coder.engine.services.documented_time import CHECK_IN_MINUTES, read_discussion_times, read_visit_times
from services.coder.engine.services.lines import CONFIDENCE_OFFER, find_first_line, propose
from services.coder.engine.services.notes import find_now
from services.coder.engine.services.visit_levels import (
    CONFIDENCE,
    CONFIDENCE_WITH_GAPS,
    is_beside_procedure,
    list_codes,
)
from services.coder.engine.services.words import WordPattern

CHECK_INS = frozenset({"98016", "G2012"})
_BY_STAFF = WordPattern(
    r"(?:nurse|rn|lpn|ma|medical assistant|clinical staff)(?:[- ]only)?[- ](?:visit|encounter|appointment)"
    r"|(?:seen|evaluated) (?:today )?by (?:the |our )?(?:nurse|rn|lpn|ma|medical assistant|staff) only"
)
_SUPERVISED = WordPattern(
    r"supervis\w+|under (?:the )?(?:direction|orders?) of|per (?:dr\.?|protocol|standing order|order)"
    r"|(?:ordered|directed|reviewed) by (?:the )?(?:dr\.?|physician|provider|md)"
    r"|dr\.? \w+ (?:in|on) (?:the )?(?:office|site)"
)
_CHECK_IN = WordPattern(
    r"virtual check[- ]?in|(?:brief|short) (?:tele)?(?:phone|video|virtual)? ?(?:check[- ]?in|communication|discussion)"
)
_NEW_NUMBER = date(2025, 1, 1)


def suggest_staff_visit(
    chart: Chart, notes: Sequence[int], diagnoses: Sequence[Suggestion], others: Sequence[Suggestion], *, is_new: bool
) -> list[Suggestion] | None:
    """Suggest the visit of staff that `notes` (numbers into `chart.documents`) tell of; None where they do not.

    Empty where it is one that is not billed.
    """
    evidence = _find_staff(chart, notes)
    if evidence is None:
        return None
    if is_new or is_beside_procedure(others):
        return []
    supervised = any(_SUPERVISED.find_first(chart.documents[number].text) for number in notes)
    why = "A visit with staff alone, whose level is none of decision making or time."
    visit = propose("99211", "office visit with staff", why, evidence=(evidence,), confidence=CONFIDENCE)
    missing = () if supervised else ("supervising practitioner",)
    confidence = CONFIDENCE_WITH_GAPS if missing else CONFIDENCE
    return [_fill(chart, notes, diagnoses, visit._replace(missing=missing, confidence=confidence))]


def suggest_check_in(
    chart: Chart, notes: Sequence[int], diagnoses: Sequence[Suggestion], *, is_new: bool
) -> Suggestion | None:
    """Suggest a brief check-in, an offer where its minutes are not told; None where there was more or none."""
    found = ((number, find_now(_CHECK_IN, chart.documents[number])) for number in notes)
    said = next(((number, match) for number, match in found if match), None)
    times = [each for n in notes for each in (*read_discussion_times(chart, n), *read_visit_times(chart, n))]
    time = max(times, key=lambda each: each.minutes, default=None)
    if said is None or is_new or (time and not CHECK_IN_MINUTES[0] <= time.minutes <= CHECK_IN_MINUTES[1]):
        return None
    number, match = said
    evidence = [Evidence.of(chart.documents[number], *match.span()), *([time.evidence] if time else [])]
    is_now = chart.service_date is None or chart.service_date >= _NEW_NUMBER
    code, system = ("98016", CodeSystem.CPT) if is_now else ("G2012", CodeSystem.HCPCS)
    why = f"A check-in of {time.minutes} minutes." if time else "A check-in, without its minutes."
    visit = propose(code, "brief check-in", why, evidence=evidence, confidence=CONFIDENCE_WITH_GAPS, system=system)
    missing = ("no related visit in the 7 days before", *(() if time else ("minutes of medical discussion",)))
    visit = visit._replace(missing=missing, selected=time is not None)
    return _fill(chart, notes, diagnoses, visit if time else visit._replace(confidence=CONFIDENCE_OFFER))


def _find_staff(chart: Chart, notes: Sequence[int]) -> Evidence | None:
    for number in notes:
        document = chart.documents[number]
        if match := find_now(_BY_STAFF, document):
            return Evidence.of(document, *match.span())
        if _BY_STAFF.find_first(f"{document.title}\n{chart.encounter_type}"):
            return Evidence.of(document, *find_first_line(document.text))
    return None


def _fill(chart: Chart, notes: Sequence[int], diagnoses: Sequence[Suggestion], visit: Suggestion) -> Suggestion:
    return visit._replace(justified_by=list_codes(diagnoses, {chart.documents[n].document_id for n in notes}))
