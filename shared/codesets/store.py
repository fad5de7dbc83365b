"""Keeps releases in PostgreSQL, schema `codesets`, and reads them back.

Invariant: a release and all its entries are written in one transaction, once; nothing is ever changed or removed.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count

import asyncpg
import orjson

from shared.codesets.entry import Entries, Entry
from shared.codesets.kinds import Kind
from shared.codesets.opening import Opened
from shared.codesets.pair_table import PairRow
from shared.contracts.errors import ChartlineError
from shared.postgres.pool import Connection, Executor
from shared.postgres.statements import Statements

SCHEMA = "codesets"
MIGRATION_PACKAGES = ("shared.codesets",)
_SQL = Statements("shared.codesets", schema=SCHEMA)
_COLUMNS = ("release_id", "position", "code", "title", "starts", "ends", "facts")
_COPY_SECONDS = 3600.0
_TELL_EVERY = 1000
_ROWS_A_FETCH = 5000
_SORT_SECONDS = 600.0
"""How long PostgreSQL may sort a release of millions of rows before the first comes: more than a command may take."""


class CountDiffers(ChartlineError):
    """The database holds another number of entries than the file has; the load was rolled back."""

    code = "code-set-count-differs"


@dataclass(frozen=True, slots=True)
class Release:
    """One loaded release."""

    release_id: int
    kind: str
    release: str
    effective: date
    file_name: str
    sha256: str
    counts: Mapping[str, int]
    loaded_at: datetime


async def store_release(
    connection: Connection, kind: Kind, opened: Opened, effective: date, advance: Callable[[int], None]
) -> bool:
    """Store a release within the caller's transaction; False when this file is stored for this day already.

    `advance` is told now and then how many entries were sent by now. Raises CountDiffers.
    """
    await _SQL.execute(connection, "lock_loading")
    identity = {"kind": kind.name, "effective": effective, "sha256": opened.sha256}
    if await _SQL.fetchval(connection, "find_release", **identity) is not None:
        return False
    reading = opened.reading
    release_id = await _SQL.fetchval(
        connection,
        "insert_release",
        **identity,
        release=reading.release or effective.isoformat(),
        file_name=opened.name,
        counts=json.dumps(dict(reading.counts)),
    )
    await connection.copy_records_to_table(
        "entry",
        schema_name=SCHEMA,
        columns=_COLUMNS,
        records=_records(release_id, reading.entries, advance),
        timeout=_COPY_SECONDS,
    )
    stored = await _SQL.fetchval(connection, "count_entries", release_id=release_id)
    if stored != len(reading.entries):
        raise CountDiffers(f"{stored} entries arrived of {len(reading.entries)}; nothing was changed")
    return True


def _records(
    release_id: int, entries: Entries, advance: Callable[[int], None]
) -> Iterator[tuple[int, int, str, str, date | None, date | None, str]]:
    for position, entry in zip(count(1), entries, strict=False):
        facts = orjson.dumps(entry.facts).decode()
        yield release_id, position, entry.code, entry.title, entry.starts, entry.ends, facts
        if position % _TELL_EVERY == 0:
            advance(position)


async def list_releases(executor: Executor) -> list[Release]:
    """All releases, by kind and day; none where the schema was never migrated."""
    if not await _SQL.fetchval(executor, "find_tables"):
        return []
    rows = await _SQL.fetch(executor, "list_releases")
    return [Release(**{**row, "counts": json.loads(row["counts"])}) for row in rows]


async def read_entries(executor: Executor, release_id: int) -> list[Entry]:
    """All entries of a release, in the order of its file."""
    return [_entry(row) for row in await _SQL.fetch(executor, "read_entries", release_id=release_id)]


async def read_rules(executor: Executor, kind: str, codes: Sequence[str], on: date) -> list[Entry]:
    """What the release in force on `on` says of `codes` on that day: edits, coverage, prices."""
    rows = await _SQL.fetch(executor, "read_rules", kind=kind, codes=list(codes), on=on)
    return [_entry(row) for row in rows]


async def read_pairs(connection: Connection, release_id: int) -> AsyncIterator[PairRow]:
    """The pairs of an NCCI release in order of column 1 and column 2, a few thousand at a time, in a transaction."""
    async for row in _SQL.cursor(connection, "read_pairs", _ROWS_A_FETCH, _SORT_SECONDS, release_id=release_id):
        starts, ends = row["starts"] or date.min, row["ends"] or date.max
        yield PairRow(row["code"], row["other"], starts, ends, row["modifier"])


def _entry(row: asyncpg.Record) -> Entry:
    return Entry(row["code"], row["title"], row["starts"], row["ends"], json.loads(row["facts"]))
