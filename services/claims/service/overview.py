"""Reads for operators: claims, their attempts, and where all claims are. Invariant: nothing here changes anything."""

import json
from collections import Counter
from collections.abc import Mapping
from uuid import UUID

import asyncpg

from services.claims.api_models import (
    CLAIMS,
    ROWS,
    ClaimPage,
    ClaimStats,
    ClaimView,
    LaneBreaker,
    LaneStats,
    RowPlace,
    SubmissionPage,
    SubmissionView,
)
from services.claims.breaker import Breaker
from services.claims.claim import PayerId, State
from services.claims.schedule import Outcome
from services.claims.settings import ClaimsOptions
from services.claims.store import ClaimStore
from shared.contracts.errors import NotFound
from shared.pages import cut_page
from shared.postgres.pool import Pool

_WAITING = frozenset({State.READY, State.QUEUED, State.SUBMITTED})
_MOST_UNBALANCED = 100


class OverviewService:
    """Reads for operators."""

    def __init__(
        self, pool: Pool, schema: str, options: ClaimsOptions, breakers: Mapping[PayerId, Breaker] | None = None
    ) -> None:
        """`breakers` are those of the lanes that this process runs."""
        self._pool = pool
        self._store = ClaimStore(schema)
        self._options = options
        self._breakers = breakers or {}

    async def get_claim(self, claim_id: UUID) -> ClaimView:
        """Return one claim; raises NotFound."""
        row = await self._store.get_claim(self._pool, claim_id)
        if row is None:
            raise NotFound("there is no claim with this id")
        return view_claim(row)

    async def list_claims(self, *, state: State | None = None, after: UUID | None = None, limit: int = 50) -> ClaimPage:
        """Return a page of claims of one state, or of all, in order of id."""
        rows = await self._store.list_claims(self._pool, state=state, after=after, limit=limit + 1)
        shown, last = cut_page(rows, limit)
        return ClaimPage(
            claims=tuple(view_claim(row) for row in shown), next=CLAIMS.write(last["claim_id"]) if last else None
        )

    async def list_submissions(self, claim_id: UUID, *, after: int = 0, limit: int = 50) -> SubmissionPage:
        """Return a page of the attempts of a claim, oldest first; raises NotFound."""
        await self.get_claim(claim_id)
        rows = await self._store.list_submissions(self._pool, claim_id, after=after, limit=limit + 1)
        shown, last = cut_page(rows, limit)
        return SubmissionPage(
            submissions=tuple(SubmissionView(**dict(row)) for row in shown),
            next=ROWS.write(RowPlace(last["attempt"])) if last else None,
        )

    async def count_claims(self) -> ClaimStats:
        """Return where all claims are."""
        lanes = [LaneStats(**dict(row)) for row in await self._store.count_claims(self._pool)]
        states = Counter(dict.fromkeys(State, 0))
        for lane in lanes:
            states[lane.state] += lane.count
        attempts = await self._store.count_submissions(self._pool)
        return ClaimStats(
            states=dict(states),
            attempts={outcome: attempts.get(outcome, 0) for outcome in Outcome},
            lanes=tuple(lanes),
            breakers=tuple(self._view_breaker(payer_id) for payer_id in sorted(self._breakers)),
            unserved_lanes=tuple(sorted({_lane_name(lane) for lane in lanes if self._is_unserved(lane)})),
            unbalanced_charts=tuple(await self._store.find_unbalanced_charts(self._pool, _MOST_UNBALANCED)),
        )

    def _view_breaker(self, payer_id: PayerId) -> LaneBreaker:
        channel = self._options.payers[payer_id].channel
        return LaneBreaker(payer_id=payer_id, channel=channel, breaker=self._breakers[payer_id].view())

    def _is_unserved(self, lane: LaneStats) -> bool:
        profile = self._options.payers.get(lane.payer_id)
        served = profile is not None and lane.channel in (None, profile.channel)
        return lane.state in _WAITING and not served


def _lane_name(lane: LaneStats) -> str:
    return f"{lane.payer_id}/{lane.channel or 'none'}"


def view_claim(row: asyncpg.Record) -> ClaimView:
    """Show a claim as it is stored."""
    read = {name: json.loads(row[name]) for name in ("findings", "overridden")}
    return ClaimView(**{**dict(row), **read})
