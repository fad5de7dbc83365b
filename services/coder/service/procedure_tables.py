"""Reads the official ICD-10-PCS tables of a day for the engine; the caller has the connection.

Invariant: a stay is built by the release in force on its day, none before the first one; only inpatients need it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from services.coder.engine.model import Chart, Setting
from services.coder.engine.procedure_tables import ProcedureTables, TableRow
from shared.codesets.entry import Entry
from shared.codesets.store import Release, list_releases, read_entries
from shared.postgres.pool import Connection

KIND = "icd10pcs-tables"
_AXES = ("axis4", "axis5", "axis6", "axis7")


class LoadedTables:
    """The tables of one process: a release is read and packed once, since it never changes."""

    def __init__(self) -> None:
        self._packed: dict[int, ProcedureTables] = {}

    async def give(self, connection: Connection, chart: Chart) -> Chart:
        """Give a stay's chart the tables in force on its day, where such a release is loaded."""
        if chart.setting is not Setting.INPATIENT or chart.service_date is None:
            return chart
        day = chart.service_date
        releases = [each for each in await list_releases(connection) if each.kind == KIND and each.effective <= day]
        if not releases:
            return chart
        release = max(releases, key=lambda each: (each.effective, each.release_id))
        return replace(chart, procedure_tables=await self._read(connection, release))

    async def _read(self, connection: Connection, release: Release) -> ProcedureTables:
        if release.release_id not in self._packed:
            entries = await read_entries(connection, release.release_id)
            self._packed[release.release_id] = await asyncio.to_thread(pack_tables, release.release, entries)
        return self._packed[release.release_id]


def pack_tables(release: str, entries: Iterable[Entry]) -> ProcedureTables:
    """Make the engine's compact tables of a release's entries, one a row."""
    rows: defaultdict[str, list[TableRow]] = defaultdict(list)
    for entry in entries:
        rows[entry.code].append(TableRow(*("".join(_list_values(entry.facts[axis])) for axis in _AXES)))
    return ProcedureTables(release, {code: tuple(of_table) for code, of_table in rows.items()})


def _list_values(axis: object) -> list[str]:
    """The characters of an axis, which the reader keeps with their labels."""
    return list(axis) if isinstance(axis, dict) else []
