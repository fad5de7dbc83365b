"""Typed reads and writes of face-to-face visits, by which a later visit knows whether its patient is new."""

from datetime import date

from services.coder.store import SQL
from services.coder.visit_history import Visit
from services.coder.work_item import ChartId
from shared.postgres.pool import Connection


async def upsert_visit(connection: Connection, chart_id: ChartId, visit: Visit) -> None:
    """Keep the visit that a chart tells of."""
    await SQL.execute(
        connection,
        "upsert_visit",
        chart_id=chart_id,
        patient=visit.patient,
        day=visit.day,
        care_group=visit.care_group,
        specialty=visit.specialty,
        practitioners=list(visit.practitioners),
    )


async def list_earlier_visits(connection: Connection, chart_id: ChartId, visit: Visit) -> list[Visit]:
    """List the patient's visits within the three years before this one, of other charts."""
    rows = await SQL.fetch(
        connection,
        "list_earlier_visits",
        chart_id=chart_id,
        patient=visit.patient,
        since=visit.looks_back_to,
        day=visit.day,
    )
    return [
        Visit(row["patient"], row["day"], row["care_group"], row["specialty"], tuple(row["practitioners"]))
        for row in rows
    ]


async def find_first_day(connection: Connection, care_group: str) -> date | None:
    """Find the first day of which any visit of a group is known."""
    found: date | None = await SQL.fetchval(connection, "find_first_visit_day", care_group=care_group)
    return found
