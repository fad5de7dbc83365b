"""What was done to or given to a patient: drugs, vaccines, supplies, devices, procedures."""

from typing import Any

from shared.fhir import systems
from tests.builders.text import Resource, assemble

TIME = "2026-09-01T10:12:00Z"


# `more: Any` here and below: the elements of a resource differ by type, and tests break them on purpose.
def medication_administration(
    administration_id: str = "ma-1",
    name: str = "ketorolac tromethamine 30 MG/ML injection",
    *,
    dose: tuple[float, str] | None = (30, "mg"),
    route: str = "IM",
    status: str = "completed",
    encounter_id: str | None = "enc-1",
    **more: Any,
) -> Resource:
    """Build a MedicationAdministration to pt-1; `dose` is value and UCUM unit."""
    quantity = {"value": dose[0], "unit": dose[1], "system": systems.UCUM, "code": dose[1]} if dose else None
    dosage = {"route": {"text": route}, "dose": quantity}
    elements: Resource = {
        "status": status,
        "medicationCodeableConcept": {"text": name},
        "subject": {"reference": "Patient/pt-1"},
        "context": {"reference": f"Encounter/{encounter_id}"} if encounter_id else None,
        "effectiveDateTime": TIME,
        "dosage": {key: value for key, value in dosage.items() if value},
    }
    return assemble("MedicationAdministration", administration_id, elements, more)


def immunization(
    immunization_id: str = "imm-1", cvx: str = "115", *, status: str = "completed", **more: Any
) -> Resource:
    """Build an Immunization of pt-1 in enc-1, by CVX code."""
    elements: Resource = {
        "status": status,
        "vaccineCode": {"coding": [{"system": systems.CVX, "code": cvx}]},
        "patient": {"reference": "Patient/pt-1"},
        "encounter": {"reference": "Encounter/enc-1"},
        "occurrenceDateTime": TIME,
    }
    return assemble("Immunization", immunization_id, elements, more)


def supply_delivery(
    delivery_id: str = "sd-1", item: str = "Folding walker", *, quantity: float | None = 1, **more: Any
) -> Resource:
    """Build a completed SupplyDelivery to pt-1; R4 has no element for its encounter."""
    supplied: Resource = {"itemCodeableConcept": {"text": item}}
    elements: Resource = {
        "status": "completed",
        "patient": {"reference": "Patient/pt-1"},
        "suppliedItem": {**supplied, "quantity": {"value": quantity}} if quantity else supplied,
        "occurrenceDateTime": TIME,
    }
    return assemble("SupplyDelivery", delivery_id, elements, more)


def device_use_statement(statement_id: str = "dus-1", device: str = "Device/dev-1", **more: Any) -> Resource:
    """Build an active DeviceUseStatement of pt-1; R4 has no element for its encounter."""
    elements: Resource = {
        "status": "active",
        "subject": {"reference": "Patient/pt-1"},
        "device": {"reference": device},
        "timingDateTime": TIME,
    }
    return assemble("DeviceUseStatement", statement_id, elements, more)


def procedure(procedure_id: str = "proc-1", code: str = "20610", *, status: str = "completed", **more: Any) -> Resource:
    """Build a Procedure of pt-1 in enc-1 with a CPT number."""
    elements: Resource = {
        "status": status,
        "code": {"coding": [{"system": systems.CPT, "code": code}]},
        "subject": {"reference": "Patient/pt-1"},
        "encounter": {"reference": "Encounter/enc-1"},
        "performedDateTime": TIME,
    }
    return assemble("Procedure", procedure_id, elements, more)
