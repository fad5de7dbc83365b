"""Resolves a batch of decision requests: what each is about, and whether its target can have what it says.

Place in the flow: between the models of the API and `store.decisions`; pure. Invariants: a batch resolves whole or not
at all; an accepted code is copied into its decision, so that the decision says by itself what was accepted.
"""

from collections.abc import Iterator, Sequence
from uuid import UUID, uuid4

from services.coder.api_models import Code
from services.coder.coding import StoredSuggestion
from services.coder.decision_models import (
    Accept,
    Add,
    Amend,
    Change,
    DecisionRequest,
    MakePrincipal,
    Reject,
    Reorder,
    Undo,
)
from services.coder.decisions import (
    Action,
    Amendment,
    ChosenCode,
    Decision,
    NewDecision,
    latest_by_target,
    list_standing,
)
from services.coder.engine.model import CodeSystem
from shared.contracts.errors import InvalidContent

_NO_TARGET = "the chart version has no suggestion and no added code with this id"


def resolve_batch(
    batch: Sequence[DecisionRequest], proposed: Sequence[StoredSuggestion], earlier: Sequence[Decision]
) -> Iterator[NewDecision]:
    """Find what each decision is about; raises InvalidContent that names the first wrong place."""
    resolver = _Resolver(proposed, earlier)
    for place, request in enumerate(batch):
        yield resolver.resolve(request, f"decisions[{place}]")


class _Resolver:
    """What a chart's decisions can be about, as it stands before the batch."""

    def __init__(self, proposed: Sequence[StoredSuggestion], earlier: Sequence[Decision]) -> None:
        standing = list_standing(earlier)
        self._offered = {each.suggestion_id: _offer(each) for each in proposed}
        self._added = {each.decision_id: each.code for each in standing if each.action is Action.ADD and each.code}
        self._codes = {**self._offered, **self._added}
        decided = {target: each.code for target, each in latest_by_target(standing).items() if each.code}
        self._systems = {target: code.system for target, code in (self._codes | decided).items()}
        self._made = {each.decision_id for each in earlier}

    def resolve(self, request: DecisionRequest, place: str) -> NewDecision:
        """Resolve one request; `place` is where it stands in the batch."""
        match request:
            case Add():
                return NewDecision(uuid4(), Action.ADD, code=_choose(request.code), reason=request.reason)
            case Undo():
                return self._undo(request, place)
            case Reorder():
                return self._reorder(request, place)
            case Amend():
                return self._amend(request, place)
            case MakePrincipal():
                self._require_diagnosis(request.target_id, f"{place}.target_id")
                return self._about(request.target_id, Action.PRINCIPAL, place, reason=request.reason)
            case Accept():
                code = self._codes.get(request.target_id)
                return self._about(request.target_id, Action.ACCEPT, place, code=code, reason=request.reason)
            case Change():
                code = _choose(request.code)
                return self._about(request.target_id, Action.CHANGE, place, code=code, reason=request.reason)
            case Reject():
                return self._about(request.target_id, Action.REJECT, place, reason=request.reason)

    def _about(
        self,
        target: UUID,
        action: Action,
        place: str,
        *,
        code: ChosenCode | None = None,
        reason: str | None = None,
        amendment: Amendment | None = None,
    ) -> NewDecision:
        self._require_target(target, f"{place}.target_id")
        suggestion_id, addition_id = (target, None) if target in self._offered else (None, target)
        return NewDecision(
            uuid4(), action, suggestion_id, addition_id, code=code, reason=reason, amendment=amendment or Amendment()
        )

    def _undo(self, request: Undo, place: str) -> NewDecision:
        if request.decision_id not in self._made:
            raise InvalidContent("the chart version has no decision with this id", expression=f"{place}.decision_id")
        return NewDecision(uuid4(), Action.UNDO, undone_id=request.decision_id, reason=request.reason)

    def _reorder(self, request: Reorder, place: str) -> NewDecision:
        for number, target in enumerate(request.targets):
            self._require_target(target, f"{place}.targets[{number}]")
        if len(set(request.targets)) < len(request.targets):
            raise InvalidContent("name each code once", expression=f"{place}.targets")
        return NewDecision(uuid4(), Action.REORDER, targets=request.targets, reason=request.reason)

    def _amend(self, request: Amend, place: str) -> NewDecision:
        is_diagnosis = self._systems.get(request.target_id) is CodeSystem.ICD10CM
        if request.on_admission and not is_diagnosis:
            raise InvalidContent("only a diagnosis is present on admission", expression=f"{place}.on_admission")
        line = {"modifiers": request.modifiers, "units": request.units, "linked": request.linked}
        for name, value in line.items():
            if value is not None and self._systems.get(request.target_id) not in (CodeSystem.CPT, CodeSystem.HCPCS):
                raise InvalidContent("only a service line, a CPT or HCPCS code, has this", expression=f"{place}.{name}")
        for number, target in enumerate(request.linked or ()):
            self._require_diagnosis(target, f"{place}.linked[{number}]")
        amendment = Amendment(request.on_admission, request.modifiers, request.units, request.linked)
        return self._about(request.target_id, Action.AMEND, place, reason=request.reason, amendment=amendment)

    def _require_target(self, target: UUID, expression: str) -> None:
        if target not in self._codes:
            raise InvalidContent(_NO_TARGET, expression=expression)

    def _require_diagnosis(self, target: UUID, expression: str) -> None:
        self._require_target(target, expression)
        if self._systems[target] is not CodeSystem.ICD10CM:
            raise InvalidContent("this is no diagnosis; name one of the ICD-10-CM codes", expression=expression)


def _offer(suggestion: StoredSuggestion) -> ChosenCode:
    content = suggestion.content
    return ChosenCode(content.system, content.code, content.display)


def _choose(code: Code) -> ChosenCode:
    return ChosenCode(code.system, code.code, code.display, code.on_admission)
