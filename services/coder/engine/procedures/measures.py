"""Counts and durations that decide a character: arteries, grafts, stents, spinal joints, hours of ventilation.

Place in the flow: `reading` asks for a measure by the name that `operations.tsv` gives it; pure. Invariant: an answer
is the place in the row's list of values, with the span that told it; what was not written has none.
Source: ICD-10-PCS Official Guidelines 2026, B3.6b-c, B3.10a, B4.4; section 5, character 5 (duration).
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple


class Measured(NamedTuple):
    """Which of the row's values holds, from 0, and where that stands."""

    place: int
    start: int
    end: int


_COUNTS: Final = {
    "a": 1,
    "one": 1,
    "single": 1,
    "two": 2,
    "double": 2,
    "three": 3,
    "triple": 3,
    "four": 4,
    "quadruple": 4,
    "five": 5,
    "quintuple": 5,
    "six": 6,
}
_COUNT = rf"\d|{'|'.join(sorted(_COUNTS, key=len, reverse=True))}"
_ARTERY = re.compile(
    r"\b(?:(?P<lad>lad|left anterior descending)|(?P<diagonal>diagonal|d1|d2)|(?P<lcx>lcx|cx|(?:left )?circumflex)"
    r"|(?P<om>om\d?|obtuse marginal)|(?P<rca>rca|right coronary)|(?P<pda>pda|posterior descending)"
    r"|(?P<ramus>ramus)|(?P<lm>left main|lmca)|(?P<pl>plv?|posterolateral branch))\b",
    re.IGNORECASE,
)
_GRAFTS = re.compile(rf"\b(?:x|times)\s?(?P<after>{_COUNT})\b|\b(?P<before>{_COUNT})[- ]vessel", re.IGNORECASE)
_DRUG_ELUTING = re.compile(
    rf"\b(?:(?P<before>{_COUNT})\s)?(?:drug[- ]eluting(?:\sstents?)?|des)\b(?:\s(?:x|times)\s?(?P<after>{_COUNT})\b)?",
    re.IGNORECASE,
)
_JOINTS = re.compile(r"\b(?P<region>[LC])(?P<first>\d)\s?(?:-|to|through)\s?(?P<other>[LCTS])?(?P<last>\d)\b", re.I)
_DURATION = re.compile(
    r"\b(?P<count>\d+(?:\.\d+)?)[- ]?(?P<unit>hours?|hrs?|h|days?|d)\b(?!\s?(?:ago|prior|later|old|before|after))", re.I
)
_DAY_HOURS, _LONG_HOURS = 24, 96


def count_arteries(text: str, start: int, end: int, _minutes: int | None) -> Measured | None:
    """Coronary arteries by name, each once (B4.4: the number of arteries, not of lesions)."""
    found = list(_ARTERY.finditer(text, start, end))
    names = {each.lastgroup for each in found}
    return Measured(min(len(names), 4) - 1, found[0].start(), found[-1].end()) if found else None


def count_grafts(text: str, start: int, end: int, _minutes: int | None) -> Measured | None:
    """How many arteries a bypass goes to: "x3", "triple vessel"."""
    found = _GRAFTS.search(text, start, end)
    return Measured(min(_read_count(found), 4) - 1, *found.span()) if found else None


def count_drug_eluting(text: str, start: int, end: int, _minutes: int | None) -> Measured | None:
    """Drug-eluting stents; one where no number is told."""
    found = max(_DRUG_ELUTING.finditer(text, start, end), key=_read_count, default=None)
    return Measured(min(_read_count(found), 4) - 1, *found.span()) if found else None


def count_joints(region: str) -> "Measure":
    """Vertebral joints of a region that a fusion spans: L3-L5 is two of them (B3.10a)."""

    def count(text: str, start: int, end: int, _minutes: int | None) -> Measured | None:
        found = [each for each in _JOINTS.finditer(text, start, end) if each["region"].upper() == region]
        joints = {joint for each in found for joint in _list_joints(each)}
        return Measured(min(len(joints), 2) - 1, found[0].start(), found[-1].end()) if joints else None

    return count


def _list_joints(span: re.Match[str]) -> Iterator[int]:
    """The joints below each vertebra of a span that stays in its region; none for one that leaves it."""
    if (span["other"] or span["region"]).upper() == span["region"].upper():
        yield from range(int(span["first"]), int(span["last"]))


def rate_hours(text: str, start: int, end: int, minutes: int | None) -> Measured | None:
    """Consecutive hours: below 24, 24 to 96, above 96; as written, else as the resource's period has it."""
    told = list(_DURATION.finditer(text, start, end))
    hours = [float(each["count"]) * (24 if each["unit"][0] in "dD" else 1) for each in told]
    if minutes is not None:
        return Measured(_rate(minutes / 60), start, start)
    return Measured(_rate(max(hours)), told[0].start(), told[-1].end()) if hours else None


def _rate(hours: float) -> int:
    return (hours >= _DAY_HOURS) + (hours > _LONG_HOURS)


def _read_count(found: re.Match[str]) -> int:
    written = (found["before"] or found["after"] or "1").lower()
    return int(written) if written.isdigit() else _COUNTS[written]


Measure = Callable[[str, int, int, int | None], Measured | None]
"""A text, the span to look at, and the minutes of a resource's period; the answer, or None."""

MEASURES: Final[dict[str, Measure]] = {
    "#arteries": count_arteries,
    "#grafts": count_grafts,
    "#des": count_drug_eluting,
    "#lumbar_joints": count_joints("L"),
    "#cervical_joints": count_joints("C"),
    "#ventilated": rate_hours,
}
