"""Batches of records end where the ledger says, whatever is in them."""

import asyncio
from collections.abc import Iterable

import pytest

from services.ingest import judgement, store
from services.ingest.versions import Version
from shared.contracts.topics import Topic
from shared.fhir.references import ResourceKey
from shared.postgres.answers import Repeatable
from shared.postgres.inbox import Outcome
from shared.postgres.pool import Connection
from tests.builders import (
    as_bytes,
    attachment,
    bundle,
    claim,
    composition,
    condition,
    coverage,
    diagnostic_report,
    encounter,
    observation,
    organization,
    patient,
    practitioner,
)
from tests.integration.ingest.conftest import Ward

LOCK_VERSIONS = store.lock_versions
APPLIED, STALE, DUPLICATE, QUARANTINED = Outcome.APPLIED, Outcome.STALE, Outcome.DUPLICATE, Outcome.QUARANTINED


async def test_repetitions_in_a_batch_and_across_batches_are_duplicates(ward: Ward) -> None:
    assert await ward.send(patient(), patient()) == [APPLIED, DUPLICATE]
    assert await ward.send(patient(), coverage()) == [DUPLICATE, APPLIED]


async def test_an_older_version_is_stale_wherever_it_comes(ward: Ward) -> None:
    assert await ward.send(encounter(version=2), encounter(version=1, status="in-progress")) == [APPLIED, STALE]
    assert await ward.send(encounter(version=1, status="arrived")) == [STALE]
    assert await ward.send(encounter(version=10)) == [APPLIED]


async def test_the_same_version_with_other_content_is_quarantined(ward: Ward) -> None:
    assert await ward.send(encounter(version=1), encounter(version=1, status="cancelled")) == [APPLIED, QUARANTINED]
    assert await ward.reasons() == [judgement.VERSION_CONFLICT]


@pytest.mark.parametrize(
    ("value", "topic", "reason"),
    [
        (None, Topic.FHIR_ENCOUNTER, "empty-record"),
        (b"\xff\xfe", Topic.FHIR_ENCOUNTER, "not-utf8"),
        (b'{"resourceType": "Encounter", ', Topic.FHIR_ENCOUNTER, "not-json"),
        (b"[" * 5000 + b"]" * 5000, Topic.FHIR_ENCOUNTER, "not-json"),
        (b"[]", Topic.FHIR_ENCOUNTER, "not-an-object"),
        (b'{"hello": 1}', Topic.FHIR_ENCOUNTER, "unknown-envelope"),
        (as_bytes({"resourceType": "Encountre", "id": "x"}), Topic.FHIR_ENCOUNTER, "unknown-resource-type"),
        (as_bytes(encounter(status="banana")), Topic.FHIR_ENCOUNTER, "invalid-resource"),
        (as_bytes(encounter(id=None)), Topic.FHIR_ENCOUNTER, "no-id"),
        (as_bytes(patient(name=[{"family": "a\0b"}])), Topic.FHIR_RESOURCE, "invalid-resource"),
        (as_bytes(observation()), Topic.FHIR_ENCOUNTER, "unexpected-type"),
        (as_bytes(encounter()), Topic.FHIR_DIAGNOSTIC_REPORT, "unexpected-type"),
        (as_bytes(claim()), Topic.FHIR_RESOURCE, "unexpected-type"),
    ],
)
async def test_what_cannot_be_used_is_held_and_stops_nothing(
    ward: Ward, value: bytes | None, topic: Topic, reason: str
) -> None:
    bad = ward.record(value, topic)
    good = ward.records(patient())
    await ward.service.take_in([bad, *good])
    assert await ward.outcome(bad) is QUARANTINED
    assert await ward.outcome(good[0]) is APPLIED
    assert await ward.reasons() == [reason]
    dead = await ward.pool.fetchrow("select value, headers from ingest.outbox where topic = $1", "dead-letter.v1")
    assert dead is not None
    assert dead["value"] == value


async def test_a_bundle_is_applied_whole_or_not_at_all(ward: Ward) -> None:
    await ward.send(encounter(version=1))
    conflicting = bundle(patient(), encounter(version=1, status="cancelled"))
    assert await ward.send(conflicting) == [QUARANTINED]
    assert await ward.send(patient()) == [APPLIED]
    assert await ward.send(bundle(patient(), organization(), bundle_type="transaction")) == [APPLIED]


async def test_a_crash_between_commit_and_offset_commit_applies_nothing_twice(ward: Ward) -> None:
    records = [*ward.records(encounter(), diagnostic_report()), ward.record(b"broken")]
    await ward.service.take_in(records)
    await ward.service.take_in(records)
    await ward.service.reject(records[0], "handler-failed")
    counts = await ward.pool.fetchrow(
        "select (select count(*) from ingest.inbox) as inbox, (select count(*) from ingest.quarantine) as held,"
        " (select sum(records_seen) from ingest.inbox_progress) as seen"
    )
    assert counts is not None
    assert (counts["inbox"], counts["held"], counts["seen"]) == (3, 1, 3)


async def test_a_rejected_record_is_held_with_its_reason(ward: Ward) -> None:
    record = ward.records(patient())[0]
    await ward.service.reject(record, "handler-failed")
    assert await ward.outcome(record) is QUARANTINED
    assert await ward.reasons() == ["handler-failed"]


async def test_two_processes_that_take_the_same_resources_in_agree(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both find that nobody has applied the resources; one of them must learn of the other and try again."""
    both_have_looked = asyncio.Barrier(2)
    looks = 0

    async def lock_versions(connection: Connection, keys: Iterable[ResourceKey]) -> dict[ResourceKey, Version]:
        nonlocal looks
        found = await LOCK_VERSIONS(connection, keys)
        looks += 1
        if looks <= 2:
            await both_have_looked.wait()
        return found

    monkeypatch.setattr(store, "lock_versions", lock_versions)
    resources = [patient(f"pt-{number}", version=1) for number in range(50)]
    first, second = ward.records(*resources), ward.records(*resources[::-1])
    answers = await asyncio.gather(ward.service.take_in(first), ward.service.take_in(second), return_exceptions=True)
    raced = [error for error in answers if error is not None]
    assert [type(error) for error in raced] == [store.RacedResource]
    await ward.service.take_in(first + second)
    outcomes = sorted([await ward.outcome(record) for record in first + second])
    assert outcomes == [APPLIED] * 50 + [DUPLICATE] * 50


async def test_a_two_megabyte_report_passes_to_the_character(ward: Ward) -> None:
    text = "Impression: pneumonia, é and \N{GRINNING FACE}.\n" * 60_000
    report = diagnostic_report(text=None, presentedForm=[attachment(text, "text/plain; charset=utf-8")])
    await ward.send(patient(), coverage(), organization(), practitioner(), organization("hospital"))
    assert await ward.send(encounter(), report) == [APPLIED, APPLIED]
    (chart,) = await ward.emit()
    assert len(text.encode()) > 2_000_000
    assert chart.documents[0].text == text.rstrip()
    assert chart.reports[0].body == as_bytes(report).decode()


async def test_a_held_record_is_taken_in_again_once(ward: Ward) -> None:
    await ward.send(encounter(version=1))
    held = ward.records(patient())[0]
    await ward.service.reject(held, "handler-failed")
    quarantine_id = await ward.pool.fetchval("select quarantine_id from ingest.quarantine")
    assert (await ward.service.replay(quarantine_id)).outcome == "applied"
    assert await ward.outcome(held) is QUARANTINED
    assert await ward.send(patient()) == [DUPLICATE]
    with pytest.raises(Exception, match="applied already"):
        await ward.service.replay(quarantine_id)


async def test_a_replay_that_is_asked_for_twice_under_one_key_is_one(ward: Ward) -> None:
    await ward.send(encounter(version=1))
    await ward.service.reject(ward.records(patient())[0], "handler-failed")
    quarantine_id = await ward.pool.fetchval("select quarantine_id from ingest.quarantine")
    request = Repeatable.of("ada", "key-1", "POST", f"/v1/quarantine/{quarantine_id}/replay")
    answers = [await ward.service.replay(quarantine_id, request) for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0].outcome == "applied"


async def test_what_is_still_wrong_stays_held(ward: Ward) -> None:
    assert await ward.send(encounter(status="banana")) == [QUARANTINED]
    quarantine_id = await ward.pool.fetchval("select quarantine_id from ingest.quarantine")
    outcome = await ward.service.replay(quarantine_id)
    assert (outcome.outcome, outcome.reason) == ("quarantined", "invalid-resource")
    assert await ward.pool.fetchval("select replayed_at from ingest.quarantine") is None


async def test_every_kept_type_is_stored(ward: Ward) -> None:
    outcomes = await ward.send(composition(), condition(), observation(), practitioner())
    assert outcomes == [APPLIED] * 4
