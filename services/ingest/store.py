"""Typed writes of resources and documents, a batch at a time: one round trip a statement, however many rows.

Invariant: rows of one table are locked in the order of their key, resources before charts, so that two batches never
wait for each other. The caller has the transaction.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence

import asyncpg

from services.ingest import SCHEMA
from services.ingest.intake import Arrival
from services.ingest.versions import Version
from shared.contracts.errors import Unavailable
from shared.fhir.references import ResourceKey
from shared.postgres.pool import Connection
from shared.postgres.statements import Statements

SQL = Statements("services.ingest", schema=SCHEMA)


class RacedResource(Unavailable):
    """Another process made the first version of a resource while this one was about to; the batch is tried again."""

    code = "raced-resource"


async def lock_versions(connection: Connection, keys: Iterable[ResourceKey]) -> dict[ResourceKey, Version]:
    """Lock the resources that exist and return the version of each that was applied last."""
    types, ids = columns_of(keys)
    rows = await SQL.fetch(connection, "lock_resources", resource_types=types, resource_ids=ids)
    return {key_of(row): Version(row["digest"], row["version_number"], row["updated_at"]) for row in rows}


async def find_seen(connection: Connection, arrivals: Sequence[Arrival]) -> set[tuple[ResourceKey, str]]:
    """Return those contents among `arrivals` that were applied at any time."""
    types, ids = columns_of(arrival.key for arrival in arrivals)
    digests = [arrival.version.digest for arrival in arrivals]
    rows = await SQL.fetch(connection, "find_seen_digests", resource_types=types, resource_ids=ids, digests=digests)
    return {(key_of(row), row["digest"]) for row in rows}


async def write_resources(
    connection: Connection,
    kept: Sequence[Arrival],
    current: Mapping[ResourceKey, Arrival],
    locked: Mapping[ResourceKey, Version],
) -> None:
    """Keep every version and point to the current ones; raises RacedResource when a row appeared since the lock."""
    types, ids = columns_of(arrival.key for arrival in kept)
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
    types, ids = columns_of(arrival.key for arrival in arrivals)
    locked_types, locked_ids = columns_of(locked)
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
        types, ids = columns_of(key for key, _ in documents)
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


async def link_by_period(connection: Connection, patient_ids: Collection[str]) -> list[str]:
    """Link what names no encounter of these patients by period; returns the encounters that gained something."""
    rows = await SQL.fetch(connection, "link_by_period", patient_ids=list(patient_ids))
    return [row["encounter_id"] for row in rows]


def key_of(row: asyncpg.Record) -> ResourceKey:
    """Return the resource that a row is of."""
    return ResourceKey(row["resource_type"], row["resource_id"])


def columns_of(keys: Iterable[ResourceKey]) -> tuple[list[str], list[str]]:
    """Return types and ids as the two arrays that statements take."""
    pairs = list(keys)
    return [key.resource_type for key in pairs], [key.resource_id for key in pairs]
