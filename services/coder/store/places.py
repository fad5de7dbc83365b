"""Places in the queue: read page by page, assigned and raised by leads."""

import json
from collections.abc import Iterable
from datetime import date

import asyncpg

from services.coder.engine.model import Setting
from services.coder.place import Cursor, HeldChart, Place, Urgency
from services.coder.priority import PriorityWeights
from services.coder.reach import Reach
from services.coder.store import SQL
from services.coder.store.work_items import scope_of
from services.coder.work_item import Lease, State, WorkItemId
from shared.postgres.pool import Connection, Executor


async def list_places(
    connection: Executor,
    caller: str,
    reach: Reach,
    *,
    list_id: str | None,
    states: Iterable[State],
    after: Cursor | None,
    limit: int,
) -> list[Place]:
    """List a page of a worklist, or of everything within reach, the most urgent first."""
    rows = await SQL.fetch(
        connection,
        "list_places",
        caller=caller,
        list_id=list_id,
        states=list(states),
        after_urgent_by=after.urgent_by if after else None,
        after_arrival=after.arrival if after else 0,
        limit=limit,
        own_records=sorted(reach.own_records),
        **scope_of(reach),
    )
    return [_place(row) for row in rows]


async def find_place(connection: Executor, caller: str, reach: Reach, work_item_id: WorkItemId) -> Place | None:
    """Find a work item's place; None when there is none within reach."""
    row = await SQL.fetchrow(
        connection,
        "find_place",
        caller=caller,
        work_item_id=work_item_id,
        own_records=sorted(reach.own_records),
        **scope_of(reach),
    )
    return _place(row) if row else None


async def list_held(connection: Executor, holder: str) -> list[HeldChart]:
    """List the charts that a coder has leased, the one that expires first at the top."""
    rows = await SQL.fetch(connection, "list_held_places", holder=holder)
    return [
        HeldChart(
            _place(row),
            Lease(
                row["work_item_id"], row["chart_id"], row["chart_version"], row["lease_token"], row["lease_expires_at"]
            ),
        )
        for row in rows
    ]


async def assign(connection: Connection, work_item_id: WorkItemId, assignee: str | None, *, assigned_by: str) -> bool:
    """Give a chart to a coder, or to nobody in particular; False where there is nothing left to do."""
    lane_id = await SQL.fetchval(
        connection, "assign", work_item_id=work_item_id, assignee=assignee, assigned_by=assigned_by
    )
    return lane_id is not None


async def is_own_record(connection: Connection, work_item_id: WorkItemId, subject: str) -> bool:
    """Tell whether a chart is a coder's own record."""
    found: bool = await SQL.fetchval(connection, "is_own_record", work_item_id=work_item_id, subject=subject)
    return found


async def raise_place(
    connection: Connection, work_item_id: WorkItemId, weights: PriorityWeights, *, raised: bool
) -> None:
    """Move a chart forward, or back to where it would be; doing it again changes nothing."""
    await SQL.execute(
        connection,
        "raise",
        work_item_id=work_item_id,
        raised=raised,
        returned_hours=weights.returned_hours,
        lead_hours=weights.raised_by_lead_hours,
    )


def _place(row: asyncpg.Record) -> Place:
    facts = json.loads(row["rank_facts"])
    limit = facts.get("filing_limit_on")
    return Place(
        work_item_id=row["work_item_id"],
        chart_id=row["chart_id"],
        state=State(row["state"]),
        revision=row["revision"],
        arrival=row["arrival"],
        arrived_at=row["created_at"],
        encounter_class=row["encounter_class"],
        setting=Setting(row["setting"]),
        service_date=row["service_date"],
        service_line=row["service_line"],
        specialty=row["specialty"],
        facility=row["facility"],
        payer=row["payer"],
        default_list=row["default_list"],
        lists=tuple(row["lists"]),
        assigned_to=row["assigned_to"],
        lease_holder=row["lease_holder"],
        urgency=Urgency(
            urgent_by=row["urgent_by"],
            due_at=row["due_at"],
            filing_limit_on=date.fromisoformat(limit) if limit else None,
            charge=facts.get("charge", 0),
            charge_hours=row["charge_hours"],
            flag=facts.get("flag", ""),
            flag_hours=row["flag_hours"],
            complexity_units=facts.get("complexity_units", 0),
            complexity_hours=row["complexity_hours"],
            raised_why=tuple(row["raised_why"]),
            raised_hours=row["raised_hours"],
        ),
    )
