"""Reads the official ICD-10-PCS tables of a day for the engine; the caller has the connection.

Invariant: a stay is built by the release in force on its day, none before the first one; only inpatients need it.
"""

import asyncio
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from services.coder.engine.model import Chart, Setting
from services.coder.engine.procedure_tables import Label, ProcedureTables, TableRow
from services.coder.engine.procedures.vocabulary import SIDES
from shared.codesets.entry import Entry
from shared.codesets.store import Release, list_releases, read_entries
from shared.postgres.pool import Connection

KIND = "icd10pcs-tables"
_SURGICAL = "0"
_WORD = re.compile(r"[a-z0-9]+")
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
    bodies: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for entry in entries:
        axes = [_read_axis(entry.facts[axis]) for axis in _AXES]
        rows[entry.code].append(TableRow(*("".join(axis) for axis in axes)))
        if entry.code.startswith(_SURGICAL):
            bodies[entry.code].update(axes[0])
    packed = {code: tuple(of_table) for code, of_table in rows.items()}
    return ProcedureTables(release, packed, _pack_labels(bodies))


def _read_axis(axis: object) -> dict[str, str]:
    """The characters of an axis with their labels, as the reader keeps them."""
    return axis if isinstance(axis, dict) else {}


def _pack_labels(bodies: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[Label, ...]]:
    labels: defaultdict[str, list[Label]] = defaultdict(list)
    for table, values in bodies.items():
        sides: defaultdict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
        for value, label in values.items():
            words = [sys.intern(word) for word in _WORD.findall(label.lower())]
            side = next((word for word in words if word in SIDES), "")
            sides[tuple(word for word in words if word not in SIDES and word != "and")].append((side, value))
        labels[table[2]] += [Label(table, words, tuple(found)) for words, found in sides.items() if words]
    return {root: tuple(of_root) for root, of_root in labels.items()}
