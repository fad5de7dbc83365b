"""Claim and ClaimResponse."""

from typing import Any

from shared.fhir import systems
from tests.builders.text import Resource, assemble


def claim(
    claim_id: str = "claim-1",
    diagnoses: tuple[str, ...] = ("J18.9",),
    services: tuple[str, ...] = ("99213",),
    *,
    status: str = "active",
    claim_type: str = "professional",
    patient_id: str = "pt-1",
    provider: str = "Organization/hospital",
    payer_id: str = "payer-1",
    coverage_id: str = "cov-1",
    **more: Any,
) -> Resource:
    """Build a Claim: ICD-10-CM diagnoses, CPT lines that all point to the first diagnosis, one focal coverage."""
    elements: Resource = {
        "status": status,
        "type": {"coding": [{"system": systems.CLAIM_TYPE, "code": claim_type}]},
        "use": "claim",
        "patient": {"reference": f"Patient/{patient_id}"},
        "created": "2026-09-02T08:00:00Z",
        "insurer": {"reference": f"Organization/{payer_id}"},
        "provider": {"reference": provider},
        "priority": {"coding": [{"system": systems.PROCESS_PRIORITY, "code": "normal"}]},
        "diagnosis": [
            {"sequence": number, "diagnosisCodeableConcept": {"coding": [{"system": systems.ICD10CM, "code": code}]}}
            for number, code in enumerate(diagnoses, 1)
        ],
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": f"Coverage/{coverage_id}"}}],
        "item": [
            {
                "sequence": number,
                "diagnosisSequence": [1],
                "productOrService": {"coding": [{"system": systems.CPT, "code": code}]},
                "servicedDate": "2026-09-01",
            }
            for number, code in enumerate(services, 1)
        ]
        or None,
    }
    return assemble("Claim", claim_id, elements, more)


def claim_response(
    response_id: str = "response-1",
    *,
    request: Resource | None = None,
    outcome: str = "complete",
    patient_id: str = "pt-1",
    payer_id: str = "payer-1",
    **more: Any,
) -> Resource:
    """Build a ClaimResponse; `request` is its reference to the claim, literal or by identifier."""
    elements: Resource = {
        "status": "active",
        "type": {"coding": [{"system": systems.CLAIM_TYPE, "code": "professional"}]},
        "use": "claim",
        "patient": {"reference": f"Patient/{patient_id}"},
        "created": "2026-09-03T08:00:00Z",
        "insurer": {"reference": f"Organization/{payer_id}"},
        "request": request or {"reference": "Claim/claim-1"},
        "outcome": outcome,
    }
    return assemble("ClaimResponse", response_id, elements, more)
