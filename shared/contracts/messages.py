"""The messages between the services, one class a type; `schemas/` holds the JSON Schemas made from them.

FHIR resources travel as `ResourceVersion`, whose body is the sender's own text: nothing is parsed and printed again
between the hospital and the payer.
"""

import hashlib
from datetime import date
from typing import Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, model_validator

from shared.contracts.envelope import Message


class ResourceVersion(Message):
    """One version of a FHIR resource. `version` is the versionId, else lastUpdated, else the hash of the content."""

    resource_type: str
    resource_id: str
    version: str
    sha256: str
    body: str

    @classmethod
    def of(cls, resource_type: str, resource_id: str, body: str, version: str | None = None) -> Self:
        """Wrap `body`, the JSON text of a resource; without `version` its hash stands for it."""
        digest = hashlib.sha256(body.encode()).hexdigest()
        return cls(
            resource_type=resource_type, resource_id=resource_id, version=version or digest, sha256=digest, body=body
        )

    @property
    def reference(self) -> str:
        """The relative reference, such as `Encounter/123`."""
        return f"{self.resource_type}/{self.resource_id}"

    @model_validator(mode="after")
    def _hash_matches(self) -> Self:
        if hashlib.sha256(self.body.encode()).hexdigest() != self.sha256:
            raise ValueError("sha256 is not the hash of body")
        return self


class ChartDocument(Message):
    """One readable text of a chart. `source` is the reference of the resource it was read from."""

    document_id: str
    version: int
    source: str
    title: str
    kind: str
    """LOINC code of the document type, or empty."""
    authored_at: AwareDatetime | None
    text: str


class ChartReady(Message):
    """A chart version that can be coded, or the news that the chart is withdrawn (`documents` is then empty)."""

    chart_id: UUID
    chart_version: int
    status: Literal["ready", "withdrawn"]
    reason: Literal["complete", "hold-elapsed", "encounter-void", "encounter-reopened"]
    encounter_class: str
    """v3-ActCode of Encounter.class, such as AMB, EMER, IMP."""
    setting: Literal["inpatient", "outpatient", "emergency"]
    service_date: date | None
    """The day whose code sets apply: discharge for inpatients, else the start of the encounter."""
    encounter: ResourceVersion
    documents: tuple[ChartDocument, ...]
    reports: tuple[ResourceVersion, ...]
    """The DiagnosticReports of the encounter."""
    context: tuple[ResourceVersion, ...]
    """Patient, Coverage, Practitioner, Organization, Condition, ...: what the encounter and its coverage refer to."""


class ClaimDraft(Message):
    """The engine's suggestions as a FHIR Claim of status draft, with Chartline's evidence extensions."""

    chart_id: UUID
    chart_version: int
    claim: ResourceVersion


class ChartCoded(Message):
    """A coder has completed a chart: the final Claim, who decided, and every resource that the payer will need."""

    chart_id: UUID
    chart_version: int
    coding_version: int
    """1 for the first coding of a chart, one more for each later one."""
    service_date: date | None
    claim: ResourceVersion
    provenance: ResourceVersion
    supporting: tuple[ResourceVersion, ...]
    """Patient, Encounter, Coverage, payer and provider Organization, Practitioner, cited reports; each once."""


class ChartWithdrawn(Message):
    """A chart that was coded is withdrawn: what was billed of it, up to and including `coding_version`, is void."""

    chart_id: UUID
    chart_version: int
    coding_version: int
    reason: Literal["encounter-void", "encounter-reopened"]


class Finding(Message):
    """The result of one billing rule on one claim. `expression` is the FHIRPath in the Claim; `fix` says what to do."""

    edit: str
    severity: Literal["error", "warning", "information"]
    message: str
    fix: str
    expression: str | None = None


class ClaimReturned(Message):
    """A coded chart that cannot be billed as it is goes back to the coder."""

    chart_id: UUID
    coding_version: int
    findings: tuple[Finding, ...]
