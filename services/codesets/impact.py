"""What a new release touches: work in the queue, recent claims, payer rules and lexicon entries.

Invariant: it reads in one snapshot and writes nothing; it names things by id and code, never a patient.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from services.codesets.references import Named, read_packaged, read_stored
from shared.codesets.changes import Changes, compare_releases
from shared.codesets.kinds import Kind, Role, System
from shared.codesets.store import list_releases
from shared.contracts.errors import NotFound
from shared.postgres.pool import Pool
from shared.postgres.statements import Statements

_SQL = Statements("services.codesets", schema="public")


@dataclass(frozen=True, slots=True)
class Touched:
    """A thing that a change touches: its id, where it stands, and the codes."""

    id: str
    state: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """The changes of a release, and what they touch."""

    changes: Changes
    work_items: tuple[Touched, ...] = ()
    claims: tuple[Touched, ...] = ()
    payer_rules: tuple[Touched, ...] = ()
    lexicon: tuple[Touched, ...] = ()


async def read_impact(pool: Pool, kind: Kind, days: int) -> Impact:
    """Compare the latest release of `kind` with the one before, or with what comes with Chartline; claims of `days`."""
    old, new = await _read_last_two(pool, kind)
    changes = compare_releases(old.entries, new.entries, whole=kind.role is not Role.CODES)
    codes = sorted(changes.touched)
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        used = {"system": kind.system.value, "codes": codes, "effective": new.effective}
        served = await _SQL.fetchval(connection, "find_tables")
        items = await _SQL.fetch(connection, "list_open_work_items", **used) if served else []
        claims = await _SQL.fetch(connection, "list_recent_claims", **used, days=days) if served else []
        rules = await _SQL.fetch(connection, "list_payer_rules", codes=codes, effective=new.effective)
    return Impact(
        changes=changes,
        work_items=tuple(Touched(str(row["work_item_id"]), row["state"], tuple(row["codes"])) for row in items),
        claims=tuple(Touched(str(row["claim_id"]), row["state"], tuple(row["codes"])) for row in claims),
        payer_rules=tuple(Touched(row["kind"], row["payer"] or "", (row["code"],)) for row in rules),
        lexicon=tuple(_list_lexicon(kind, changes)),
    )


async def _read_last_two(pool: Pool, kind: Kind) -> tuple[Named, Named]:
    releases = [each for each in await list_releases(pool) if each.kind == kind.name]
    if not releases:
        raise NotFound(f"no release of {kind.name} is loaded")
    new = await read_stored(pool, kind, releases[-1])
    return (await read_stored(pool, kind, releases[-2]) if len(releases) > 1 else read_packaged(kind)), new


def _list_lexicon(kind: Kind, changes: Changes) -> Iterator[Touched]:
    """Entries of our own lexicon that lead to a deleted or revised code."""
    if kind.system is System.ICD10CM and kind.role is Role.CODES:
        # Imported here: it brings the engine with it, which the other commands do without.
        from services.coder.engine.lexicon import load_lexicon

        touched = changes.touched
        for entry in load_lexicon():
            if entry.code in touched:
                yield Touched(entry.origin, entry.terms[0], (entry.code,))
