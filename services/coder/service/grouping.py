"""The MS-DRG that a stay's decisions amount to now, and what drives it.

Place in the flow: the chart page and `GET /v1/charts/{chart_id}/grouping` ask; nothing is written. Invariant: only
decided codes are grouped, by the version of the day of discharge.
"""

import asyncio
from dataclasses import dataclass

from services.coder.grouping.drivers import Explained, explain_group
from services.coder.grouping.grouper import Grouper
from services.coder.service.drafting import read_current_draft
from services.coder.work_item import ChartId
from shared.postgres.pool import Pool


@dataclass(frozen=True)
class Grouping:
    """The use case of looking at a stay's group."""

    pool: Pool
    grouper: Grouper | None

    async def explain(self, chart_id: ChartId) -> Explained | None:
        """Group what is decided; None where there is nothing to group. Raises NotFound and WrongState.

        A stay is grouped once for each code that counts, some milliseconds in all, so in a thread.
        """
        draft, _ = await read_current_draft(self.pool, chart_id)
        stay = draft.read_stay()
        if self.grouper is None or stay is None:
            return None
        return await asyncio.to_thread(explain_group, self.grouper, stay)
