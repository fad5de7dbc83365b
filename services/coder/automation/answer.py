"""What a chart's coding comes to, so that the automation's and a coder's can be compared.

Place in the flow: the automation's answer is stored before a coder sees the chart, and compared when the chart is
completed; pure. Invariant: two answers agree exactly when codes, units, modifiers and the principal diagnosis do.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from pydantic import BaseModel, ConfigDict

from services.coder.coding import Coding, StoredSuggestion
from services.coder.decisions import Action, ChosenCode, Decision, NewDecision
from services.coder.engine.model import CodeSystem


class AnswerLine(BaseModel):
    """A code with what a claim line says beside it; modifiers in their order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: CodeSystem
    code: str
    modifiers: tuple[str, ...] = ()
    units: int = 1


class Answer(BaseModel):
    """A coding: its principal or first-listed diagnosis, and its codes, sorted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    principal: str
    lines: tuple[AnswerLine, ...]

    @classmethod
    def of(cls, codings: Sequence[Coding]) -> "Answer":
        """Read the answer off what would go on the claim."""
        diagnoses = (each.chosen.code for each in codings if each.chosen.system is CodeSystem.ICD10CM)
        lines = [
            AnswerLine(
                system=each.chosen.system, code=each.chosen.code, modifiers=each.line.modifiers, units=each.line.units
            )
            for each in codings
        ]
        ordered = sorted(lines, key=lambda line: (line.system, line.code, line.modifiers, line.units))
        return cls(principal=next(diagnoses, ""), lines=tuple(ordered))


def accept_selected(proposed: Sequence[StoredSuggestion]) -> list[NewDecision]:
    """Decide as the automation does: accept what the engine selected, as it is."""
    return [
        NewDecision(
            uuid4(),
            Action.ACCEPT,
            suggestion_id=each.suggestion_id,
            code=ChosenCode(each.content.system, each.content.code, each.content.display),
        )
        for each in proposed
        if each.content.selected
    ]


def suppose_made(new: NewDecision, decided_by: str, practitioner: str, at: datetime) -> Decision:
    """Return a decision as if it had been made, to see what would come of it."""
    target = new.suggestion_id or new.addition_id or new.undone_id or new.decision_id
    return Decision(new.decision_id, new.action, target, new.code, new.reason, decided_by, practitioner, at)
