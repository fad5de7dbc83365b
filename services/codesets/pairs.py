"""What a release of NCCI pairs changes, and which charts and claims hold both codes of a changed pair.

Place in the flow: `diff` and `impact` ask it for the kinds whose releases have millions of rows: PostgreSQL compares
them, so that only what changed is ever in memory. Invariant: a pair counts while it is in force on its release's day; a
pair that a release lists as ended is one that it deletes.
"""

from collections.abc import Sequence

import asyncpg

from services.codesets.impact_of import Impact, Touched
from shared.codesets.changes import Changes, Revision
from shared.codesets.kinds import Kind
from shared.codesets.store import Release, list_releases
from shared.contracts.errors import NotFound
from shared.postgres.pool import Connection, Pool
from shared.postgres.statements import Statements

_SQL = Statements("services.codesets", schema="public")
_COMPARE_SECONDS = 600.0
_ROWS_A_FETCH = 5000


async def compare_pairs(connection: Connection, old: Release, new: Release) -> Changes:
    """Pairs as "column1 column2", with the indicators that they had and have; within the caller's transaction."""
    asked = {"old": old.release_id, "new": new.release_id}
    found = _SQL.cursor(connection, "compare_pairs", _ROWS_A_FETCH, _COMPARE_SECONDS, **asked)
    rows = [(f"{row['code']} {row['other']}", row["before"], row["after"]) async for row in found]
    return Changes(
        added=tuple((pair, f"modifier {after}") for pair, before, after in rows if before is None),
        deleted=tuple((pair, f"modifier {before}") for pair, before, after in rows if after is None),
        revised=tuple(Revision(pair, before, after) for pair, before, after in rows if before and after),
    )


async def read_impact_of_pairs(pool: Pool, kind: Kind, days: int) -> Impact:
    """Compare the latest release of `kind` with the one before; a new pair touches who reports both, too."""
    releases = [each for each in await list_releases(pool) if each.kind == kind.name]
    if len(releases) < 2:
        raise NotFound(f"two releases of {kind.name} are needed, and {len(releases)} are loaded")
    old, new = releases[-2:]
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        changes = await compare_pairs(connection, old, new)
        items, claims = await _list_users(connection, changes, new, days)
    return Impact(
        changes=changes,
        work_items=tuple(Touched(str(row["work_item_id"]), row["state"], tuple(row["codes"])) for row in items),
        claims=tuple(Touched(str(row["claim_id"]), row["state"], tuple(row["codes"])) for row in claims),
    )


async def _list_users(
    connection: Connection, changes: Changes, new: Release, days: int
) -> tuple[Sequence[asyncpg.Record], Sequence[asyncpg.Record]]:
    if not await _SQL.fetchval(connection, "find_tables"):
        return [], []
    named = [pair for pair, _ in (*changes.added, *changes.deleted)] + [each.code for each in changes.revised]
    ones, others = ([pair.split(" ")[at] for pair in named] for at in (0, 1))
    asked = {"ones": ones, "others": others, "effective": new.effective}
    items = await _SQL.fetch(connection, "list_open_work_items_of_pairs", **asked)
    return items, await _SQL.fetch(connection, "list_recent_claims_of_pairs", **asked, days=days)
