"""Takes what payers say: an answer ends the waiting of its claim, whichever way it came.

Place in the flow: `claim.response.v1` in batches, and the answers to what was sent, which `sending` hands over.
Invariants: an answer counts once, however often it is repeated; one that names no claim that was sent is parked with
the reason `unmatched-response`, never guessed; what an answer denies is on the worklist when it is applied.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from services.claims.claim import Channel, State, take_answer
from services.claims.matching import ClaimNames
from services.claims.responses import Answer, read_answer
from services.claims.service.denied import DeniedIntake
from services.claims.store import AnswerStore, ClaimStore
from shared.contracts.errors import ChartlineError, InvalidContent
from shared.kafka.record import Record
from shared.postgres.inbox import Inbox, InboxEntry, Outcome
from shared.postgres.pool import Connection, Pool
from shared.postgres.quarantine import Quarantine, Unusable
from shared.telemetry.metrics import counter

UNMATCHED = "unmatched-response"
"""Reason code of an answer that names no claim of ours."""

_DECISIONS = frozenset({State.ACCEPTED, State.PAID, State.PARTIALLY_DENIED, State.DENIED})
_answered = counter("chartline_claims_answered_total", "Answers of payers.", ("channel", "state"))

Matched = tuple[UUID, Answer]
ResponseKey = tuple[UUID, str]
"""A claim, and the hash of an answer to it."""


class AnswerService:
    """Applies answers."""

    def __init__(self, pool: Pool, schema: str) -> None:
        self._pool = pool
        self._claims = ClaimStore(schema)
        self._responses = AnswerStore(schema)
        self._denied = DeniedIntake(schema)
        self._inbox = Inbox(schema)
        self._quarantine = Quarantine(schema)

    async def receive_responses(self, records: Sequence[Record]) -> None:
        """Apply a batch of `claim.response.v1` in one transaction."""
        async with self._pool.acquire() as connection, connection.transaction():
            fresh = await self._inbox.unseen(connection, records)
            read, unusable = _read_answers(fresh)
            named = await self._responses.find_named_claims(connection, [_name(*each) for each in read])
            states = await self._claims.lock_claims(connection, set(named.values()))
            matched: list[tuple[Record, Matched]] = []
            for position, (record, answer) in enumerate(read):
                if (claim_id := named.get(position)) in states:
                    matched.append((record, (claim_id, answer)))
                else:
                    unusable.append(Unusable(record, UNMATCHED))
            new = await self._apply(connection, Channel.KAFKA, [answer for _, answer in matched], states)
            entries = [_entry(record, answer, new) for record, answer in matched]
            entries += await self._quarantine.hold(connection, unusable)
            await self._inbox.record(connection, entries)

    async def apply_answers(
        self, connection: Connection, channel: Channel, answers: Sequence[Matched], states: Mapping[UUID, State]
    ) -> None:
        """Apply answers that came back where claims were sent, in the caller's transaction.

        `states` are those of their claims, which the caller has locked.
        """
        await self._apply(connection, channel, answers, states)

    async def _apply(
        self, connection: Connection, channel: Channel, matched: Sequence[Matched], states: Mapping[UUID, State]
    ) -> set[ResponseKey]:
        """Keep the answers and move their claims, in order; returns claim and hash of those that were new."""
        if not matched:
            return set()
        unique = {(claim_id, answer.sha256): (claim_id, answer) for claim_id, answer in matched}
        new = await self._responses.insert_responses(connection, channel, list(unique.values()))
        answered: dict[UUID, tuple[State, Sequence[str]]] = {}
        for key, (claim_id, answer) in unique.items():
            if key in new:
                before = answered[claim_id][0] if claim_id in answered else states[claim_id]
                answered[claim_id] = take_answer(before, answer.state), answer.codes
                _answered.labels(channel, answer.state).inc()
        if answered:
            await self._responses.answer_claims(connection, answered)
            decided = [claim_id for claim_id, (state, _) in answered.items() if state in _DECISIONS]
            await self._responses.mark_replaced(connection, decided)
            kept = {new[key]: matched for key, matched in unique.items() if key in new}
            await self._denied.note_answers(connection, kept, {each: state for each, (state, _) in answered.items()})
        return set(new)


def _read_answers(records: Sequence[Record]) -> tuple[list[tuple[Record, Answer]], list[Unusable]]:
    read: list[tuple[Record, Answer]] = []
    unusable: list[Unusable] = []
    for record in records:
        try:
            read.append((record, _read(record)))
        except ChartlineError as error:
            unusable.append(Unusable(record, error.code, error.expression))
    return read, unusable


def _read(record: Record) -> Answer:
    if record.value is None:
        raise InvalidContent("the record has no value; an answer is a ClaimResponse")
    return read_answer(record.value)


def _name(record: Record, answer: Answer) -> ClaimNames:
    """What the answer calls its claim; where it does not say our identifier, the record's key may be it."""
    if answer.names.identifier:
        return answer.names
    return replace(answer.names, identifier=(record.key or b"").decode(errors="replace"))


def _entry(record: Record, matched: Matched, new: set[tuple[UUID, str]]) -> InboxEntry:
    claim_id, answer = matched
    key = (claim_id, answer.sha256)
    if key in new:
        new.discard(key)  # A second record of the batch with the same content is a repetition.
        return InboxEntry(record, Outcome.APPLIED)
    return InboxEntry(record, Outcome.DUPLICATE)
