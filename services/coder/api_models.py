"""What the queue API takes and gives: the contract with workbenches and with simulated coders.

Place in the flow: `api` reads and writes these, `service` is handed the requests and fills the answers; pure.
Invariant: the models refuse unknown fields, so a client's spelling mistake is an error and never a lost decision.
"""

import re
from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.coder.automation.seeds import SeedOutcome
from services.coder.engine.model import CodeSystem
from services.coder.work_item import State

CODE_FORMS = {
    CodeSystem.ICD10CM: re.compile(r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?"),
    CodeSystem.ICD10PCS: re.compile(r"[0-9A-HJ-NP-Z]{7}"),
    CodeSystem.CPT: re.compile(r"[0-9]{4}[0-9AFTU]"),
    CodeSystem.HCPCS: re.compile(r"[A-Z][0-9]{4}"),
}

NO_NUL = r"^[^\x00]*$"  # PostgreSQL's text cannot hold it
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=NO_NUL)]


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

    display: str = Field(default="", max_length=300, pattern=NO_NUL, examples=["Pneumonia, unspecified organism"])

    @model_validator(mode="after")
    def _has_the_form_of_its_system(self) -> Self:
        if not CODE_FORMS[self.system].fullmatch(self.code):
            raise ValueError(f"this is not the form of a code of {self.system}")
        return self


class LeaseGrant(ApiModel):
    """A chart that is now the caller's alone, until `expires_at`; each decision renews it."""

    work_item_id: UUID
    chart_id: UUID
    chart_version: int
    lease_token: UUID = Field(description="Goes into the header `Lease-Token` of everything that changes the chart.")
    expires_at: datetime


class SeedTold(ApiModel):
    """A suggestion that was wrong on purpose, and whether its coder noticed. It is on no claim."""

    code: str
    display: str
    outcome: SeedOutcome


class CodingCompleted(ApiModel):
    """The final Claim is stored and on its way."""

    chart_id: UUID
    coding_version: int
    claim_id: str
    seeds: tuple[SeedTold, ...] = Field(default=(), description="What of the chart was a check of attention.")


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
