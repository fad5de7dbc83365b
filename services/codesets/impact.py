"""What a new release touches: work in the queue, recent claims, payer rules and lexicon entries.

Invariant: it reads in one snapshot and writes nothing; it names things by id and code, never a patient.
"""

import json
from collections.abc import Iterator, Sequence

import asyncpg

from services.claims.settings import ClaimsSettings
from services.codesets.impact_of import Impact, Touched
from services.codesets.pairs import read_impact_of_pairs
from services.codesets.references import Named, read_packaged, read_stored
from services.codesets.touching import ChangedCodes, find_payer_rules
from shared.codesets.changes import compare_releases
from shared.codesets.kinds import Kind, Role, System
from shared.codesets.store import list_releases
from shared.contracts.errors import NotFound
from shared.postgres.pool import Pool
from shared.postgres.statements import Statements

_SQL = Statements("services.codesets", schema="public")


async def read_impact(pool: Pool, kind: Kind, days: int) -> Impact:
    """Compare the latest release of `kind` with the one before, or with what comes with Chartline; claims of `days`."""
    if kind.read_parts is not None:
        return await read_impact_of_pairs(pool, kind, days)
    old, new = await _read_last_two(pool, kind)
    changes = compare_releases(old.entries, new.entries, whole=kind.role is not Role.CODES)
    codes = sorted(changes.touched)
    # Whoever names a category or a range is touched by what is new in it, too.
    changed = ChangedCodes([*codes, *(code for code, _ in changes.added)])
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        used = {"system": kind.system.value, "codes": codes, "effective": new.effective}
        served = await _SQL.fetchval(connection, "find_tables")
        items = await _SQL.fetch(connection, "list_open_work_items", **used) if served else []
        claims = await _SQL.fetch(connection, "list_recent_claims", **used, days=days) if served else []
        prices = await _SQL.fetch(connection, "list_prices", codes=codes, effective=new.effective)
        coverage = await _SQL.fetch(connection, "list_coverage", effective=new.effective)
    return Impact(
        changes=changes,
        work_items=tuple(Touched(str(row["work_item_id"]), row["state"], tuple(row["codes"])) for row in items),
        claims=tuple(Touched(str(row["claim_id"]), row["state"], tuple(row["codes"])) for row in claims),
        payer_rules=(
            *(Touched("fees", row["payer"] or "", (row["code"],)) for row in prices),
            *_list_coverage(kind, coverage, changed),
            *_list_payer_rules(kind, changed),
        ),
        lexicon=tuple(_list_lexicon(kind, changed)),
    )


async def _read_last_two(pool: Pool, kind: Kind) -> tuple[Named, Named]:
    releases = [each for each in await list_releases(pool) if each.kind == kind.name]
    if not releases:
        raise NotFound(f"no release of {kind.name} is loaded")
    new = await read_stored(pool, kind, releases[-1])
    return (await read_stored(pool, kind, releases[-2]) if len(releases) > 1 else read_packaged(kind)), new


def _list_coverage(kind: Kind, rows: Sequence[asyncpg.Record], changed: ChangedCodes) -> Iterator[Touched]:
    """Coverage rules whose service, or a diagnosis in one of whose ranges, is touched."""
    for row in rows:
        ranges = json.loads(row["diagnoses"]) if kind.system is System.ICD10CM else [row["code"]]
        if found := changed.find(ranges):
            yield Touched(f"coverage {row['code']}", row["payer"] or "", found)


def _list_payer_rules(kind: Kind, changed: ChangedCodes) -> Iterator[Touched]:
    """Rules in the file that the claims service's settings name."""
    path = ClaimsSettings().claims.payer_rules
    if path is not None:
        for rule, payers, codes in find_payer_rules(path.read_text(encoding="utf-8"), kind.system, changed):
            yield Touched(rule, " ".join(payers), tuple(codes))


def _list_lexicon(kind: Kind, changed: ChangedCodes) -> Iterator[Touched]:
    """Entries of our own lexicon that lead to a touched code, or to a category with one."""
    if kind.system is System.ICD10CM and kind.role is Role.CODES:
        # Imported here: it brings the engine with it, which the other commands do without.
        from services.coder.engine.lexicon import load_lexicon

        for entry in load_lexicon():
            if found := changed.find_below(entry.code):
                yield Touched(entry.origin, entry.terms[0], found)
