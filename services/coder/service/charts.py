"""Shows a chart to a coder: documents, suggestions with their evidence, decisions, and why it came back.

Invariant: everything shown is of one chart version and one moment; `revision` changes with all of it.
"""

from dataclasses import dataclass

from services.coder.automation.seeds import take_out
from services.coder.chart_facts import read_facts
from services.coder.chart_models import ChartView
from services.coder.service.seeding import read_shown
from services.coder.store import charts, decisions, seeds, suggestions, work_items
from services.coder.views import show_chart
from services.coder.work_item import ChartId
from shared.contracts.errors import NotFound
from shared.postgres.pool import Pool


@dataclass(frozen=True)
class Charts:
    """The reading use cases."""

    pool: Pool

    async def find_revision(self, chart_id: ChartId) -> int:
        """Tell how often the chart has changed; raises NotFound."""
        async with self.pool.acquire() as connection:
            item = await work_items.find_by_chart(connection, chart_id)
        if item is None:
            raise NotFound("there is no chart with this id")
        return item.revision

    async def read_chart(self, chart_id: ChartId) -> tuple[ChartView, int]:
        """Read a chart and its revision; raises NotFound."""
        async with (
            self.pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            item = await work_items.find_by_chart(connection, chart_id)
            if item is None:
                raise NotFound("there is no chart with this id")
            key = (connection, chart_id, item.chart_version)
            chart = await charts.read_chart(*key)
            run = await suggestions.read_run(*key)
            proposed = await read_shown(*key)
            settled = [seed for seed in await seeds.read_seeds(*key) if seed.outcome]
            decided = take_out(await decisions.read_decisions(*key), settled)
            findings = await charts.read_findings(connection, chart_id, item.coding_version)
        view = show_chart(item, chart, read_facts(chart), run, proposed, decided, findings)
        return view, item.revision
