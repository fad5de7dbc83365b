"""What becomes of each record of a batch, given what the database has applied. Pure.

Place in the flow: between reading the locked versions and writing the new ones, in one transaction. Repetitions inside
the batch are found as those in the database are.

Invariant: every record gets exactly one outcome, and a record is applied whole or not at all.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field

from services.ingest.intake import Arrival, Examined, Refusal
from services.ingest.versions import Verdict, Version, judge
from shared.fhir.references import ResourceKey
from shared.kafka.record import Record
from shared.postgres.inbox import Outcome

VERSION_CONFLICT = "version-conflict"
HEARTBEAT = "heartbeat"
"""Reason of a record that carried no resource and was no mistake."""

Seen = Set[tuple[ResourceKey, str]]
"""Contents applied at any time: resource and digest."""


@dataclass(frozen=True, slots=True)
class RecordOutcome:
    """The outcome of one record; a reason code where it is quarantined."""

    record: Record
    outcome: Outcome
    reason: str | None = None
    expression: str | None = None


@dataclass(slots=True)
class Judgement:
    """The outcomes in order of arrival, every version to keep, and the version of each resource that is current now."""

    outcomes: list[RecordOutcome] = field(default_factory=list)
    kept: list[Arrival] = field(default_factory=list)
    current: dict[ResourceKey, Arrival] = field(default_factory=dict)


def judge_batch(
    examined: Iterable[tuple[Record, Examined]], applied: Mapping[ResourceKey, Version], seen: Seen
) -> Judgement:
    """Judge the records in order. `applied` and `seen` are what the database knows of the resources in them."""
    judgement = Judgement()
    versions = dict(applied)
    digests = set(seen)
    for record, result in examined:
        if isinstance(result, Refusal):
            outcome = RecordOutcome(record, Outcome.QUARANTINED, result.reason, result.expression)
        else:
            outcome = _judge_record(record, result, versions, digests, judgement)
        judgement.outcomes.append(outcome)
    return judgement


def _judge_record(
    record: Record,
    arrivals: tuple[Arrival, ...],
    versions: dict[ResourceKey, Version],
    digests: set[tuple[ResourceKey, str]],
    judgement: Judgement,
) -> RecordOutcome:
    if not arrivals:
        return RecordOutcome(record, Outcome.APPLIED, HEARTBEAT)
    fresh: dict[ResourceKey, list[Arrival]] = {}
    verdicts = set()
    for arrival in arrivals:
        ahead = fresh.get(arrival.key)
        latest = ahead[-1].version if ahead else versions.get(arrival.key)
        verdict = judge(arrival.version, latest, seen_before=(arrival.key, arrival.version.digest) in digests)
        verdicts.add(verdict)
        if verdict is Verdict.CONFLICT:
            return RecordOutcome(record, Outcome.QUARANTINED, VERSION_CONFLICT, f"{arrival.key.resource_type}.meta")
        if verdict is Verdict.APPLY:
            fresh.setdefault(arrival.key, []).append(arrival)
    for key, applied in fresh.items():
        versions[key] = applied[-1].version
        digests.update((key, arrival.version.digest) for arrival in applied)
        judgement.kept.extend(applied)
        judgement.current[key] = applied[-1]
    return RecordOutcome(record, _OUTCOMES[min(verdicts, key=_PRECEDENCE.index)])


_PRECEDENCE = [Verdict.APPLY, Verdict.STALE, Verdict.DUPLICATE]
_OUTCOMES = {
    Verdict.APPLY: Outcome.APPLIED,
    Verdict.STALE: Outcome.STALE,
    Verdict.DUPLICATE: Outcome.DUPLICATE,
}
