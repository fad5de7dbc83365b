"""Splits a note into its sections by heading; the first stage of the engine.

Invariant: the sections of a text are in order, do not overlap, and together cover it exactly.
"""

from dataclasses import dataclass
from enum import StrEnum


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


def split_sections(text: str) -> tuple[Section, ...]:
    """Split `text` at its headings; text before the first heading is a section of kind OTHER without a heading."""
    return (Section(SectionKind.OTHER, 0, 0, len(text)),) if text else ()
