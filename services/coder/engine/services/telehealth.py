"""Telehealth: where the patient was, and how one spoke with them, onto the visit's line.

Place in the flow: `suggest_services` passes each visit through it; pure. Invariant: a visit in person is left as it is.
Sources: CMS place of service codes 02 and 10; CPT modifiers 93 (audio only) and 95 (audio and video), and the numbers
98000-98015 of telemedicine for payers that take them.
"""

import re
from collections.abc import Iterator

from services.coder.engine.model import Chart, Evidence, Suggestion
from services.coder.engine.services.brief_visits import CHECK_INS
from services.coder.engine.services.documented_time import read_discussion_times, read_visit_times
from services.coder.engine.services.tables import list_payer_rows, load_rows
from services.coder.engine.services.words import WordPattern

VIRTUAL = "VR"
AT_HOME, ELSEWHERE = "10", "02"
_TELEMEDICINE = "telemedicine"
_LEAST_DISCUSSION_MINUTES = 11
"""Audio alone takes more than ten minutes of medical discussion (CPT 2025, telemedicine services)."""
_HELD = r"(?:visit|encounter|consult\w*|appointment|seen|evaluated|assessed|conducted|performed|spoke\w*)"
_VIDEO = WordPattern(
    rf"{_HELD}[^.\n]{{0,40}}\b(?:via|by|over|using|through|with) (?:\w+[ -]){{0,4}}?(?:video|telehealth|zoom)"
    rf"|(?:video|telehealth|telemedicine|virtual) {_HELD}|audio[- ]?(?:and|/)?[- ]?(?:video|visual)"
)
_AUDIO = WordPattern(
    r"audio[- ]only|(?:telephone|phone) (?:visit|encounter|consult\w*|appointment)"
    rf"|{_HELD}[^.\n]{{0,40}}\b(?:via|by|over|on) (?:the )?(?:tele)?phone"
)
_ELSEWHERE = WordPattern(
    r"patient(?: is| was)?(?: located)? (?:at|in) (?:an? |the |her |his |their )?(?:\w+ )?"
    r"(?:clinic|hospital|facility|office|workplace|work|school|nursing home|car)"
)
_OTHER_DAY = r"schedul\w+|will|next|prior|previous|last|offer\w*|declin\w+"
_REFERS = re.compile(rf"(?i)\b(?:{_OTHER_DAY})\b[^.\n]{{0,40}}$")
_REFERS_IN_PERSON = re.compile(rf"(?i)\b(?:{_OTHER_DAY}|follow[- ]?up)\b[^.\n]{{0,40}}$")
"""Words before a mention that make it one of another day; "follow-up" is a plan only in a visit in person."""


def place_visit(chart: Chart, visit: Suggestion) -> Suggestion:
    """Give a telehealth visit its place of service and modifier; what was not said by video or phone is missing."""
    audio, video = _find(chart, _AUDIO), _find(chart, _VIDEO)
    if chart.encounter_class != VIRTUAL and not audio and not video:
        return visit
    if visit.code in CHECK_INS:
        return visit
    means = "video" if video or not audio else "audio"
    row = _choose_row(chart)
    numbers = _load_numbers(means)
    if row["numbers"] == _TELEMEDICINE and visit.code in numbers:
        visit, modifier = _renumber(chart, visit, numbers[visit.code], means), ""
    else:
        modifier = row[means]
    return visit._replace(
        place_of_service=ELSEWHERE if _find(chart, _ELSEWHERE) else AT_HOME,
        modifiers=(*visit.modifiers, modifier) if modifier else visit.modifiers,
        evidence=tuple(dict.fromkeys([*visit.evidence, *(video or audio)])),
        missing=visit.missing if video or audio else (*visit.missing, "video or audio only"),
        why=f"{visit.why} By telehealth, {means if video or audio else 'means not documented'}.",
    )


def _choose_row(chart: Chart) -> dict[str, str]:
    """What the payer wants on the day; of an unknown day, what it may want today."""
    day = chart.service_date.isoformat() if chart.service_date else "9999"
    rows = list_payer_rows("telehealth_payers.tsv", chart.payer)
    return next(row for row in rows if row["from"] <= day)


def _renumber(chart: Chart, visit: Suggestion, code: str, means: str) -> Suggestion:
    """The number of a visit by video or audio alone, which needs no modifier for its means."""
    times = [time for number in range(len(chart.documents)) for time in read_discussion_times(chart, number)]
    times += [time for number in range(len(chart.documents)) for time in read_visit_times(chart, number)]
    told = means == "video" or any(time.minutes >= _LEAST_DISCUSSION_MINUTES for time in times)
    gaps = () if told else ("more than 10 minutes of medical discussion",)
    return visit._replace(code=code, display=f"{means} {visit.display}", missing=(*visit.missing, *gaps))


def _load_numbers(means: str) -> dict[str, str]:
    return {row["office"]: row[means] for row in load_rows("telemedicine_numbers.tsv")}


def _find(chart: Chart, pattern: WordPattern) -> list[Evidence]:
    return list(_cite(chart, pattern))


def _cite(chart: Chart, pattern: WordPattern) -> Iterator[Evidence]:
    """The first place in each document where the visit itself is spoken of, not one before or after it."""
    refers = _REFERS if chart.encounter_class == VIRTUAL else _REFERS_IN_PERSON
    for document in chart.documents:
        for match in pattern.find(document.text):
            if not refers.search(document.text[max(0, match.start() - 60) : match.start()]):
                yield Evidence.of(document, *match.span())
                break
