"""What suggestions and decisions amount to: the codes that go on the claim, and what is still open.

Place in the flow: between what `store` reads and what the claim builders write; pure. Invariant: only the last standing
decision about a target counts, and a suggestion without a decision never reaches a claim.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.coder.chart_facts import ChartFacts
from services.coder.decisions import (
    NOT_AMENDED,
    Action,
    Amendment,
    ChosenCode,
    Decision,
    amend_by_target,
    latest_by_target,
    list_standing,
    order_targets,
)
from services.coder.engine.model import CodeSystem, Suggestion
from services.coder.work_item import OpenPoint


@dataclass(frozen=True, slots=True)
class StoredSuggestion:
    """A suggestion under the id by which decisions name it."""

    suggestion_id: UUID
    content: Suggestion


@dataclass(frozen=True, slots=True)
class LineDetails:
    """What a service line says beside its code; `justified_by` are diagnosis codes, most important first."""

    modifiers: tuple[str, ...] = ()
    units: int = 1
    justified_by: tuple[str, ...] = ()
    place_of_service: str = ""

    @classmethod
    def of(cls, suggestion: Suggestion) -> "LineDetails":
        """What the engine suggests for the line."""
        return cls(suggestion.modifiers, suggestion.units, suggestion.justified_by, suggestion.place_of_service)


PLAIN_LINE = LineDetails()


@dataclass(frozen=True, slots=True)
class Coding:
    """A code on the claim, the decision that put it there, and the suggestion it comes from, None when it was added."""

    chosen: ChosenCode
    decision: Decision
    suggestion: StoredSuggestion | None
    line: LineDetails = PLAIN_LINE


def list_codings(suggestions: Sequence[StoredSuggestion], decisions: Sequence[Decision]) -> list[Coding]:
    """List what goes on the claim, in the order decided, else suggestions in the engine's order, then additions."""
    standing = list_standing(decisions)
    by_id = {suggestion.suggestion_id: suggestion for suggestion in suggestions}
    targets = [*by_id, *(decision.decision_id for decision in standing if decision.action is Action.ADD)]
    latest, amended = latest_by_target(standing), amend_by_target(standing)
    kept = {target: latest[target] for target in order_targets(targets, standing) if target in latest}
    codes = {target: decision.code for target, decision in kept.items() if decision.code}
    codings = [
        _build_coding(kept[target], code, by_id.get(target), amended.get(target, NOT_AMENDED), codes)
        for target, code in codes.items()
    ]
    unique: dict[tuple[CodeSystem, str, tuple[str, ...]], Coding] = {}
    for coding in codings:
        unique.setdefault((coding.chosen.system, coding.chosen.code, coding.line.modifiers), coding)
    return list(unique.values())


def _build_coding(
    decision: Decision,
    code: ChosenCode,
    suggestion: StoredSuggestion | None,
    amendment: Amendment,
    codes: Mapping[UUID, ChosenCode],
) -> Coding:
    chosen = replace(code, on_admission=amendment.on_admission or code.on_admission)
    line = _amend_line(_suggest_line(code, suggestion), amendment, codes)
    return Coding(chosen, decision, suggestion, line)


def _suggest_line(code: ChosenCode, suggestion: StoredSuggestion | None) -> LineDetails:
    """What the engine suggests belongs to the code that it suggested, and to no other."""
    content = suggestion.content if suggestion else None
    if content is None or (content.system, content.code) != (code.system, code.code):
        return PLAIN_LINE
    return LineDetails.of(content)


def _amend_line(line: LineDetails, amendment: Amendment, codes: Mapping[UUID, ChosenCode]) -> LineDetails:
    links = None if amendment.linked is None else tuple(codes[each].code for each in amendment.linked if each in codes)
    return replace(
        line,
        modifiers=line.modifiers if amendment.modifiers is None else amendment.modifiers,
        units=amendment.units or line.units,
        justified_by=line.justified_by if links is None else links,
    )


def list_undecided(suggestions: Sequence[StoredSuggestion], decisions: Sequence[Decision]) -> list[UUID]:
    """List the selected suggestions that nobody has decided about; the others are offers, and need no answer."""
    latest = latest_by_target(list_standing(decisions))
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
