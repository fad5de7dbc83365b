"""What the queue API takes and gives about decisions: the contract with workbenches and with simulated coders.

Place in the flow: `api` reads and writes these, `decision_batch` resolves them; pure. Invariant: a request that says
nothing, or what its kind of code cannot have, is refused.
"""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from services.coder.api_models import ApiModel, Code, CodeView, Reason
from services.coder.decisions import Action

Target = Annotated[UUID, Field(description="The suggestion_id, or the decision_id of an earlier `add`.")]
Modifier = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{2}$")]


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


class Amend(ApiModel):
    """What belongs to a code: of a diagnosis whether it was present on admission, of a line the rest. What is left out
    stays as it was."""

    action: Literal["amend"]
    target_id: Target
    on_admission: Literal["y", "n", "u", "w"] | None = None
    modifiers: tuple[Modifier, ...] | None = Field(default=None, max_length=4, description="In the order of the line.")
    units: int | None = Field(default=None, ge=1, le=9999, strict=True)
    linked: tuple[Target, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=4,
        description="The diagnoses that justify the line, most important first.",
    )
    reason: Reason | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.on_admission is None and self.modifiers is None and self.units is None and self.linked is None:
            raise ValueError("name what to set: on_admission, modifiers, units or linked")
        return self


class MakePrincipal(ApiModel):
    """This diagnosis is the first-listed or principal one."""

    action: Literal["principal"]
    target_id: Target
    reason: Reason | None = None


class Reorder(ApiModel):
    """The codes are reported in this order; what is not named follows as it was."""

    action: Literal["reorder"]
    targets: tuple[Target, ...] = Field(min_length=1, max_length=200)
    reason: Reason | None = None


class Undo(ApiModel):
    """Take back one decision: what it had replaced stands again. An undo can be undone."""

    action: Literal["undo"]
    decision_id: UUID
    reason: Reason | None = None


DecisionRequest = Annotated[
    Accept | Change | Reject | Add | Amend | MakePrincipal | Reorder | Undo, Field(discriminator="action")
]


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
                        {
                            "action": "amend",
                            "target_id": "f2b0c1de-88a1-4c86-9a52-6a3c1f0c6a10",
                            "modifiers": ["25"],
                            "linked": ["5d7e5a0c-70f4-4c0e-a9d8-4f2b8a1d7e21"],
                        },
                    ]
                }
            ]
        }
    )

    decisions: tuple[DecisionRequest, ...] = Field(min_length=1, max_length=200)


class CodingView(ApiModel):
    """A code as the claim would have it now, in the order in which it would be reported."""

    target_id: UUID
    code: CodeView
    modifiers: tuple[str, ...]
    units: int
    justified_by: tuple[str, ...] = Field(description="Diagnosis codes that make a line necessary, first one first.")


class DecisionView(ApiModel):
    """A stored decision. Of those about a code, `code` is what goes on the claim; a rejection has none."""

    decision_id: UUID
    action: Action
    target_id: UUID = Field(
        description="What was decided about; of an `undo` a decision, of `add` and `reorder` their own decision_id."
    )
    code: CodeView | None
    reason: str | None
    decided_by: str
    decided_at: datetime
    on_admission: str | None = Field(default=None, description="Of an `amend`, as are the next three.")
    modifiers: tuple[str, ...] | None = None
    units: int | None = None
    linked: tuple[UUID, ...] | None = None
    targets: tuple[UUID, ...] = Field(default=(), description="Of a `reorder`.")
    stands: bool = Field(default=True, description="False when it was taken back, and for an undo itself.")


class DecisionsStored(ApiModel):
    """What was stored, in the order of the request, and which suggestions still wait for a decision."""

    decisions: tuple[DecisionView, ...]
    undecided: tuple[UUID, ...]
    expires_at: datetime = Field(description="When the lease now expires.")
