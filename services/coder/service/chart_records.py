"""Reads what a query about a chart may cite, and keeps it while somebody writes.

Place in the flow: between `store` and the linter. Invariant: what is kept is of one chart version, so it is never
stale: a newer version is another key.
"""

from collections import OrderedDict

from services.coder.chart_facts import read_facts
from services.coder.queries.record import ChartRecord, read_record
from services.coder.store import charts, suggestions, work_items
from services.coder.work_item import ChartId
from shared.contracts.errors import NotFound
from shared.postgres.pool import Connection

_KEPT = 8
"""How many charts people write about at once in one process, more or less; a chart beyond it is read again."""


class ChartRecords:
    """The records of the charts that were written about last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[ChartId, int], ChartRecord] = OrderedDict()

    async def read(self, connection: Connection, chart_id: ChartId) -> tuple[int, ChartRecord]:
        """Read the current version of a chart, and what may be cited from it; raises NotFound."""
        item = await work_items.find_by_chart(connection, chart_id)
        if item is None:
            raise NotFound("there is no chart with this id")
        key = (chart_id, item.chart_version)
        record = self._kept.pop(key, None)
        if record is None:
            chart = await charts.read_chart(connection, *key)
            run = await suggestions.read_run(connection, *key)
            record = read_record(chart, run.indicators if run else (), read_facts(chart).care_team)
            if run is None:
                return item.chart_version, record  # the engine has yet to add results
        self._kept[key] = record
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return item.chart_version, record
