"""Takes codings in: a batch of `chart.coded.v1` becomes codings and ready claims.

Place in the flow: the first step; cheap on purpose, the work is `preparation`'s.
Invariants: every record of the batch gets exactly one outcome in the transaction that applies it; a chart's newest
coding has exactly one effective claim, and what another payer holds of the chart is taken back there; codings of one
chart are ordered by its row lock.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from uuid import UUID

from services.claims.claim import identify_claim
from services.claims.payers import choose_payer
from services.claims.service.voids import void_held
from services.claims.settings import ClaimsOptions
from services.claims.store import ClaimStore, CodingKey, NewClaim, NewCoding
from services.claims.store.denial_store import DenialStore
from shared.contracts.envelope import Envelope
from shared.contracts.errors import ChartlineError, InvalidContent
from shared.contracts.messages import ChartCoded
from shared.contracts.topics import Topic
from shared.kafka.record import Record
from shared.postgres.inbox import Inbox, InboxEntry, Outcome
from shared.postgres.pool import Connection, Pool
from shared.postgres.quarantine import Quarantine, Unusable

CODING_CONFLICT = "coding-conflict"
"""Reason code of a coding whose version is known with another Claim."""


@dataclass(frozen=True, slots=True)
class _Arrival:
    record: Record
    message_id: str
    coded: ChartCoded
    claim_sha256: str

    @property
    def key(self) -> CodingKey:
        return self.coded.chart_id, self.coded.coding_version

    def entry(self, outcome: Outcome) -> InboxEntry:
        return InboxEntry(self.record, outcome, self.message_id)


class IntakeService:
    """Takes codings in."""

    def __init__(self, pool: Pool, schema: str, options: ClaimsOptions) -> None:
        self._pool = pool
        self._store = ClaimStore(schema)
        self._denials = DenialStore(schema)
        self._inbox = Inbox(schema)
        self._quarantine = Quarantine(schema)
        self._options = options

    async def receive_codings(self, records: Sequence[Record]) -> int:
        """Apply a batch in one transaction; returns how many claims it made."""
        async with self._pool.acquire() as connection, connection.transaction():
            fresh = await self._inbox.unseen(connection, records)
            arrivals, unusable = _read_arrivals(fresh)
            entries, accepted = await self._sort_out(connection, arrivals, unusable)
            if accepted:
                await self._keep(connection, accepted)
            held = await self._quarantine.hold(connection, unusable)
            ids = {arrival.record.position: arrival.message_id for arrival in arrivals}
            entries += [replace(entry, message_id=ids.get(entry.record.position)) for entry in held]
            await self._inbox.record(connection, entries)
        return len(accepted)

    async def hold(self, record: Record, reason: str) -> None:
        """Put one record aside that made its batch fail."""
        async with self._pool.acquire() as connection, connection.transaction():
            if await self._inbox.unseen(connection, [record]):
                entries = await self._quarantine.hold(connection, [Unusable(record, reason)])
                await self._inbox.record(connection, entries)

    async def _sort_out(
        self, connection: Connection, arrivals: Sequence[_Arrival], unusable: list[Unusable]
    ) -> tuple[list[InboxEntry], list[_Arrival]]:
        """Tell new codings from repetitions and late ones; what contradicts a known one joins `unusable`."""
        repeated = await self._inbox.known_messages(
            connection, Topic.CHART_CODED, [arrival.message_id for arrival in arrivals]
        )
        progress = await self._store.lock_charts(connection, {arrival.coded.chart_id for arrival in arrivals})
        newest = {chart_id: each.coding_version for chart_id, each in progress.items()}
        known = await self._store.find_codings(connection, [arrival.key for arrival in arrivals])
        entries: list[InboxEntry] = []
        accepted: list[_Arrival] = []
        for arrival in arrivals:
            chart_id, version = arrival.key
            if arrival.message_id in repeated or known.get(arrival.key) == arrival.claim_sha256:
                entries.append(arrival.entry(Outcome.DUPLICATE))
            elif arrival.key in known:
                unusable.append(Unusable(arrival.record, CODING_CONFLICT))
            elif version < newest[chart_id] or version <= progress[chart_id].withdrawn_coding:
                entries.append(arrival.entry(Outcome.STALE))
            else:
                entries.append(arrival.entry(Outcome.APPLIED))
                accepted.append(arrival)
                newest[chart_id] = version
                known[arrival.key] = arrival.claim_sha256
        return entries, accepted

    async def _keep(self, connection: Connection, accepted: Sequence[_Arrival]) -> None:
        await self._store.insert_codings(connection, [_coding(arrival) for arrival in accepted])
        claims = self._make_claims(accepted)
        await self._store.insert_claims(connection, claims)
        await self._denials.close_recoded(connection, {claim.chart_id for claim in claims})
        newest = [claim for claim in claims if claim.superseded_by is None]
        await void_held(
            connection,
            self._store,
            {claim.chart_id: claim.coding_version for claim in newest},
            staying={claim.chart_id: claim.payer_id for claim in newest},
        )

    def _make_claims(self, accepted: Sequence[_Arrival]) -> list[NewClaim]:
        """One claim a coding; of several codings of a chart in one batch each supersedes the one before it."""
        claims: list[NewClaim] = []
        for chart_id in dict.fromkeys(arrival.coded.chart_id for arrival in accepted):
            codings = [arrival.coded for arrival in accepted if arrival.coded.chart_id == chart_id]
            payers = [choose_payer(coded, self._options.payers, self._options.default_payer) for coded in codings]
            ids = [
                identify_claim(chart_id, coded.coding_version, payer)
                for coded, payer in zip(codings, payers, strict=True)
            ]
            successors: list[UUID | None] = [*(later for _, later in pairwise(ids)), None]
            claims += [
                NewClaim(claim_id, chart_id, coded.coding_version, payer, successor)
                for claim_id, coded, payer, successor in zip(ids, codings, payers, successors, strict=True)
            ]
        return claims


def _read_arrivals(records: Collection[Record]) -> tuple[list[_Arrival], list[Unusable]]:
    arrivals: list[_Arrival] = []
    unusable: list[Unusable] = []
    for record in records:
        try:
            arrivals.append(_read_arrival(record))
        except ChartlineError as error:
            unusable.append(Unusable(record, error.code, error.expression))
    return arrivals, unusable


def _read_arrival(record: Record) -> _Arrival:
    envelope = Envelope[ChartCoded].decode(record.value)
    if envelope.data.coding_version < 1:
        raise InvalidContent("codings count from 1", expression="data.coding_version")
    digest = hashlib.sha256(envelope.data.claim.body.encode()).hexdigest()
    return _Arrival(record, str(envelope.id), envelope.data, digest)


def _coding(arrival: _Arrival) -> NewCoding:
    return NewCoding(
        chart_id=arrival.coded.chart_id,
        coding_version=arrival.coded.coding_version,
        chart_version=arrival.coded.chart_version,
        claim_sha256=arrival.claim_sha256,
        event=arrival.record.value or b"",
    )
