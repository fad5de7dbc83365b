"""Headings in the variety of real notes; sections cover the text whatever it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.coder.engine.sections import SectionKind, split_sections


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("CHIEF COMPLAINT\n\nCough.\n\nHISTORY OF PRESENT ILLNESS\n\nx", ["chief_complaint", "hpi"]),
        ("CC:\nCough\nHPI:\nx\nPMH: htn\nPSH: none\nFH: dm\nSH: smoker\nROS: x", None),
        ("FINDINGS: Clear lungs. IMPRESSION: No pneumonia.", ["findings", "impression"]),
        ("ASSESSMENT AND PLAN:\n1. Hypertension", ["assessment_and_plan"]),
        ("Assessment & Plan\n# HTN", ["assessment_and_plan"]),
        ("A/P:\nHTN", ["assessment_and_plan"]),
        ("**Impression**\nx", ["impression"]),
        ("Discharge Diagnoses:\r\n1. CHF\r\nHospital Course:\r\nx", ["discharge_diagnoses", "hospital_course"]),
        ("Clinical history: cough\nComparison: none\nTechnique: two views", ["indication", "comparison", "technique"]),
    ],
)
def test_opens_a_section_at_each_heading(text: str, kinds: list[str] | None) -> None:
    found = [section.kind for section in split_sections(text)]
    expected = kinds or [
        "chief_complaint",
        "hpi",
        "past_medical_history",
        "past_surgical_history",
        "family_history",
        "social_history",
        "review_of_systems",
    ]
    assert found == expected


@pytest.mark.parametrize("text", ["The plan is to wait.", "She has a history: none.", "alcohol\nuse", "Lungs: clear"])
def test_words_in_running_text_open_none(text: str) -> None:
    assert [section.kind for section in split_sections(text)] == [SectionKind.OTHER]


def test_the_body_begins_after_the_heading() -> None:
    section = split_sections("IMPRESSION: Pneumonia.")[0]
    assert "IMPRESSION: Pneumonia."[section.body_start : section.end] == " Pneumonia."


@given(st.text(max_size=400))
def test_sections_cover_any_text_in_order(text: str) -> None:
    sections = split_sections(text)
    assert "".join(text[s.start : s.end] for s in sections) == text
    assert all(s.start <= s.body_start <= s.end for s in sections)


def test_an_empty_text_has_no_sections() -> None:
    assert split_sections("") == ()
