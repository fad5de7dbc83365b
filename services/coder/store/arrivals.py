"""The news that charts are open; sent by PostgreSQL when the caller's transaction commits."""

from collections.abc import Sequence

from services.coder.store import SQL
from services.coder.work_item import ChartId
from shared.postgres.pool import Connection


async def announce_open(connection: Connection, chart_ids: Sequence[ChartId]) -> None:
    """Tell who listens that those of these charts which are open now can be leased."""
    await SQL.execute(connection, "announce_open", chart_ids=list(chart_ids))
