"""Worklists and what coders work on."""

from dataclasses import asdict

import asyncpg

from services.coder.reach import Reach
from services.coder.store import SQL
from services.coder.store.work_items import scope_of
from services.coder.work_item import State
from services.coder.worklist import CoderDesk, ListKind, Worklist
from shared.postgres.pool import Connection, Executor


async def list_worklists(connection: Executor) -> list[Worklist]:
    """List all lists: default ones in the order in which they are tried, then custom ones."""
    return [_worklist(row) for row in await SQL.fetch(connection, "list_worklists")]


async def insert_worklist(connection: Connection, new: Worklist) -> Worklist | None:
    """Store a new list; None when its id is taken."""
    row = await SQL.fetchrow(connection, "insert_worklist", **_columns(new))
    return _worklist(row) if row else None


async def update_worklist(connection: Connection, changed: Worklist) -> Worklist | None:
    """Change a list whose revision is that of `changed`; None when it is not any more."""
    row = await SQL.fetchrow(connection, "update_worklist", **_columns(changed), revision=changed.revision)
    return _worklist(row) if row else None


async def delete_worklist(connection: Connection, list_id: str, revision: int) -> bool:
    """Delete a list of this revision, and take it off lanes and coders; the caller places the lanes again."""
    await SQL.execute(connection, "leave_worklist", list_id=list_id)
    await SQL.execute(connection, "forget_worklist", list_id=list_id)
    return await SQL.fetchval(connection, "delete_worklist", list_id=list_id, revision=revision) is not None


async def list_reached(connection: Executor, caller: str, reach: Reach) -> dict[int, list[str]]:
    """List the lanes within reach, each with its lists."""
    rows = await SQL.fetch(connection, "list_reached", caller=caller, **scope_of(reach))
    return {row["lane_id"]: row["lists"] for row in rows}


async def count_lanes(connection: Executor) -> dict[int, dict[State, int]]:
    """Count the unfinished charts of each lane by state; a walk over an index of all of them."""
    counts: dict[int, dict[State, int]] = {}
    for row in await SQL.fetch(connection, "count_lanes"):
        counts.setdefault(row["lane_id"], {})[State(row["state"])] = row["count"]
    return counts


async def list_coders(connection: Executor, *, after: str, limit: int) -> list[CoderDesk]:
    """List coders and what they work on, by subject."""
    return [_desk(row) for row in await SQL.fetch(connection, "list_coders", after=after, limit=limit)]


async def find_coder(connection: Executor, subject: str) -> CoderDesk | None:
    """Find what a coder works on."""
    row = await SQL.fetchrow(connection, "find_coder", subject=subject)
    return _desk(row) if row else None


async def put_coder(connection: Connection, desk: CoderDesk, revision: int | None) -> CoderDesk | None:
    """Say what a coder works on; None when `revision` is given and is not the stored one any more."""
    row = await SQL.fetchrow(
        connection,
        "put_coder",
        subject=desk.subject,
        lists=list(desk.lists),
        specialties=list(desk.specialties),
        facilities=list(desk.facilities),
        own_records=list(desk.own_records),
        revision=revision,
    )
    return _desk(row) if row else None


async def delete_coder(connection: Executor, subject: str) -> bool:
    """Take a coder's limits away; False where there were none."""
    return await SQL.fetchval(connection, "delete_coder", subject=subject) is not None


def _columns(worklist: Worklist) -> dict[str, object]:
    fields = asdict(worklist)
    del fields["revision"]
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}


def _worklist(row: asyncpg.Record) -> Worklist:
    return Worklist(
        list_id=row["list_id"],
        title=row["title"],
        kind=ListKind(row["kind"]),
        position=row["position"],
        service_lines=tuple(row["service_lines"]),
        specialties=tuple(row["specialties"]),
        facilities=tuple(row["facilities"]),
        encounter_classes=tuple(row["encounter_classes"]),
        payers=tuple(row["payers"]),
        states=tuple(map(State, row["states"])),
        revision=row["revision"],
    )


def _desk(row: asyncpg.Record) -> CoderDesk:
    return CoderDesk(
        subject=row["subject"],
        lists=tuple(row["lists"]),
        specialties=tuple(row["specialties"]),
        facilities=tuple(row["facilities"]),
        own_records=tuple(row["own_records"]),
        revision=row["revision"],
    )
