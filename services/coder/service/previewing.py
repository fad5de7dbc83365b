"""The scrub preview: what billing's edits would find if the chart were completed as it is decided now.

Place in the flow: the workbench shows it, and `completing` refuses over its errors. Invariant: nothing is written, and
no transaction is open while the claims service is asked.
"""

from dataclasses import dataclass

from services.coder.billing_edits import BillingEdits
from services.coder.grouping.grouper import Grouper
from services.coder.service.drafting import read_current_draft
from services.coder.work_item import ChartId
from shared.contracts.messages import Finding
from shared.postgres.pool import Pool


@dataclass(frozen=True)
class Previewing:
    """The use case behind `GET /v1/charts/{chart_id}/scrub`."""

    pool: Pool
    edits: BillingEdits
    grouper: Grouper | None = None

    async def preview(self, chart_id: ChartId, practitioner: str) -> tuple[Finding, ...] | None:
        """Return what the edits find, None when they cannot be asked; raises NotFound and WrongState.

        A chart that still lacks what every claim needs has no preview: its open points come first.
        """
        draft, item = await read_current_draft(self.pool, chart_id)
        if any(point.code != "undecided-suggestion" for point in draft.list_open_points()):
            return None
        return await self.edits.preview(draft.build(item.coding_version + 1, practitioner, None, self.grouper))
