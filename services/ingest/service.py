"""The use cases of intake: take a batch in, hold what cannot be used, try held records again.

Place in the flow: the consumer and the API call this; it is the only place of intake that opens transactions. A batch
is one transaction: outcomes, versions, documents, and the charts to look at. Charts are emitted by `emission`.

Invariant: every fresh record leaves with exactly one outcome, in the transaction that makes it true.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from services.ingest import SCHEMA, chart_store, store
from services.ingest.assembly import TIMED_TYPES, coverage_of
from services.ingest.examiner import Examiner
from services.ingest.intake import Arrival, Examined, Refusal
from services.ingest.judgement import Judgement, RecordOutcome, judge_batch
from services.ingest.readiness import hold_until
from services.ingest.settings import IngestOptions
from shared.contracts.errors import Conflict, NotFound
from shared.kafka.record import Record
from shared.postgres.answers import Answers, Repeatable
from shared.postgres.inbox import Inbox, InboxEntry, Outcome
from shared.postgres.pool import Connection, Pool
from shared.postgres.quarantine import HeldRecord, Quarantine, Unusable
from shared.telemetry.metrics import counter

_inbox = Inbox(SCHEMA)
_quarantine = Quarantine(SCHEMA)
_repeats = Answers(SCHEMA)
Clock = Callable[[], datetime]
_outcomes = counter("chartline_ingest_records_total", "Records by outcome.", ("topic", "outcome"))
_unreadable = counter("chartline_ingest_unreadable_parts_total", "Report parts that gave no text.", ("reason",))


class Replayed(BaseModel):
    """What became of a held record this time."""

    model_config = ConfigDict(frozen=True)

    outcome: Literal["applied", "stale", "duplicate", "quarantined"]
    reason: str | None


def now_utc() -> datetime:
    """Return the time; tests pass a clock of their own."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class IngestService:
    """Intake on one pool. `wake` is called after a commit that made work for others."""

    pool: Pool
    examiner: Examiner
    options: IngestOptions
    wake: Callable[[], None] = lambda: None
    clock: Clock = now_utc

    async def take_in(self, records: Sequence[Record]) -> None:
        """Settle a poll's batch in one transaction."""
        answers = dict(zip((each.position for each in records), await self.examiner.examine(records), strict=True))
        async with self.pool.acquire() as connection, connection.transaction():
            fresh = await _inbox.unseen(connection, records)
            judgement = await self._apply(connection, [(record, answers[record.position]) for record in fresh])
            await self._record(connection, judgement.outcomes)
        self._count(judgement)
        self.wake()

    async def reject(self, record: Record, reason: str) -> None:
        """Hold one record that made `take_in` fail."""
        async with self.pool.acquire() as connection, connection.transaction():
            if await _inbox.unseen(connection, [record]):
                await self._record(connection, [RecordOutcome(record, Outcome.QUARANTINED, reason)])
        self.wake()

    async def list_held(self, *, reason: str | None, before: int | None, limit: int) -> list[HeldRecord]:
        """List what is held, newest first; `before` is the last id of the page above."""
        return await _quarantine.list_held(self.pool, reason=reason, before=before, limit=limit)

    async def replay(self, quarantine_id: int, request: Repeatable | None = None) -> Replayed:
        """Take a held record in again; its inbox outcome stays. Raises NotFound, or Conflict when it was applied."""
        record = await _quarantine.read_held(self.pool, quarantine_id)
        if record is None:
            raise NotFound("no held record has this id")
        (answer,) = await self.examiner.examine([record])

        async def take_in_again(connection: Connection) -> Replayed:
            judgement = await self._apply(connection, [(record, answer)])
            (outcome,) = judgement.outcomes
            usable = outcome.outcome is not Outcome.QUARANTINED
            if usable and not await _quarantine.mark_replayed(connection, quarantine_id, self.clock()):
                raise Conflict("the held record was applied already")
            return Replayed(outcome=outcome.outcome.value, reason=outcome.reason)

        replayed = await _repeats.once(self.pool, request, Replayed, take_in_again)
        self.wake()
        return replayed

    async def _apply(self, connection: Connection, examined: Sequence[tuple[Record, Examined]]) -> Judgement:
        arrivals = [arrival for _, answer in examined if not isinstance(answer, Refusal) for arrival in answer]
        locked = await store.lock_versions(connection, {arrival.key for arrival in arrivals}) if arrivals else {}
        seen = await store.find_seen(connection, arrivals) if locked else set()
        judgement = judge_batch(examined, locked, seen)
        if judgement.kept:
            await store.write_resources(connection, judgement.kept, judgement.current, locked)
            await self._touch_charts(connection, list(judgement.current.values()))
        return judgement

    async def _touch_charts(self, connection: Connection, arrivals: Sequence[Arrival]) -> None:
        """Make and schedule the charts that these arrivals concern."""
        now = self.clock()
        evaluate_at = now + timedelta(seconds=self.options.settle_seconds)
        encounters = [arrival for arrival in arrivals if arrival.encounter]
        concerned = {
            arrival.encounter_id
            for arrival in arrivals
            if arrival.encounter_id and arrival.key.resource_type in TIMED_TYPES | {"Encounter"}
        }
        found = _findable(arrivals)
        await chart_store.lock_charts(connection, concerned, found)
        if encounters:
            holds = [self._hold(arrival, now) for arrival in encounters]
            await chart_store.upsert_charts(connection, encounters, holds, now=now, evaluate_at=evaluate_at)
        patients = _patients_to_link(arrivals)
        if patients:
            concerned.update(await store.link_by_period(connection, patients))
        await chart_store.schedule_charts(connection, concerned, found, evaluate_at)

    def _hold(self, arrival: Arrival, now: datetime) -> datetime | None:
        facts = arrival.encounter
        if facts is None:
            return None
        return hold_until(arrival.status, facts.ended_at, now, self.options.hold(facts.encounter_class))

    async def _record(self, connection: Connection, outcomes: Sequence[RecordOutcome]) -> None:
        refused = [each for each in outcomes if each.outcome is Outcome.QUARANTINED]
        unusable = [Unusable(each.record, each.reason or "unknown", each.expression) for each in refused]
        entries = await _quarantine.hold(connection, unusable)
        settled = (each for each in outcomes if each.outcome is not Outcome.QUARANTINED)
        entries += [InboxEntry(each.record, each.outcome, reason=each.reason) for each in settled]
        await _inbox.record(connection, entries)

    def _count(self, judgement: Judgement) -> None:
        for each in judgement.outcomes:
            _outcomes.labels(each.record.topic, each.outcome.value).inc()
        for arrival in judgement.kept:
            for reason in arrival.document.unreadable if arrival.document else ():
                _unreadable.labels(reason).inc()


def _findable(arrivals: Sequence[Arrival]) -> set[str]:
    """Return the names under which a waiting chart may miss these arrivals."""
    names = {arrival.key.reference for arrival in arrivals}
    coverages = (arrival for arrival in arrivals if arrival.key.resource_type == "Coverage")
    return names | {coverage_of(arrival.patient_id) for arrival in coverages if arrival.patient_id}


def _patients_to_link(arrivals: Sequence[Arrival]) -> set[str]:
    """Return the patients of new encounters, and of what belongs to an encounter and names none."""
    return {
        arrival.patient_id
        for arrival in arrivals
        if arrival.patient_id
        and (arrival.encounter or (arrival.key.resource_type in TIMED_TYPES and not arrival.encounter_id))
    }
