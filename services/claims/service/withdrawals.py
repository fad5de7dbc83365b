"""Takes withdrawals of charts in: what was billed of them is dropped where it was not sent, else void at its payer.

Place in the flow: `chart.withdrawn.v1`, beside `intake`. The two come by different topics, so in either order.
Invariant: a withdrawal reaches up to the coding that it names; a newer coding of the chart makes it stale, and a coding
that it reaches and that comes after it is never billed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.claims.service.voids import void_held
from services.claims.store import ClaimStore, Progress
from shared.contracts.envelope import Envelope
from shared.contracts.errors import InvalidContent
from shared.contracts.messages import ChartWithdrawn
from shared.kafka.record import Record
from shared.postgres.inbox import Inbox, InboxEntry, Outcome
from shared.postgres.pool import Pool
from shared.postgres.quarantine import Quarantine, Unusable


@dataclass(frozen=True, slots=True)
class _Arrival:
    record: Record
    message_id: str
    data: ChartWithdrawn


class WithdrawalService:
    """Takes withdrawals in."""

    def __init__(self, pool: Pool, schema: str) -> None:
        self._pool = pool
        self._store = ClaimStore(schema)
        self._inbox = Inbox(schema)
        self._quarantine = Quarantine(schema)

    async def receive_withdrawals(self, records: Sequence[Record]) -> None:
        """Apply a batch in one transaction."""
        async with self._pool.acquire() as connection, connection.transaction():
            fresh = await self._inbox.unseen(connection, records)
            arrivals, unusable = _read_arrivals(fresh)
            progress = await self._store.lock_charts(connection, {each.data.chart_id for each in arrivals})
            entries = []
            withdrawn = {}
            for each in arrivals:
                chart_id, version = each.data.chart_id, each.data.coding_version
                outcome = _judge(version, progress[chart_id])
                entries.append(InboxEntry(each.record, outcome, each.message_id))
                if outcome is Outcome.APPLIED:
                    withdrawn[chart_id] = version
                    progress[chart_id] = Progress(progress[chart_id].coding_version, version)
            if withdrawn:
                await self._store.withdraw_charts(connection, withdrawn)
                await void_held(connection, self._store, withdrawn)
            entries += await self._quarantine.hold(connection, unusable)
            await self._inbox.record(connection, entries)


def _judge(version: int, progress: Progress) -> Outcome:
    if version < progress.coding_version:
        return Outcome.STALE
    return Outcome.DUPLICATE if version <= progress.withdrawn_coding else Outcome.APPLIED


def _read_arrivals(records: Sequence[Record]) -> tuple[list[_Arrival], list[Unusable]]:
    arrivals: list[_Arrival] = []
    unusable: list[Unusable] = []
    for record in records:
        try:
            envelope = Envelope[ChartWithdrawn].decode(record.value)
        except InvalidContent as error:
            unusable.append(Unusable(record, error.code, error.expression))
        else:
            arrivals.append(_Arrival(record, str(envelope.id), envelope.data))
    return arrivals, unusable
