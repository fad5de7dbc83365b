"""Stores what a coder decides: append-only, under a live lease.

Invariant: a batch is stored whole or not at all.
"""

from dataclasses import dataclass

from services.coder.coding import list_undecided
from services.coder.decision_batch import resolve_batch
from services.coder.decision_models import DecisionBatch, DecisionsStored
from services.coder.service.answers import answer_once
from services.coder.service.seeding import read_shown
from services.coder.store import decisions, work_items
from services.coder.views import show_decisions
from services.coder.work_item import ChartId, Lease, LeaseLost, LeaseToken
from shared.contracts.errors import NotFound
from shared.postgres.answers import Repeatable
from shared.postgres.pool import Connection, Pool


@dataclass(frozen=True, slots=True)
class Coder:
    """The person who acts: a stable subject, and the Practitioner that Provenance names."""

    subject: str
    practitioner: str


@dataclass(frozen=True, slots=True)
class UnderLease:
    """A request to change a chart: who, which chart, under which lease, and as what it may come again."""

    coder: Coder
    chart_id: ChartId
    token: LeaseToken
    repeatable: Repeatable | None = None


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

        return await answer_once(self.pool, request.repeatable, DecisionsStored, act)


async def _store(connection: Connection, coder: Coder, lease: Lease, batch: DecisionBatch) -> DecisionsStored:
    key = (connection, lease.chart_id, lease.chart_version)
    proposed = await read_shown(*key)
    earlier = await decisions.read_decisions(*key)
    new = list(resolve_batch(batch.decisions, proposed, earlier))
    await decisions.insert_decisions(*key, new, decided_by=coder.subject, practitioner=coder.practitioner)
    made = await decisions.read_decisions(*key)
    return DecisionsStored(
        decisions=show_decisions(made)[len(earlier) :],
        undecided=tuple(list_undecided(proposed, made)),
        expires_at=lease.expires_at,
    )
