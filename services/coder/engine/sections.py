"""Splits a note into its sections by heading; the first stage of the engine.

Invariant: the sections of a text are in order, do not overlap, and together cover it exactly.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class SectionKind(StrEnum):
    """What a section is for; it decides how much a mention in it counts for coding."""

    CHIEF_COMPLAINT = "chief_complaint"
    HPI = "hpi"
    PAST_MEDICAL_HISTORY = "past_medical_history"
    PAST_SURGICAL_HISTORY = "past_surgical_history"
    FAMILY_HISTORY = "family_history"
    SOCIAL_HISTORY = "social_history"
    REVIEW_OF_SYSTEMS = "review_of_systems"
    VITALS = "vitals"
    EXAM = "exam"
    RESULTS = "results"
    TECHNIQUE = "technique"
    COMPARISON = "comparison"
    FINDINGS = "findings"
    IMPRESSION = "impression"
    ASSESSMENT = "assessment"
    PLAN = "plan"
    ASSESSMENT_AND_PLAN = "assessment_and_plan"
    HOSPITAL_COURSE = "hospital_course"
    ADMISSION_DIAGNOSES = "admission_diagnoses"
    DISCHARGE_DIAGNOSES = "discharge_diagnoses"
    PROBLEM_LIST = "problem_list"
    MEDICATIONS = "medications"
    ALLERGIES = "allergies"
    IMMUNIZATIONS = "immunizations"
    INDICATION = "indication"
    PROCEDURE = "procedure"
    INSTRUCTIONS = "instructions"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a text, as character offsets: the heading is `start:body_start`, the body `body_start:end`."""

    kind: SectionKind
    start: int
    body_start: int
    end: int


_TABLE = "headings.tsv"
# A heading candidate stands at a line's start, after numbering or bullets, or after a sentence on the same line; it is
# at most 48 characters long, which keeps the scan linear.
_NAME = "[A-Za-z][A-Za-z &/'()\\-]{0,46}"
_MARK = r"(?:\*\*|__)?[ \t]*(?P<mark>:|[ ]-[ ]|(?=\r?$))"
_LEAD = r"(?:[#*\-•·>]+[ \t]*|\d{1,2}[.)][ \t]*)?(?:\*\*|__)?"
_HEADING = re.compile(rf"(?m)[ \t]*{_LEAD}(?P<name>{_NAME}+){_MARK}")
"""A name is taken whole, since only a dash can part one: to look for it at each length is slow on every line."""
_LONGEST_CANDIDATE = 120
_PARTED = re.compile(rf"(?m)[ \t]*{_LEAD}(?P<name>{_NAME}){_MARK}")
# What a candidate stands behind; the search for it is quick, since it begins with one of five characters.
_BEFORE = re.compile(r"[\n.!?;](?:(?<=\n)|(?=[ \t]+[A-Z]{2}))")


@cache
def _load_names() -> tuple[dict[str, SectionKind], frozenset[str]]:
    """The kind of each heading, and the headings that are one only with a colon."""
    lines = files(__package__).joinpath(_TABLE).read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and line[0] != "#"][1:]
    names = [(name, SectionKind(kind)) for kind, names in rows for name in names.split("|")]
    return {n.strip("()"): kind for n, kind in names}, frozenset(n.strip("()") for n, _ in names if n[0] == "(")


def split_sections(text: str) -> tuple[Section, ...]:
    """Split `text` at its headings; text before the first heading is a section of kind OTHER without a heading."""
    headings = [(0, 0, SectionKind.OTHER), *_find_headings(text)]
    ends = [start for start, _, _ in headings[1:]] + [len(text)]
    sections = (Section(kind, start, body, end) for (start, body, kind), end in zip(headings, ends, strict=True))
    return tuple(s for s in sections if s.start < s.end)


def _find_headings(text: str) -> Iterator[tuple[int, int, SectionKind]]:
    kinds, needs_colon = _load_names()
    for match in _find_candidates(text):
        name = " ".join(match["name"].lower().split())
        kind = kinds.get(name)
        if kind is not None and (match["mark"] == ":" or name not in needs_colon):
            yield match.start(), match.end(), kind


def _find_candidates(text: str) -> Iterator[re.Match[str]]:
    """What may be a heading, in order; candidates do not overlap."""
    match = _match_candidate(text, 0)
    if match:
        yield match
    reached = match.end() if match else 0
    for before in _BEFORE.finditer(text):
        start = before.end()
        if start >= reached and (match := _match_candidate(text, start)):
            reached = match.end()
            yield match


def _match_candidate(text: str, start: int) -> re.Match[str] | None:
    match = _HEADING.match(text, start)
    if match is None and " - " in text[start : start + _LONGEST_CANDIDATE]:
        return _PARTED.match(text, start)
    return match
