"""What suggestions and decisions amount to: the codes that go on the claim, and what is still open.

Place in the flow: between what `store` reads and what the claim builders write; pure. Invariant: only the last decision
about a target counts, and a suggestion without a decision never reaches a claim.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.coder.chart_facts import ChartFacts
from services.coder.engine.model import CodeSystem, Suggestion
from services.coder.work_item import OpenPoint


class Action(StrEnum):
    """What a coder can decide."""

    ACCEPT = "accept"
    CHANGE = "change"
    REJECT = "reject"
    ADD = "add"


@dataclass(frozen=True, slots=True)
class StoredSuggestion:
    """A suggestion under the id by which decisions name it."""

    suggestion_id: UUID
    content: Suggestion


@dataclass(frozen=True, slots=True)
class ChosenCode:
    """A code as it goes on the claim; `on_admission` is y, n, u, w or None."""

    system: CodeSystem
    code: str
    display: str
    on_admission: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A human's decision. `target_id` is a suggestion_id, or the decision_id of the `add` that it is about."""

    decision_id: UUID
    action: Action
    target_id: UUID
    code: ChosenCode | None
    reason: str | None
    decided_by: str
    practitioner: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Coding:
    """A code on the claim, the decision that put it there, and the suggestion it comes from, None when it was added."""

    chosen: ChosenCode
    decision: Decision
    suggestion: StoredSuggestion | None

    @property
    def service(self) -> Suggestion | None:
        """The suggestion, where its code was taken as it stood, so that what belongs to the code holds."""
        content = self.suggestion.content if self.suggestion else None
        same = content and (content.system, content.code) == (self.chosen.system, self.chosen.code)
        return content if same else None


def latest_by_target(decisions: Iterable[Decision]) -> dict[UUID, Decision]:
    """Return the decision that counts for each target; `decisions` are in the order in which they were made."""
    return {decision.target_id: decision for decision in decisions}


def list_codings(suggestions: Sequence[StoredSuggestion], decisions: Sequence[Decision]) -> list[Coding]:
    """List what goes on the claim: suggestions in the engine's order, then additions as they were made."""
    latest = latest_by_target(decisions)
    by_id = {suggestion.suggestion_id: suggestion for suggestion in suggestions}
    order = [*by_id, *(decision.decision_id for decision in decisions if decision.action is Action.ADD)]
    counting = (latest[target] for target in order if target in latest)
    codings = (Coding(decision.code, decision, by_id.get(decision.target_id)) for decision in counting if decision.code)
    unique: dict[tuple[CodeSystem, str, tuple[str, ...]], Coding] = {}
    for coding in codings:
        modifiers = coding.service.modifiers if coding.service else ()
        unique.setdefault((coding.chosen.system, coding.chosen.code, modifiers), coding)
    return list(unique.values())


def list_undecided(suggestions: Sequence[StoredSuggestion], decisions: Sequence[Decision]) -> list[UUID]:
    """List the selected suggestions that nobody has decided about; the others are offers, and need no answer."""
    latest = latest_by_target(decisions)
    return [each.suggestion_id for each in suggestions if each.content.selected and each.suggestion_id not in latest]


def list_open_points(undecided: Iterable[UUID], codings: Iterable[Coding], facts: ChartFacts) -> list[OpenPoint]:
    """List everything that keeps the chart from being completed; empty when it can be."""
    points = [
        OpenPoint(
            "undecided-suggestion",
            "this suggestion waits for a decision: accept, change or reject it",
            f"suggestions.where(suggestion_id = '{suggestion_id}')",
        )
        for suggestion_id in undecided
    ]
    if not any(coding.chosen.system is CodeSystem.ICD10CM for coding in codings):
        points.append(OpenPoint("no-diagnosis", "a claim needs a diagnosis: accept or add one", "Claim.diagnosis"))
    needed = {"patient": facts.patient, "provider": facts.provider, "insurance.coverage": facts.coverage}
    points.extend(
        OpenPoint(
            "missing-resource",
            "the chart does not carry the resource that the claim must name: ask registration to send it",
            f"Claim.{element}",
        )
        for element, reference in needed.items()
        if reference is None
    )
    return points
