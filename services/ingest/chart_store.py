"""Typed reads and writes of charts, and reads of what they are assembled from; many charts a statement.

Invariant: a chart is locked before it is written, in the order of encounter ids; the caller has the transaction.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from services.ingest.assembly import StoredDocument, StoredResource
from services.ingest.intake import Arrival
from services.ingest.store import SQL, columns_of, key_of
from shared.fhir.references import ResourceKey, read_reference
from shared.postgres.pool import Connection, Executor


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
    types, ids = columns_of(keys)
    rows = await SQL.fetch(connection, "read_resources", resource_types=types, resource_ids=ids)
    return {key_of(row): _stored(row) for row in rows}


def _stored(row: asyncpg.Record, document: StoredDocument | None = None) -> StoredResource:
    return StoredResource(
        key=key_of(row),
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
