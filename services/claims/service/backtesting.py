"""Reads past claims for a back-test. Invariant: one read-only snapshot; nothing is changed, and nothing kept."""

from collections.abc import AsyncIterator, Sequence

from services.claims.backtest import Fate, PastClaim, Trial, try_edits
from services.claims.edits.model import Edit
from services.claims.store.claim_store import ClaimStore
from shared.postgres.pool import Connection, Pool

_PAGE = 500


class BacktestService:
    """The use case behind `chartline backtest`."""

    def __init__(self, pool: Pool, schema: str) -> None:
        self._pool = pool
        self._store = ClaimStore(schema)

    async def try_edits(self, edits: Sequence[Edit]) -> list[Trial]:
        """Run edits on every claim that a payer decided."""
        past: list[PastClaim] = []
        trials: list[Trial] = [Trial(edit.id, edit.severity, 0, 0, 0, 0) for edit in edits]
        async with self._pool.acquire() as connection, connection.transaction(readonly=True):
            async for claim in self._read_past(connection):
                past.append(claim)
                if len(past) == _PAGE:
                    trials, past = _add(trials, try_edits(edits, past)), []
        return _add(trials, try_edits(edits, past))

    async def _read_past(self, connection: Connection) -> AsyncIterator[PastClaim]:
        async for row in self._store.read_decided(connection, _PAGE):
            yield PastClaim(
                bundle=row["bundle"],
                payer_id=row["payer_id"],
                channel=row["channel"],
                submitted_on=row["queued_at"].date(),
                fate=Fate(row["fate"]),
            )


def _add(before: Sequence[Trial], more: Sequence[Trial]) -> list[Trial]:
    return [
        Trial(
            one.edit,
            one.severity,
            one.judged + other.judged,
            one.denied + other.denied,
            one.stopped + other.stopped,
            one.stopped_denied + other.stopped_denied,
        )
        for one, other in zip(before, more, strict=True)
    ]
