"""Typed reads and writes of the schema `ingest`, a batch at a time: one round trip a statement, however many rows.

Invariant: rows of one table are locked in the order of their key, resources before charts, so that two batches never
wait for each other. The caller has the transaction.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.ingest import SCHEMA
from services.ingest.assembly import StoredDocument, StoredResource
from services.ingest.intake import Arrival
from services.ingest.versions import Version
from shared.contracts.errors import Unavailable
from shared.fhir.references import ResourceKey, read_reference
from shared.postgres.pool import Connection, Executor
from shared.postgres.statements import Statements

SQL = Statements("services.ingest", schema=SCHEMA)


class RacedResource(Unavailable):
    """Another process made the first version of a resource while this one was about to; the batch is tried again."""

    code = "raced-resource"


@dataclass(frozen=True, slots=True)
class DueChart:
    """A chart whose time has come, locked."""

    chart_id: UUID
    encounter_id: str
    patient_id: str | None
    encounter_class: str
    encounter_status: str
    state: str
    chart_version: int
    fingerprint: str | None
    learned_at: datetime
    hold_until: datetime | None


@dataclass(frozen=True, slots=True)
class SettledChart:
    """What a chart's row says after a decision."""

    chart_id: UUID
    state: str
    chart_version: int
    fingerprint: str | None
    missing: frozenset[str]
    evaluate_at: datetime | None


async def lock_versions(connection: Connection, keys: Iterable[ResourceKey]) -> dict[ResourceKey, Version]:
    """Lock the resources that exist and return the version of each that was applied last."""
    types, ids = _columns(keys)
    rows = await SQL.fetch(connection, "lock_resources", resource_types=types, resource_ids=ids)
    return {_key(row): Version(row["digest"], row["version_number"], row["updated_at"]) for row in rows}


async def find_seen(connection: Connection, arrivals: Sequence[Arrival]) -> set[tuple[ResourceKey, str]]:
    """Return those contents among `arrivals` that were applied at any time."""
    types, ids = _columns(arrival.key for arrival in arrivals)
    digests = [arrival.version.digest for arrival in arrivals]
    rows = await SQL.fetch(connection, "find_seen_digests", resource_types=types, resource_ids=ids, digests=digests)
    return {(_key(row), row["digest"]) for row in rows}


async def write_resources(
    connection: Connection,
    kept: Sequence[Arrival],
    current: Mapping[ResourceKey, Arrival],
    locked: Mapping[ResourceKey, Version],
) -> None:
    """Keep every version and point to the current ones; raises RacedResource when a row appeared since the lock."""
    types, ids = _columns(arrival.key for arrival in kept)
    await SQL.execute(
        connection,
        "append_resource_versions",
        resource_types=types,
        resource_ids=ids,
        digests=[arrival.version.digest for arrival in kept],
        versions=[arrival.version.label for arrival in kept],
        bodies=[arrival.body.encode() for arrival in kept],
    )
    await _point_to_current(connection, list(current.values()), locked)
    await _write_documents(connection, [arrival for arrival in current.values() if arrival.document is not None])


async def _point_to_current(
    connection: Connection, arrivals: Sequence[Arrival], locked: Mapping[ResourceKey, Version]
) -> None:
    types, ids = _columns(arrival.key for arrival in arrivals)
    locked_types, locked_ids = _columns(locked)
    tag = await SQL.execute(
        connection,
        "upsert_resources",
        resource_types=types,
        resource_ids=ids,
        digests=[arrival.version.digest for arrival in arrivals],
        versions=[arrival.version.label for arrival in arrivals],
        version_numbers=[arrival.version.number for arrival in arrivals],
        updated_at=[arrival.version.updated_at for arrival in arrivals],
        statuses=[arrival.status for arrival in arrivals],
        patient_ids=[arrival.patient_id for arrival in arrivals],
        encounter_ids=[arrival.encounter_id for arrival in arrivals],
        occurred_at=[arrival.occurred_at for arrival in arrivals],
        refers_to=[json.dumps(arrival.refers_to) for arrival in arrivals],
        locked_types=locked_types,
        locked_ids=locked_ids,
        locked_digests=[version.digest for version in locked.values()],
    )
    if tag != f"INSERT 0 {len(arrivals)}":
        raise RacedResource("a resource was first applied by another process at the same time")


async def _write_documents(connection: Connection, arrivals: Sequence[Arrival]) -> None:
    documents = [(arrival.key, arrival.document) for arrival in arrivals if arrival.document]
    if documents:
        types, ids = _columns(key for key, _ in documents)
        await SQL.execute(
            connection,
            "upsert_documents",
            resource_types=types,
            resource_ids=ids,
            sha256s=[hashlib.sha256(document.text.encode()).hexdigest() for _, document in documents],
            kinds=[document.kind for _, document in documents],
            titles=[document.title for _, document in documents],
            authored_at=[document.authored_at for _, document in documents],
            texts=[document.text for _, document in documents],
        )


async def lock_charts(connection: Connection, encounter_ids: Collection[str], found: Collection[str]) -> None:
    """Lock the charts of these encounters and those that miss one of `found`, in order, before any is written."""
    await SQL.fetch(connection, "lock_charts", encounter_ids=list(encounter_ids), found=list(found))


async def upsert_charts(
    connection: Connection,
    encounters: Sequence[Arrival],
    hold_until: Sequence[datetime | None],
    *,
    now: datetime,
    evaluate_at: datetime,
) -> None:
    """Make or update the chart of each encounter and schedule it; `hold_until` goes with `encounters`."""
    facts = [arrival.encounter for arrival in encounters]
    await SQL.execute(
        connection,
        "upsert_charts",
        encounter_ids=[arrival.key.resource_id for arrival in encounters],
        patient_ids=[arrival.patient_id for arrival in encounters],
        classes=[fact.encounter_class if fact else "" for fact in facts],
        statuses=[arrival.status for arrival in encounters],
        period_starts=[fact.started_at if fact else None for fact in facts],
        period_ends=[fact.ended_at if fact else None for fact in facts],
        hold_until=list(hold_until),
        now=now,
        evaluate_at=evaluate_at,
    )


async def link_documents(connection: Connection, patient_ids: Collection[str]) -> list[str]:
    """Link reports without encounter of these patients by period; returns the encounters that gained one."""
    rows = await SQL.fetch(connection, "link_documents_by_period", patient_ids=list(patient_ids))
    return [row["encounter_id"] for row in rows]


async def schedule_charts(
    connection: Connection, encounter_ids: Collection[str], found: Collection[str], evaluate_at: datetime
) -> None:
    """Look again at the charts of these encounters, and at those that miss one of `found`."""
    await SQL.execute(
        connection,
        "schedule_charts",
        encounter_ids=list(encounter_ids),
        found=list(found),
        evaluate_at=evaluate_at,
    )


async def lock_due_charts(connection: Connection, now: datetime, limit: int) -> list[DueChart]:
    """Lock at most `limit` charts whose time has come and that no other process has in hand."""
    rows = await SQL.fetch(connection, "lock_due_charts", now=now, limit=limit)
    return [DueChart(**dict(row)) for row in rows]


async def read_encounter_resources(
    connection: Connection, encounter_ids: Collection[str], kinds: Collection[str]
) -> dict[str, list[StoredResource]]:
    """Read by encounter id the encounters and what they have of their own, of these resource types."""
    rows = await SQL.fetch(connection, "read_encounter_resources", encounter_ids=list(encounter_ids), kinds=list(kinds))
    found: dict[str, list[StoredResource]] = defaultdict(list)
    for row in rows:
        found[row["encounter_id"]].append(_stored(row, _stored_document(row)))
    return found


async def read_coverages(connection: Connection, patient_ids: Collection[str]) -> dict[str, list[StoredResource]]:
    """Read the coverages by patient id."""
    found: dict[str, list[StoredResource]] = defaultdict(list)
    for row in await SQL.fetch(connection, "read_coverages", patient_ids=list(patient_ids)):
        found[row["patient_id"]].append(_stored(row))
    return found


async def read_resources(connection: Connection, keys: Iterable[ResourceKey]) -> dict[ResourceKey, StoredResource]:
    """Read the current versions of those of these resources that are known."""
    types, ids = _columns(keys)
    rows = await SQL.fetch(connection, "read_resources", resource_types=types, resource_ids=ids)
    return {_key(row): _stored(row) for row in rows}


async def settle_charts(connection: Connection, settled: Sequence[SettledChart], now: datetime) -> None:
    """Write what was decided for each chart."""
    await SQL.execute(
        connection,
        "settle_charts",
        chart_ids=[chart.chart_id for chart in settled],
        states=[chart.state for chart in settled],
        chart_versions=[chart.chart_version for chart in settled],
        fingerprints=[chart.fingerprint for chart in settled],
        missing=[json.dumps(sorted(chart.missing)) for chart in settled],
        evaluate_at=[chart.evaluate_at for chart in settled],
        now=now,
    )


async def read_chart(executor: Executor, chart_id: UUID) -> asyncpg.Record | None:
    """Read where a chart stands, without content."""
    return await SQL.fetchrow(executor, "read_chart", chart_id=chart_id)


def _key(row: asyncpg.Record) -> ResourceKey:
    return ResourceKey(row["resource_type"], row["resource_id"])


def _stored(row: asyncpg.Record, document: StoredDocument | None = None) -> StoredResource:
    return StoredResource(
        key=_key(row),
        version=row["version"],
        status=row["status"],
        refers_to=tuple(key for reference in row["refers_to"] if (key := read_reference(reference))),
        body=row["body"].decode(),
        document=document,
    )


def _stored_document(row: asyncpg.Record) -> StoredDocument | None:
    if row["document_version"] is None:
        return None
    return StoredDocument(row["document_version"], row["kind"], row["title"], row["authored_at"], row["text"])


def _columns(keys: Iterable[ResourceKey]) -> tuple[list[str], list[str]]:
    pairs = list(keys)
    return [key.resource_type for key in pairs], [key.resource_id for key in pairs]
