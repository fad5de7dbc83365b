"""Splits a note into its sections by heading; the first stage of the engine.

Invariant: the sections of a text are in order, do not overlap, and together cover it exactly.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from importlib.resources import files
from string import ascii_uppercase
from typing import NamedTuple

from services.coder.engine.page import Page


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


class Section(NamedTuple):
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
_SENTENCE_ENDS = frozenset(".!?;")
_CAPITALS = frozenset(ascii_uppercase)


@cache
def _load_names() -> tuple[dict[str, SectionKind], frozenset[str]]:
    """The kind of each heading, and the headings that are one only with a colon."""
    lines = files(__package__).joinpath(_TABLE).read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and line[0] != "#"][1:]
    names = [(name, SectionKind(kind)) for kind, names in rows for name in names.split("|")]
    return {n.strip("()"): kind for n, kind in names}, frozenset(n.strip("()") for n, _ in names if n[0] == "(")


def split_sections(text: str) -> tuple[Section, ...]:
    """Split `text` at its headings; text before the first heading is a section of kind OTHER without a heading."""
    return find_sections(Page(text))


def find_sections(page: Page) -> tuple[Section, ...]:
    """The sections of a text that has been split into words already."""
    headings = [(0, 0, SectionKind.OTHER), *_find_headings(page)]
    ends = [start for start, _, _ in headings[1:]] + [len(page.text)]
    sections = (Section(kind, start, body, end) for (start, body, kind), end in zip(headings, ends, strict=True))
    return tuple(s for s in sections if s.start < s.end)


def _find_headings(page: Page) -> Iterator[tuple[int, int, SectionKind]]:
    kinds, needs_colon = _load_names()
    for match in _find_candidates(page):
        name = " ".join(match["name"].lower().split())
        kind = kinds.get(name)
        if kind is not None and (match["mark"] == ":" or name not in needs_colon):
            yield match.start(), match.end(), kind


def _find_candidates(page: Page) -> Iterator[re.Match[str]]:
    """What may be a heading, in order; candidates do not overlap."""
    text, reached = page.text, 0
    for start in _find_beginnings(page):
        if start >= reached:
            match = _HEADING.match(text, start)
            if match is None and text.find(" - ", start, start + _LONGEST_CANDIDATE) >= 0:
                match = _PARTED.match(text, start)
            if match is not None:
                reached = match.end()
                yield match


def _find_beginnings(page: Page) -> list[int]:
    """Where a heading may begin: with the text or a line, and with two capitals behind the end of a sentence."""
    found = [0] if _may_begin(page, 0) else []
    for number, offset, gap in page.gaps:
        if _may_begin(page, number):
            line_end, end = gap.rfind("\n"), gap.rstrip(" \t")
            if line_end >= 0:
                found.append(offset + line_end + 1)
            if end[-1:] in _SENTENCE_ENDS and len(end) < len(gap) and _CAPITALS.issuperset(page.words[number][:2]):
                found.append(offset + len(end))
    return found


def _may_begin(page: Page, number: int) -> bool:
    """Whether a known heading begins with the word of that number, or with the one behind it where it is a number."""
    words, count = page.folded_words, len(page.words)
    if number < count and words[number].isdecimal():
        number += 1
    return number < count and words[number] in _load_first_words()


@cache
def _load_first_words() -> frozenset[str]:
    return frozenset(Page(name).folded_words[0] for name in _load_names()[0])
