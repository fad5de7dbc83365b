"""What the queue API takes and gives: the contract with workbenches and with simulated coders.

Place in the flow: `api` reads and writes these, `service` is handed the requests and fills the answers; pure.
Invariant: the models refuse unknown fields, so a client's spelling mistake is an error and never a lost decision.
"""

import re
from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.coder.engine.model import Assertion, CodeSystem, Setting
from services.coder.work_item import State
from shared.contracts.messages import Finding

CODE_FORMS = {
    CodeSystem.ICD10CM: re.compile(r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?"),
    CodeSystem.ICD10PCS: re.compile(r"[0-9A-HJ-NP-Z]{7}"),
    CodeSystem.CPT: re.compile(r"[0-9]{4}[0-9AFTU]"),
    CodeSystem.HCPCS: re.compile(r"[A-Z][0-9]{4}"),
}

_NO_NUL = r"^[^\x00]*$"  # PostgreSQL's text cannot hold it
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=_NO_NUL)]
Target = Annotated[UUID, Field(description="The suggestion_id, or the decision_id of an earlier `add`.")]


class ApiModel(BaseModel):
    """Base of all requests and answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CodeView(ApiModel):
    """A code as a claim shows it: ICD-10-CM with its dot, the other systems without."""

    system: CodeSystem = Field(examples=["icd10cm"])
    code: str = Field(examples=["J18.9"])
    display: str = Field(default="", examples=["Pneumonia, unspecified organism"])
    on_admission: Literal["y", "n", "u", "w"] | None = Field(
        default=None, description="Present on admission, for diagnoses of inpatients; left out when not known."
    )


class Code(CodeView):
    """A code that a coder writes; it must have the form of its system."""

    display: str = Field(default="", max_length=300, pattern=_NO_NUL, examples=["Pneumonia, unspecified organism"])

    @model_validator(mode="after")
    def _has_the_form_of_its_system(self) -> Self:
        if not CODE_FORMS[self.system].fullmatch(self.code):
            raise ValueError(f"this is not the form of a code of {self.system}")
        return self


class Accept(ApiModel):
    """The code is right as it stands."""

    action: Literal["accept"]
    target_id: Target
    reason: Reason | None = None


class Change(ApiModel):
    """Another code is right, for the same evidence."""

    action: Literal["change"]
    target_id: Target
    code: Code
    reason: Reason


class Reject(ApiModel):
    """The code does not belong on the claim."""

    action: Literal["reject"]
    target_id: Target
    reason: Reason


class Add(ApiModel):
    """A code that nobody suggested: a diagnosis, or a service, which becomes a line of the claim."""

    action: Literal["add"]
    code: Code
    reason: Reason | None = None


DecisionRequest = Annotated[Accept | Change | Reject | Add, Field(discriminator="action")]


class DecisionBatch(ApiModel):
    """Decisions that are stored together, in this order; the last one about a target is the one that counts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "decisions": [
                        {"action": "accept", "target_id": "5d7e5a0c-70f4-4c0e-a9d8-4f2b8a1d7e21"},
                        {
                            "action": "reject",
                            "target_id": "0a4be3b9-7a35-4b43-9a8e-3f8a8ad5a1d0",
                            "reason": "integral to the pneumonia",
                        },
                        {"action": "add", "code": {"system": "cpt", "code": "99213"}, "reason": "established patient"},
                    ]
                }
            ]
        }
    )

    decisions: tuple[DecisionRequest, ...] = Field(min_length=1, max_length=200)


class LeaseGrant(ApiModel):
    """A chart that is now the caller's alone, until `expires_at`; each decision renews it."""

    work_item_id: UUID
    chart_id: UUID
    chart_version: int
    lease_token: UUID = Field(description="Goes into the header `Lease-Token` of everything that changes the chart.")
    expires_at: datetime


class EvidenceSpan(ApiModel):
    """The words that justify a suggestion: `text[start:end]` of one document version, in characters."""

    document_id: str
    version: int
    start: int
    end: int
    sha256: str = Field(description="SHA-256 of the span's UTF-8 bytes, in hex.")


class FactView(ApiModel):
    """A code that arrived in structured data and agrees with a suggestion; `path` is where it was read."""

    path: str = Field(examples=["Encounter.reasonCode"])
    system: str
    code: str
    display: str


class IndicatorView(ApiModel):
    """A result outside its range: a reason to ask the clinician, never a code by itself."""

    path: str
    statement: str
    codes: tuple[str, ...] = Field(description="Categories of conditions that the clinician may have had in mind.")


class SuggestionView(ApiModel):
    """A code that the engine proposes. `selected` ones must be decided before the chart can be completed."""

    suggestion_id: UUID
    system: CodeSystem
    code: str
    display: str
    confidence: float
    selected: bool
    assertion: Assertion
    missing: tuple[str, ...] = Field(description='Details that the words leave open, such as "laterality".')
    why: str
    evidence: tuple[EvidenceSpan, ...]
    facts: tuple[FactView, ...]
    modifiers: tuple[str, ...] = Field(default=(), description="Of a service, in the order of the claim line.")
    units: int = 1
    justified_by: tuple[str, ...] = Field(
        default=(), description="Diagnosis codes that make a service necessary, most important first."
    )
    place_of_service: str = Field(default="", description="CMS code where the line must carry one, such as 10.")


class DecisionView(ApiModel):
    """A stored decision. `code` is what goes on the claim; a rejection has none."""

    decision_id: UUID
    action: Literal["accept", "change", "reject", "add"]
    target_id: UUID = Field(description="What was decided about; for an `add` its own decision_id.")
    code: CodeView | None
    reason: str | None
    decided_by: str
    decided_at: datetime


class DecisionsStored(ApiModel):
    """What was stored, in the order of the request, and which suggestions still wait for a decision."""

    decisions: tuple[DecisionView, ...]
    undecided: tuple[UUID, ...]
    expires_at: datetime = Field(description="When the lease now expires.")


class DocumentView(ApiModel):
    """One readable text of the chart."""

    document_id: str
    version: int
    source: str
    title: str
    kind: str
    authored_at: datetime | None
    text: str


class EncounterFacts(ApiModel):
    """What the structured data says about the encounter."""

    reference: str = Field(examples=["Encounter/enc-1"])
    encounter_class: str = Field(description="v3-ActCode, such as AMB, EMER, IMP.")
    setting: Setting
    service_date: date | None = Field(description="The day whose code sets apply.")
    patient_age_years: int | None
    patient_sex: str | None


class EngineView(ApiModel):
    """What produced the suggestions, enough to compute them again."""

    engine: str
    code_set: str
    lexicon: str
    learned: str


class ChartView(ApiModel):
    """Everything a coder needs to decide about one chart version. Its ETag changes with every change to the chart."""

    chart_id: UUID
    chart_version: int
    work_item_id: UUID
    state: State
    coding_version: int = Field(description="How many times this chart has been completed.")
    encounter: EncounterFacts
    documents: tuple[DocumentView, ...]
    engine: EngineView | None
    indicators: tuple[IndicatorView, ...]
    suggestions: tuple[SuggestionView, ...]
    decisions: tuple[DecisionView, ...] = Field(description="All of this chart version, oldest first.")
    undecided: tuple[UUID, ...]
    findings: tuple[Finding, ...] = Field(description="Why the last coding came back from billing, if it did.")


class CodingCompleted(ApiModel):
    """The final Claim is stored and on its way."""

    chart_id: UUID
    coding_version: int
    claim_id: str


class LessonsTakenBack(ApiModel):
    """What a chart's coding taught the engine counts no more."""

    chart_id: UUID
    lessons: int = Field(description="How many lessons were taken back; 0 when none counted any more.")


class WorkItemView(ApiModel):
    """Where a work item now stands."""

    work_item_id: UUID
    state: State


class QueueStats(ApiModel):
    """How many work items are in each state; every state is named."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "counts": {
                        "suggesting": 2,
                        "open": 31,
                        "leased": 4,
                        "on-hold": 1,
                        "completed": 208,
                        "failed": 0,
                        "withdrawn": 3,
                    }
                }
            ]
        }
    )

    counts: dict[State, int]
