"""Builds a coded chart as the coder sends it: Claim, Provenance and the resources that both refer to."""

from datetime import date
from uuid import UUID, uuid4

from shared.contracts.messages import ChartCoded, ResourceVersion
from tests.builders import (
    Resource,
    claim,
    coverage,
    diagnostic_report,
    encounter,
    organization,
    patient,
    practitioner,
    version_of,
)


def provenance(claim_id: str = "claim-1", coder: str = "Practitioner/coder-1") -> Resource:
    """A Provenance of a Claim: one coder, an engine, one report."""
    return {
        "resourceType": "Provenance",
        "id": "prov-1",
        "contained": [{"resourceType": "Device", "id": "engine"}],
        "target": [{"reference": f"Claim/{claim_id}"}],
        "recorded": "2026-09-02T08:00:00.000Z",
        "agent": [{"who": {"reference": coder}}, {"who": {"reference": "#engine"}}],
        "entity": [{"role": "source", "what": {"reference": "DiagnosticReport/report-1"}}],
    }


def supporting(payer_id: str = "payer-1", patient_id: str = "pt-1") -> list[Resource]:
    """Everything that the Claim reaches, as a hospital sends it."""
    return [
        patient(patient_id),
        encounter(
            patient_id=patient_id, location=[{"location": {"reference": "Location/ward-1", "display": "Ward 1"}}]
        ),
        coverage(payer_id=payer_id, patient_id=patient_id),
        organization(payer_id),
        organization("hospital", name="Test Hospital"),
        practitioner(),
        diagnostic_report("report-1", patient_id=patient_id, result=[{"reference": "Observation/obs-1"}]),
    ]


def coded_chart(
    chart_id: UUID | None = None,
    *,
    coding_version: int = 1,
    diagnoses: tuple[str, ...] = ("J18.9",),
    payer_id: str = "payer-1",
    patient_id: str | None = None,
    final_claim: Resource | None = None,
    resources: list[Resource] | None = None,
) -> ChartCoded:
    """A complete coding; replace a part to break it. A chart of no named parts is of a patient of its own."""
    chart_id = chart_id or uuid4()
    patient_id = patient_id or ("pt-1" if final_claim or resources else f"pt-{chart_id}")
    body = final_claim or claim(
        diagnoses=diagnoses,
        payer_id=payer_id,
        patient_id=patient_id,
        careTeam=[{"sequence": 1, "provider": {"reference": "Practitioner/dr-1"}}],
    )
    return ChartCoded(
        chart_id=chart_id,
        chart_version=1,
        coding_version=coding_version,
        service_date=date(2026, 9, 1),
        claim=version_of(body),
        provenance=version_of(provenance(body["id"])),
        supporting=tuple(as_version(resource) for resource in resources or supporting(payer_id, patient_id)),
    )


def as_version(resource: Resource) -> ResourceVersion:
    """Wrap a resource as messages carry it."""
    return version_of(resource)
