"""The loaded rules and prices in memory, each release for its own days.

Place in the flow: `preparation` opens them before a batch. Invariants: a release that was loaded is used within
`refresh_seconds`, without a restart; rows are cut to the days of their release, so that an edit that chooses by date of
service chooses by release; what was read once is never read again.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import TypeVar

from services.claims.edits import EditContext, ReferenceData, index_coverage, index_unit_limits
from services.claims.edits.price_list import index_prices
from services.claims.edits.reference import PairBook
from services.claims.edits.service_book import CodeDays, ServiceBook, index_code_days
from shared.codesets.cache import hash_content
from shared.codesets.entry import Entry
from shared.codesets.kinds import KINDS
from shared.codesets.mapped import keep_file, map_file
from shared.codesets.pair_table import PairPacker, PairTable
from shared.codesets.periods import Period, divide_days
from shared.codesets.store import Release, list_releases, read_entries, read_pairs
from shared.postgres.pool import Pool

_PAIRS, _OUTPATIENT_PAIRS = "ncci-ptp", "ncci-ptp-outpatient"
_UNITS, _OUTPATIENT_UNITS = "ncci-mue", "ncci-mue-outpatient"
_COVERAGE, _FEES = "coverage", "fees"
_HCPCS, _CPT = "hcpcs", "cpt"
_KINDS = frozenset({_PAIRS, _OUTPATIENT_PAIRS, _UNITS, _OUTPATIENT_UNITS, _COVERAGE, _FEES, _HCPCS, _CPT})

Dated = Sequence[tuple[Release, Period]]
Table = TypeVar("Table")


class RuleTables:
    """The edits' context with what is loaded in the code sets of one database."""

    def __init__(self, pool: Pool, edits: EditContext, *, refresh_seconds: float = 60.0) -> None:
        """`edits` has what does not come from there: the Tabular List, the Medicare Code Editor, payers' own rules."""
        self._pool = pool
        self._edits = edits
        self._refresh_seconds = refresh_seconds
        self._looked_at: float | None = None
        self._loaded: list[int] = []
        self._tables: dict[int, PairTable] = {}
        self._lock = asyncio.Lock()

    async def open(self) -> EditContext:
        """The context as of now, or of at most `refresh_seconds` ago."""
        async with self._lock:
            if self._looked_at is None or time.monotonic() - self._looked_at >= self._refresh_seconds:
                await self._refresh()
                self._looked_at = time.monotonic()
            return self._edits

    async def _refresh(self) -> None:
        releases = [release for release in await list_releases(self._pool) if release.kind in _KINDS]
        loaded = [release.release_id for release in releases]
        if loaded != self._loaded:
            by_kind = {kind: divide_days(list(found)) for kind, found in groupby(releases, attrgetter("kind"))}
            self._edits = replace(self._edits, reference=await self._read(self._edits.reference, by_kind))
            self._loaded = loaded

    async def _read(self, reference: ReferenceData, by_kind: Mapping[str, Dated]) -> ReferenceData:
        async def read(kind: str, index: Callable[[Sequence[Entry]], Table]) -> Table:
            return await asyncio.to_thread(index, await self._read_rows(by_kind.get(kind, ())))

        return replace(
            reference,
            pairs=await self._open_book(by_kind.get(_PAIRS, ())),
            outpatient_pairs=await self._open_book(by_kind.get(_OUTPATIENT_PAIRS, ())),
            unit_limits=await read(_UNITS, index_unit_limits),
            outpatient_unit_limits=await read(_OUTPATIENT_UNITS, index_unit_limits),
            coverage=await read(_COVERAGE, index_coverage),
            prices=await read(_FEES, index_prices),
            services=ServiceBook(
                await self._open_codes(_HCPCS, by_kind.get(_HCPCS, ())),
                await self._open_codes(_CPT, by_kind.get(_CPT, ())),
            ),
            releases={kind: hash_content(*(r.sha256.encode() for r, _ in found)) for kind, found in by_kind.items()},
        )

    async def _open_book(self, releases: Dated) -> PairBook:
        return PairBook([(days, await self._open_pairs(release)) for release, days in releases])

    async def _open_codes(self, kind: str, releases: Dated) -> CodeDays:
        """Of a release that is a part on purpose it is not known what it lacks."""
        whole = [(release, days) for release, days in releases if release.counts["codes"] >= KINDS[kind].least]
        return await asyncio.to_thread(index_code_days, await self._read_rows(whole), [days for _, days in whole])

    async def _read_rows(self, releases: Dated) -> list[Entry]:
        return [
            row
            for release, days in releases
            for row in _cut_rows(await read_entries(self._pool, release.release_id), days)
        ]

    async def _open_pairs(self, release: Release) -> PairTable:
        if release.release_id not in self._tables:
            key = hash_content(release.sha256.encode())
            packed = map_file(release.kind, key) or keep_file(release.kind, key, await self._pack_pairs(release))
            self._tables[release.release_id] = PairTable(packed)
        return self._tables[release.release_id]

    async def _pack_pairs(self, release: Release) -> bytes:
        packer = PairPacker()
        async with self._pool.acquire() as connection, connection.transaction(readonly=True):
            async for row in read_pairs(connection, release.release_id):
                packer.add(row)
        return packer.pack()


def _cut_rows(rows: Sequence[Entry], days: Period) -> Iterator[Entry]:
    for row in rows:
        if held := days.cut(row.starts, row.ends):
            yield replace(row, starts=held.starts, ends=held.ends)
