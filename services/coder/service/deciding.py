"""Stores what a coder decides: append-only, under a live lease.

Invariants: a batch is stored whole or not at all; an accepted code is copied into its decision, so that the decision
says by itself what was accepted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from services.coder.api_models import Accept, Add, Change, Code, DecisionBatch, DecisionRequest, DecisionsStored, Reject
from services.coder.coding import Action, ChosenCode, Decision, StoredSuggestion, list_undecided
from services.coder.service.answers import Repeatable, answer_once
from services.coder.store import decisions, suggestions, work_items
from services.coder.store.decisions import NewDecision
from services.coder.views import show_decision
from services.coder.work_item import ChartId, Lease, LeaseLost, LeaseToken
from shared.contracts.errors import InvalidContent, NotFound
from shared.postgres.pool import Connection, Pool


@dataclass(frozen=True, slots=True)
class Coder:
    """The person who acts: a stable subject, and the Practitioner that Provenance names."""

    subject: str
    practitioner: str


@dataclass(frozen=True, slots=True)
class UnderLease:
    """A request to change a chart: who, which chart, under which lease, and the key under which it may come again."""

    coder: Coder
    chart_id: ChartId
    token: LeaseToken
    idempotency_key: str | None = None

    def repeatable(self, content: str) -> Repeatable:
        """The request as `answer_once` recognises it."""
        return Repeatable(self.coder.subject, self.idempotency_key, f"{self.chart_id}\n{self.token}\n{content}")


async def hold_lease(connection: Connection, request: UnderLease, seconds: float) -> tuple[Lease, int]:
    """Lock the chart's work item, renew the lease and return it with the coding version; raises NotFound, LeaseLost."""
    held = await work_items.hold_lease(connection, request.chart_id, request.token, request.coder.subject, seconds)
    if held:
        return held
    if await work_items.find_by_chart(connection, request.chart_id) is None:
        raise NotFound("there is no chart with this id")
    raise LeaseLost("the lease is not yours any more: it expired, or the chart changed; lease the next chart")


@dataclass(frozen=True)
class Deciding:
    """The use case behind `POST /v1/charts/{chart_id}/decisions`."""

    pool: Pool
    lease_seconds: float

    async def decide(self, request: UnderLease, batch: DecisionBatch) -> DecisionsStored:
        """Store a batch; raises LeaseLost, NotFound, and InvalidContent for a target that the chart does not have."""

        async def act(connection: Connection) -> DecisionsStored:
            lease, _ = await hold_lease(connection, request, self.lease_seconds)
            return await _store(connection, request.coder, lease, batch)

        return await answer_once(self.pool, request.repeatable(batch.model_dump_json()), DecisionsStored, act)


async def _store(connection: Connection, coder: Coder, lease: Lease, batch: DecisionBatch) -> DecisionsStored:
    key = (connection, lease.chart_id, lease.chart_version)
    proposed = await suggestions.read_suggestions(*key)
    earlier = await decisions.read_decisions(*key)
    new = list(resolve_batch(batch.decisions, proposed, earlier))
    await decisions.insert_decisions(*key, new, decided_by=coder.subject, practitioner=coder.practitioner)
    made = await decisions.read_decisions(*key)
    return DecisionsStored(
        decisions=tuple(show_decision(decision) for decision in made[len(earlier) :]),
        undecided=tuple(list_undecided(proposed, made)),
        expires_at=lease.expires_at,
    )


def resolve_batch(
    batch: Sequence[DecisionRequest], proposed: Sequence[StoredSuggestion], earlier: Sequence[Decision]
) -> Iterator[NewDecision]:
    """Find what each decision is about; raises InvalidContent that names the first unknown target's place."""
    offered = {each.suggestion_id: _offer(each) for each in proposed}
    added = {each.decision_id: each.code for each in earlier if each.action is Action.ADD}
    for place, each in enumerate(batch):
        if isinstance(each, Add):
            yield NewDecision(uuid4(), Action.ADD, None, None, _choose(each.code), each.reason)
        elif each.target_id in offered:
            yield _resolve(each, offered, is_suggestion=True)
        elif each.target_id in added:
            yield _resolve(each, added, is_suggestion=False)
        else:
            raise InvalidContent(
                "the chart version has no suggestion and no added code with this id",
                expression=f"decisions[{place}].target_id",
            )


def _resolve(
    request: Accept | Change | Reject, known: Mapping[UUID, ChosenCode | None], *, is_suggestion: bool
) -> NewDecision:
    target = request.target_id
    suggestion_id, addition_id = (target, None) if is_suggestion else (None, target)
    match request:
        case Accept():
            code = known[target]
        case Change():
            code = _choose(request.code)
        case Reject():
            code = None
    return NewDecision(uuid4(), Action(request.action), suggestion_id, addition_id, code, request.reason)


def _offer(suggestion: StoredSuggestion) -> ChosenCode:
    content = suggestion.content
    return ChosenCode(content.system, content.code, content.display)


def _choose(code: Code) -> ChosenCode:
    return ChosenCode(code.system, code.code, code.display, code.on_admission)
