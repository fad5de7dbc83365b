"""Figures for leads and coders, over people's completed codings."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.coder.automation.pace import Acceptance, By, Productivity
from services.coder.engine.model import Setting
from services.coder.reach import Reach
from services.coder.store import SQL
from services.coder.store.work_items import scope_of
from shared.postgres.pool import Connection


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and how far they reach."""

    subject: str
    reach: Reach

    @property
    def scope(self) -> dict[str, object]:
        """The parameters of `lanes_within`."""
        return {"caller": self.subject, **scope_of(self.reach)}


@dataclass(frozen=True, slots=True)
class Work:
    """Whose work of which span of time: one coder's, or all within the caller's reach."""

    caller: Caller
    since: datetime
    until: datetime
    coder: str | None = None

    @property
    def limits(self) -> dict[str, object]:
        """The parameters that reports share."""
        return {"since": self.since, "until": self.until, "coder": self.coder, **self.caller.scope}


async def measure_acceptance(connection: Connection, work: Work) -> list[Acceptance]:
    """Measure how coders accept, by coder and service line."""
    rows = await SQL.fetch(connection, "measure_acceptance", **work.limits)
    counted = await SQL.fetch(connection, "count_seeds", since=work.since, until=work.until)
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
    connection: Connection, work: Work, by: By, longest_seconds: float
) -> list[Productivity]:
    """Measure what coders completed and asked; a chart counts at most so many seconds."""
    rows = await SQL.fetch(connection, "measure_productivity", by=by, longest_seconds=longest_seconds, **work.limits)
    return [Productivity(**{**row, "setting": Setting(row["setting"]) if row["setting"] else None}) for row in rows]
