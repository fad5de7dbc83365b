import base64
from typing import Any

import pytest

from services.simulators.notes import (
    is_note,
    remove_printed_codes,
    report_from_composition,
    report_from_document,
)


def make_composition(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Composition",
        "id": "comp-1",
        "status": "final",
        "type": {"coding": [{"system": "http://loinc.org", "code": "18842-5", "display": "Discharge summary"}]},
        "subject": {"reference": "Patient/p"},
        "encounter": {"reference": "Encounter/e"},
        "date": "2026-09-01T10:00:00Z",
        "author": [{"reference": "Practitioner/d"}],
        "section": [
            {"title": "Discharge diagnoses", "text": {"div": "<div>Pyelonephritis (N10)</div>"}},
            {
                "title": "Plan",
                "text": {"div": "<div><p>BP &lt; 140/90</p><p>Return in 90 days</p></div>"},
                "section": [{"title": "Follow-up", "text": {"div": "<div>With PCP</div>"}}],
            },
        ],
        **changes,
    }


def text_of(report: dict[str, Any]) -> str:
    return base64.b64decode(report["presentedForm"][0]["data"]).decode()


def test_sections_become_headings_and_text() -> None:
    report = report_from_composition(make_composition())

    assert text_of(report) == (
        "Discharge diagnoses:\nPyelonephritis\n\nPlan:\nBP < 140/90\nReturn in 90 days\n\nFollow-up:\nWith PCP"
    )


def test_the_report_keeps_type_encounter_author_and_time() -> None:
    report = report_from_composition(make_composition())

    assert report["id"] == "note-comp-1"
    assert report["status"] == "final"
    assert report["code"]["coding"][0]["code"] == "18842-5"
    assert report["encounter"] == {"reference": "Encounter/e"}
    assert report["performer"] == [{"reference": "Practitioner/d"}]
    assert report["effectiveDateTime"] == report["issued"] == "2026-09-01T10:00:00Z"
    assert report["presentedForm"][0]["size"] == len(text_of(report).encode())


@pytest.mark.parametrize(
    ("printed", "clean"),
    [
        ("Hypertension (I10); obesity (E66.9).", "Hypertension; obesity."),
        ("Hypertension (Stage 2) [I10]", "Hypertension (Stage 2)"),
        ("Fracture (S72.001A) of femur", "Fracture of femur"),
        ("COPD (GOLD 2), CKD (CKD G2)", "COPD (GOLD 2), CKD (CKD G2)"),
        ("BP 115/86 (high)", "BP 115/86 (high)"),
    ],
)
def test_printed_codes_are_removed_and_nothing_else(printed: str, clean: str) -> None:
    assert remove_printed_codes(printed) == clean


def test_imaging_reports_are_no_notes() -> None:
    assert is_note(make_composition())
    assert not is_note(make_composition(type={"coding": [{"code": "18748-4"}]}))


def make_document(**attachment: str) -> dict[str, Any]:
    return {
        "id": "doc-1",
        "docStatus": "final",
        "type": {"coding": [{"code": "34746-8", "display": "Nurse Note"}], "text": "Nurse Note"},
        "subject": {"reference": "Patient/p"},
        "date": "2026-09-01T10:00:00Z",
        "content": [{"attachment": {"contentType": "text/plain", **attachment}}],
        "context": {"encounter": [{"reference": "Encounter/e"}]},
    }


def test_a_document_with_its_text_becomes_a_report() -> None:
    report = report_from_document(make_document(data=base64.b64encode("38.6 °C (R50.9)".encode()).decode()))

    assert report is not None
    assert text_of(report) == "38.6 °C"


def test_a_document_elsewhere_is_left_out() -> None:
    assert report_from_document(make_document(url="Binary/1")) is None
    assert report_from_document(make_document(data="", contentType="application/pdf")) is None
