"""Figures for leads, over people's completed codings."""

from dataclasses import replace
from datetime import datetime

from services.coder.automation.pace import Acceptance, Productivity
from services.coder.engine.model import Setting
from services.coder.store import SQL
from shared.postgres.pool import Connection


async def measure_acceptance(connection: Connection, since: datetime, until: datetime) -> list[Acceptance]:
    """Measure how coders accept, by coder and service line, from `since` to before `until`."""
    rows = await SQL.fetch(connection, "measure_acceptance", since=since, until=until)
    counted = await SQL.fetch(connection, "count_seeds", since=since, until=until)
    seeds = {(row["coder"], row["service_line"]): (row["shown"], row["missed"]) for row in counted}
    measured = []
    for row in rows:
        quartiles = row["seconds_each"]
        acceptance = Acceptance(
            coder=row["coder"],
            service_line=row["service_line"],
            charts=row["charts"],
            accepted=row["accepted"],
            refused=row["refused"],
            timed=row["timed"],
            seconds_each=(quartiles[0], quartiles[1], quartiles[2]) if row["timed"] else None,
            characters_a_second=row["characters_a_second"] if row["timed"] else None,
        )
        shown, missed = seeds.get((row["coder"], row["service_line"]), (0, 0))
        measured.append(replace(acceptance, seeds=shown, seeds_missed=missed))
    return measured


async def measure_productivity(
    connection: Connection, since: datetime, until: datetime, longest_seconds: float
) -> list[Productivity]:
    """Measure what coders completed, by coder, setting and service line; a chart counts at most so many seconds."""
    rows = await SQL.fetch(
        connection, "measure_productivity", since=since, until=until, longest_seconds=longest_seconds
    )
    return [Productivity(**{**row, "setting": Setting(row["setting"])}) for row in rows]
