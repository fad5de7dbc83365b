"""Takes in `chart.ready.v1` and `claim.returned.v1`: one transaction a batch, one outcome a record.

Invariant: a chart version is applied only when it is newer than the one that the queue is about; a finding only to a
coding that was made here. Nothing is computed here: the engine works later, from the stored chart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.coder import SCHEMA, SOURCE
from services.coder.priority import PriorityWeights
from services.coder.service.learning import forget_codings
from services.coder.service.placing import place_charts
from services.coder.store import arrivals, charts, holds, work_items
from services.coder.store.work_items import Standing
from services.coder.work_item import ChartId
from shared.contracts.envelope import Envelope
from shared.contracts.errors import InvalidContent
from shared.contracts.messages import ChartReady, ChartWithdrawn, ClaimReturned
from shared.contracts.topics import Topic
from shared.kafka.record import Record
from shared.postgres.inbox import Inbox, InboxEntry, Outcome
from shared.postgres.outbox import Outbox, OutboxMessage, event_message
from shared.postgres.pool import Connection, Pool
from shared.postgres.quarantine import Quarantine, Unusable

UNKNOWN_CODING = "unknown-coding"
"""Reason code of a returned claim whose coding was never made here."""


@dataclass(frozen=True, slots=True)
class _News:
    """A record that could be read."""

    record: Record
    message_id: UUID
    data: ChartReady | ClaimReturned

    def settle(self, outcome: Outcome) -> InboxEntry:
        return InboxEntry(self.record, outcome, message_id=str(self.message_id))


class Intake:
    """Settles batches of records; `take_in` and `put_aside` are what a consumer loop calls."""

    def __init__(self, pool: Pool, weights: PriorityWeights) -> None:
        self._pool = pool
        self._weights = weights
        self._inbox = Inbox(SCHEMA)
        self._quarantine = Quarantine(SCHEMA)

    async def take_in(self, records: Sequence[Record]) -> None:
        """Give every record that has none its outcome, and apply what is new."""
        async with self._pool.acquire() as connection, connection.transaction():
            fresh = await self._inbox.unseen(connection, records)
            readable, unusable = _read_all(fresh)
            settled = await self._drop_known(connection, readable)
            known = {entry.record.position for entry in settled}
            news = [each for each in readable if each.record.position not in known]
            standing = await work_items.lock_work_items(connection, [ChartId(each.data.chart_id) for each in news])
            settled += await _apply_charts(connection, news, standing, self._weights)
            returned, unknown = await _apply_returns(connection, news, standing, self._weights)
            held = await self._quarantine.hold(connection, [*unusable, *unknown])
            await self._inbox.record(connection, [*settled, *returned, *held])

    async def put_aside(self, record: Record, reason: str) -> None:
        """Hold a record in quarantine that could not be applied."""
        async with self._pool.acquire() as connection, connection.transaction():
            held = await self._quarantine.hold(connection, [Unusable(record, reason)])
            await self._inbox.record(connection, held)

    async def _drop_known(self, connection: Connection, readable: Sequence[_News]) -> list[InboxEntry]:
        """Settle messages whose id was applied before, or stands earlier in this batch, as duplicates."""
        seen: set[tuple[str, str]] = set()
        for topic in {each.record.topic for each in readable}:
            ids = [str(each.message_id) for each in readable if each.record.topic == topic]
            seen |= {(topic, known) for known in await self._inbox.known_messages(connection, topic, ids)}
        duplicates = []
        for each in readable:
            identity = (each.record.topic, str(each.message_id))
            if identity in seen:
                duplicates.append(each.settle(Outcome.DUPLICATE))
            seen.add(identity)
        return duplicates


def _read_all(records: Sequence[Record]) -> tuple[list[_News], list[Unusable]]:
    readable: list[_News] = []
    unusable: list[Unusable] = []
    for record in records:
        try:
            readable.append(_read(record))
        except InvalidContent as error:
            unusable.append(Unusable(record, error.code, error.expression))
    return readable, unusable


def _read(record: Record) -> _News:
    envelope: Envelope[ChartReady] | Envelope[ClaimReturned]
    if record.topic == Topic.CHART_READY:
        envelope = Envelope[ChartReady].decode(record.value)
    else:
        envelope = Envelope[ClaimReturned].decode(record.value)
    return _News(record, envelope.id, envelope.data)


async def _apply_charts(
    connection: Connection, news: Sequence[_News], standing: dict[ChartId, Standing], weights: PriorityWeights
) -> list[InboxEntry]:
    """Store newer chart versions, and give the last of each chart its place in the queue."""
    versions = {chart_id: place.chart_version for chart_id, place in standing.items()}
    newer: list[ChartReady] = []
    entries = []
    for each in news:
        if isinstance(each.data, ChartReady):
            outcome = compare_versions(each.data.chart_version, versions.get(ChartId(each.data.chart_id)))
            entries.append(each.settle(outcome))
            if outcome is Outcome.APPLIED:
                versions[ChartId(each.data.chart_id)] = each.data.chart_version
                newer.append(each.data)
    if newer:
        latest = list({chart.chart_id: chart for chart in newer}.values())
        await charts.insert_charts(connection, newer)
        await place_charts(connection, latest, weights)
        await holds.wake_charts(connection, latest)
        await forget_codings(connection, [ChartId(chart.chart_id) for chart in newer if chart.status == "withdrawn"])
        coded = [
            (chart, standing[ChartId(chart.chart_id)].coding_version) for chart in newer if _was_coded(chart, standing)
        ]
        await Outbox(SCHEMA).enqueue(connection, [_announce_withdrawal(*each) for each in coded])
    return entries


def _was_coded(chart: ChartReady, standing: dict[ChartId, Standing]) -> bool:
    """Whether it is withdrawn after a coding of it was sent."""
    place = standing.get(ChartId(chart.chart_id))
    return chart.status == "withdrawn" and place is not None and place.coding_version > 0


def _announce_withdrawal(chart: ChartReady, coding_version: int) -> OutboxMessage:
    withdrawn = ChartWithdrawn(
        chart_id=chart.chart_id,
        chart_version=chart.chart_version,
        coding_version=coding_version,
        reason="encounter-reopened" if chart.reason == "encounter-reopened" else "encounter-void",
    )
    subject = str(chart.chart_id)
    return event_message(
        Envelope[ChartWithdrawn](source=SOURCE, type=Topic.CHART_WITHDRAWN, subject=subject, data=withdrawn)
    )


def compare_versions(arrived: int, current: int | None) -> Outcome:
    """Tell what becomes of a chart version when `current` is the one that the queue is about."""
    if current is None or arrived > current:
        return Outcome.APPLIED
    return Outcome.DUPLICATE if arrived == current else Outcome.STALE


async def _apply_returns(
    connection: Connection, news: Sequence[_News], standing: dict[ChartId, Standing], weights: PriorityWeights
) -> tuple[list[InboxEntry], list[Unusable]]:
    """Store findings, and reopen the charts whose latest coding they are about."""
    entries, unknown = [], []
    applied: list[tuple[UUID, ClaimReturned]] = []
    for each in news:
        if isinstance(each.data, ClaimReturned):
            place = standing.get(ChartId(each.data.chart_id))
            if place is None or not 0 < each.data.coding_version <= place.coding_version:
                unknown.append(Unusable(each.record, UNKNOWN_CODING, "data.coding_version"))
            elif each.data.coding_version < place.coding_version:
                entries.append(each.settle(Outcome.STALE))
            else:
                entries.append(each.settle(Outcome.APPLIED))
                applied.append((each.message_id, each.data))
    if applied:
        await charts.insert_returned(connection, applied)
        await work_items.reopen_returned(
            connection,
            [(ChartId(news.chart_id), news.coding_version) for _, news in applied],
            raised_hours=weights.returned_hours,
        )
        await arrivals.announce_open(connection, [ChartId(news.chart_id) for _, news in applied])
    return entries, unknown
