"""Clinical and administrative resources. Ids are bare; references are made of them. `version=3` is meta.versionId."""

import base64
from typing import Any

from shared.fhir import systems
from tests.builders.text import Resource, assemble


# `more: Any` here and below: the elements of a resource differ by type, and tests break them on purpose.
def encounter(
    encounter_id: str = "enc-1",
    *,
    status: str = "finished",
    encounter_class: str = "AMB",
    patient_id: str = "pt-1",
    start: str | None = "2026-09-01T10:00:00Z",
    end: str | None = "2026-09-01T10:30:00Z",
    practitioner_id: str | None = "dr-1",
    organization_id: str | None = "hospital",
    **more: Any,
) -> Resource:
    """Build an Encounter: an ambulatory visit of pt-1 at the hospital, attended by dr-1, finished."""
    period = {name: value for name, value in (("start", start), ("end", end)) if value}
    attender = {"type": [_concept(systems.PARTICIPATION_TYPE, "ATND")]}
    elements: Resource = {
        "status": status,
        "class": {"system": systems.ACT_CODE, "code": encounter_class},
        "subject": {"reference": f"Patient/{patient_id}"},
        "period": period or None,
        "participant": [{**attender, "individual": {"reference": f"Practitioner/{practitioner_id}"}}]
        if practitioner_id
        else None,
        "serviceProvider": {"reference": f"Organization/{organization_id}"} if organization_id else None,
    }
    return assemble("Encounter", encounter_id, elements, more)


def attachment(text: str | bytes, content_type: str = "text/plain", **more: Any) -> Resource:
    """Build an Attachment with its content in line."""
    content = text.encode() if isinstance(text, str) else text
    return {"contentType": content_type, "data": base64.b64encode(content).decode(), **more}


def diagnostic_report(
    report_id: str = "dr-1",
    text: str | None = "Impression: community-acquired pneumonia.",
    *,
    status: str = "final",
    patient_id: str = "pt-1",
    encounter_id: str | None = "enc-1",
    loinc: str = "11506-3",
    title: str = "Progress note",
    effective: str | None = "2026-09-01T10:15:00Z",
    conclusion: str | None = None,
    **more: Any,
) -> Resource:
    """Build a DiagnosticReport whose `text` is a text/plain presentedForm."""
    elements: Resource = {
        "status": status,
        "code": {**_concept(systems.LOINC, loinc), "text": title},
        "subject": {"reference": f"Patient/{patient_id}"},
        "encounter": {"reference": f"Encounter/{encounter_id}"} if encounter_id else None,
        "effectiveDateTime": effective,
        "presentedForm": [attachment(text)] if text is not None else None,
        "conclusion": conclusion,
    }
    return assemble("DiagnosticReport", report_id, elements, more)


def composition(
    composition_id: str = "comp-1",
    sections: tuple[tuple[str, str], ...] = (("Assessment", "Community-acquired pneumonia."),),
    *,
    status: str = "final",
    patient_id: str = "pt-1",
    encounter_id: str | None = "enc-1",
    practitioner_id: str = "dr-1",
    loinc: str = "11506-3",
    title: str = "Progress note",
    date: str = "2026-09-01T10:15:00Z",
    **more: Any,
) -> Resource:
    """Build a Composition; `sections` are (title, text), and the text becomes an XHTML div."""
    xhtml = "<div xmlns='http://www.w3.org/1999/xhtml'>{}</div>"
    elements: Resource = {
        "status": status,
        "type": _concept(systems.LOINC, loinc),
        "subject": {"reference": f"Patient/{patient_id}"},
        "encounter": {"reference": f"Encounter/{encounter_id}"} if encounter_id else None,
        "date": date,
        "author": [{"reference": f"Practitioner/{practitioner_id}"}],
        "title": title,
        "section": [
            {"title": name, "text": {"status": "generated", "div": xhtml.format(text)}} for name, text in sections
        ],
    }
    return assemble("Composition", composition_id, elements, more)


def document_reference(
    document_id: str = "doc-1",
    text: str = "Nurse note: patient comfortable.",
    *,
    status: str = "current",
    patient_id: str = "pt-1",
    encounter_id: str | None = "enc-1",
    loinc: str = "34746-8",
    date: str = "2026-09-01T10:20:00Z",
    **more: Any,
) -> Resource:
    """Build a DocumentReference with its text in line."""
    elements: Resource = {
        "status": status,
        "docStatus": "final",
        "type": _concept(systems.LOINC, loinc),
        "subject": {"reference": f"Patient/{patient_id}"},
        "date": date,
        "content": [{"attachment": attachment(text)}],
        "context": {"encounter": [{"reference": f"Encounter/{encounter_id}"}]} if encounter_id else None,
    }
    return assemble("DocumentReference", document_id, elements, more)


def patient(
    patient_id: str = "pt-1", *, gender: str = "female", birth_date: str = "1980-03-21", **more: Any
) -> Resource:
    """Build a Patient."""
    elements: Resource = {
        "name": [{"use": "official", "family": "Testperson", "given": ["Ada"]}],
        "gender": gender,
        "birthDate": birth_date,
        "address": [{"line": ["1 Test Street"], "city": "Worcester", "state": "MA", "postalCode": "01610"}],
    }
    return assemble("Patient", patient_id, elements, more)


def coverage(
    coverage_id: str = "cov-1",
    *,
    patient_id: str = "pt-1",
    payer_id: str = "payer-1",
    status: str = "active",
    start: str = "2026-01-01",
    end: str = "2026-12-31",
    **more: Any,
) -> Resource:
    """Build a Coverage of pt-1 by Organization/payer-1."""
    elements: Resource = {
        "status": status,
        "subscriberId": "SUB-1",
        "beneficiary": {"reference": f"Patient/{patient_id}"},
        "payor": [{"reference": f"Organization/{payer_id}"}],
        "period": {"start": start, "end": end},
    }
    return assemble("Coverage", coverage_id, elements, more)


def organization(
    organization_id: str = "payer-1", *, name: str = "Test Payer", npi: str | None = None, **more: Any
) -> Resource:
    """Build an Organization: a payer, a hospital."""
    elements: Resource = {
        "active": True,
        "name": name,
        "identifier": [{"system": systems.NPI, "value": npi}] if npi else None,
    }
    return assemble("Organization", organization_id, elements, more)


def practitioner(practitioner_id: str = "dr-1", *, npi: str | None = "1234567893", **more: Any) -> Resource:
    """Build a Practitioner; the NPI is a test value with a valid check digit."""
    elements: Resource = {
        "name": [{"family": "Testdoctor", "given": ["Grace"]}],
        "identifier": [{"system": systems.NPI, "value": npi}] if npi else None,
    }
    return assemble("Practitioner", practitioner_id, elements, more)


def condition(
    condition_id: str = "cond-1",
    code: str = "J18.9",
    *,
    patient_id: str = "pt-1",
    encounter_id: str | None = None,
    **more: Any,
) -> Resource:
    """Build a Condition with an ICD-10-CM code."""
    elements: Resource = {
        "code": _concept(systems.ICD10CM, code),
        "subject": {"reference": f"Patient/{patient_id}"},
        "encounter": {"reference": f"Encounter/{encounter_id}"} if encounter_id else None,
    }
    return assemble("Condition", condition_id, elements, more)


def observation(
    observation_id: str = "obs-1",
    value: float = 7.2,
    unit: str = "%",
    *,
    loinc: str = "4548-4",
    patient_id: str = "pt-1",
    encounter_id: str | None = "enc-1",
    **more: Any,
) -> Resource:
    """Build a final Observation with a quantity."""
    elements: Resource = {
        "status": "final",
        "code": _concept(systems.LOINC, loinc),
        "subject": {"reference": f"Patient/{patient_id}"},
        "encounter": {"reference": f"Encounter/{encounter_id}"} if encounter_id else None,
        "effectiveDateTime": "2026-09-01T10:10:00Z",
        "valueQuantity": {"value": value, "unit": unit, "system": systems.UCUM, "code": unit},
    }
    return assemble("Observation", observation_id, elements, more)


def _concept(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}
