"""Turns the notes of the simulated hospital into what an integration engine sends: DiagnosticReports with a text.

Place in the flow: `hospital` calls it while it writes a day; pure. Invariant: the codes that the simulator prints in
its texts are gone, so that a suggestion can only come from words. Source: US Core, DiagnosticReport profile for report
and note exchange.
"""

import base64
import html
import re
from collections.abc import Iterator
from typing import Any

JsonObject = dict[str, Any]

NOTE_CATEGORY = "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category"
IMAGING_REPORT = "18748-4"
"""LOINC. These are DiagnosticReports already; the simulator repeats them as Compositions."""

_PRINTED_CODE = re.compile(r"\s*[(\[][A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?[)\]]")
_TAG = re.compile(r"<[^>]*>")
_PARAGRAPH_END = re.compile(r"</(?:div|p|li|tr|h\d)>|<br\s*/?>", re.IGNORECASE)


def is_note(composition: JsonObject) -> bool:
    """Whether a Composition is a clinical note, and not an imaging report once more."""
    return IMAGING_REPORT not in {coding.get("code") for coding in composition["type"].get("coding", ())}


def report_from_composition(composition: JsonObject) -> JsonObject:
    """Build the report of a Composition: section titles become headings, divs become text."""
    text = "\n\n".join(_section_texts(composition.get("section", ())))
    return _report(composition, status=composition["status"], encounter=composition["encounter"], text=text)


def report_from_document(document: JsonObject) -> JsonObject | None:
    """Build the report of a DocumentReference that carries plain text in itself and names one encounter, else None."""
    attachment = document["content"][0]["attachment"]
    encounters = document.get("context", {}).get("encounter", ())
    if "data" not in attachment or len(encounters) != 1 or not attachment["contentType"].startswith("text/plain"):
        return None
    text = base64.b64decode(attachment["data"]).decode()
    return _report(document, status=document.get("docStatus", "final"), encounter=encounters[0], text=text)


def remove_printed_codes(text: str) -> str:
    """Remove ICD-10 codes in brackets, such as " (I10)"."""
    return _PRINTED_CODE.sub("", text)


def _section_texts(sections: list[JsonObject]) -> Iterator[str]:
    for section in sections:
        text = _plain_text(section.get("text", {}).get("div", ""))
        yield f"{section.get('title', 'Note')}:\n{text}".rstrip()
        yield from _section_texts(section.get("section", []))


def _plain_text(div: str) -> str:
    lines = html.unescape(_TAG.sub("", _PARAGRAPH_END.sub("\n", div))).splitlines()
    return "\n".join(line.strip() for line in lines).strip()


def _report(note: JsonObject, *, status: str, encounter: JsonObject, text: str) -> JsonObject:
    data = remove_printed_codes(text).encode()
    title = note["type"].get("text") or note["type"]["coding"][0]["display"]
    return {
        "resourceType": "DiagnosticReport",
        "id": f"note-{note['id']}",
        "status": status,
        "category": [{"coding": [{"system": NOTE_CATEGORY, "code": "clinical-note", "display": "Clinical Note"}]}],
        "code": note["type"],
        "subject": note["subject"],
        "encounter": encounter,
        "effectiveDateTime": note["date"],
        "issued": note["date"],
        "performer": note.get("author", []),
        "presentedForm": [
            {"contentType": "text/plain", "title": title, "data": base64.b64encode(data).decode(), "size": len(data)}
        ],
    }
