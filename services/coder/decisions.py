"""What people decide about a chart's codes, and what of it stands.

Place in the flow: `store.decisions` keeps them, `coding` makes a claim's codes of them; pure. Invariants: a decision is
never changed, only followed by another; an undo takes back the one decision that it names, so that whatever that one
had replaced stands again, and an undo can itself be undone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.coder.engine.model import CodeSystem


class Action(StrEnum):
    """What a coder can decide."""

    ACCEPT = "accept"
    CHANGE = "change"
    REJECT = "reject"
    ADD = "add"
    AMEND = "amend"
    """Set what belongs to a code: present on admission; a line's modifiers, units and links."""
    PRINCIPAL = "principal"
    """Report a code first."""
    REORDER = "reorder"
    """Report the codes in this order."""
    UNDO = "undo"


CODE_ACTIONS = frozenset({Action.ACCEPT, Action.CHANGE, Action.REJECT, Action.ADD})
"""The actions that say which code there is; the others say how it is reported."""


@dataclass(frozen=True, slots=True)
class ChosenCode:
    """A code as it goes on the claim; `on_admission` is y, n, u, w or None."""

    system: CodeSystem
    code: str
    display: str
    on_admission: str | None = None


@dataclass(frozen=True, slots=True)
class Amendment:
    """What an `amend` sets; None leaves what was. `linked` are the targets of diagnoses, most important first."""

    on_admission: str | None = None
    modifiers: tuple[str, ...] | None = None
    units: int | None = None
    linked: tuple[UUID, ...] | None = None

    def then(self, later: "Amendment") -> "Amendment":
        """Return both as one: what the later one sets counts."""
        told = {name: value for name in Amendment.__slots__ if (value := getattr(later, name)) is not None}
        return replace(self, **told)


NOT_AMENDED = Amendment()


@dataclass(frozen=True, slots=True)
class Decision:
    """A human's decision.

    `target_id` is a suggestion_id, the decision_id of the `add` that it is about, of an undo the decision that it takes
    back, and of a `reorder` its own. `targets` is the order of a `reorder`.
    """

    decision_id: UUID
    action: Action
    target_id: UUID
    code: ChosenCode | None
    reason: str | None
    decided_by: str
    practitioner: str
    decided_at: datetime
    amendment: Amendment = NOT_AMENDED
    targets: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision about to be stored, and what it is about: a suggestion, an addition, a decision, or all codes."""

    decision_id: UUID
    action: Action
    suggestion_id: UUID | None = None
    addition_id: UUID | None = None
    undone_id: UUID | None = None
    code: ChosenCode | None = None
    reason: str | None = None
    amendment: Amendment = NOT_AMENDED
    targets: tuple[UUID, ...] = ()


def list_standing(decisions: Sequence[Decision]) -> list[Decision]:
    """List the decisions that nobody has taken back, without the undos; in and out in the order of their making."""
    undone: set[UUID] = set()
    standing = []
    for decision in reversed(decisions):
        if decision.decision_id in undone:
            continue
        if decision.action is Action.UNDO:
            undone.add(decision.target_id)
        else:
            standing.append(decision)
    return standing[::-1]


def latest_by_target(standing: Iterable[Decision]) -> dict[UUID, Decision]:
    """Return the decision that says which code each target has."""
    return {decision.target_id: decision for decision in standing if decision.action in CODE_ACTIONS}


def amend_by_target(standing: Iterable[Decision]) -> dict[UUID, Amendment]:
    """Return all that was set for each target, as one amendment."""
    amended: dict[UUID, Amendment] = {}
    for decision in standing:
        if decision.action is Action.AMEND:
            amended[decision.target_id] = amended.get(decision.target_id, NOT_AMENDED).then(decision.amendment)
    return amended


def order_targets(targets: Sequence[UUID], standing: Iterable[Decision]) -> list[UUID]:
    """Put targets into the order that was decided; those that no decision names keep theirs, behind."""
    order = list(targets)
    for decision in standing:
        named: Sequence[UUID] = ()
        if decision.action is Action.PRINCIPAL:
            named = (decision.target_id,)
        elif decision.action is Action.REORDER:
            named = decision.targets
        if named:
            order = [*(each for each in named if each in order), *(each for each in order if each not in named)]
    return order
