"""The scrub preview: what billing's edits would find if the chart were completed as it is decided now.

Place in the flow: the workbench shows it, and `completing` refuses over its errors. Invariant: nothing is written, and
no transaction is open while the claims service is asked.
"""

from dataclasses import dataclass

from services.coder.billing_edits import BillingEdits
from services.coder.service.drafting import CodingDraft, read_draft
from services.coder.store import work_items
from services.coder.work_item import ChartId
from shared.contracts.errors import NotFound
from shared.contracts.messages import Finding
from shared.postgres.pool import Pool


@dataclass(frozen=True)
class Previewing:
    """The use case behind `GET /v1/charts/{chart_id}/scrub`."""

    pool: Pool
    edits: BillingEdits

    async def preview(self, chart_id: ChartId, practitioner: str) -> tuple[Finding, ...] | None:
        """Return what the edits find, None when they cannot be asked; raises NotFound and WrongState.

        A chart that still lacks what every claim needs has no preview: its open points come first.
        """
        draft, coding_version = await self._read(chart_id)
        if any(point.code != "undecided-suggestion" for point in draft.list_open_points()):
            return None
        return await self.edits.preview(draft.build(coding_version + 1, practitioner, None))

    async def _read(self, chart_id: ChartId) -> tuple[CodingDraft, int]:
        async with (
            self.pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            item = await work_items.find_by_chart(connection, chart_id)
            if item is None:
                raise NotFound("there is no chart with this id")
            return await read_draft(connection, chart_id, item.chart_version), item.coding_version
