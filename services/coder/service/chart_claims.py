"""A chart's Claim with its Provenance: as it was sent once the chart is completed, as it would be sent until then.

Place in the flow: `GET /v1/charts/{chart_id}/claim`; nothing is written. Invariant: what is not completed has status
`draft`, and a suggestion without a decision is on neither.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from services.coder.grouping.grouper import Grouper
from services.coder.service.drafting import read_current_draft
from services.coder.store import charts
from services.coder.work_item import ChartId, State
from shared.fhir import systems
from shared.postgres.pool import Pool


@dataclass(frozen=True)
class ChartClaims:
    """The use case of reading a chart's Claim."""

    pool: Pool
    grouper: Grouper | None

    async def read_bundle(self, chart_id: ChartId) -> str:
        """Return a FHIR Bundle of Claim and Provenance as JSON; a draft's authors are those who decided so far.

        Raises NotFound, and WrongState before the engine has answered.
        """
        draft, item = await read_current_draft(self.pool, chart_id)
        if item.state is State.COMPLETED:
            async with self.pool.acquire() as connection:
                sent = await charts.read_coding(connection, chart_id, item.coding_version)
            if sent:
                return build_bundle(*sent)
        coded = draft.build(item.coding_version + 1, "", None, self.grouper, "draft")
        return build_bundle(coded.claim.body, coded.provenance.body)


def build_bundle(claim: str, provenance: str) -> str:
    """Wrap both in a Bundle of type collection, the Claim first; their own text stays as it is."""
    entries = ",".join(
        f'{{"fullUrl":"{systems.CHARTLINE}/{name}/{json.loads(body)["id"]}","resource":{body}}}'
        for name, body in (("Claim", claim), ("Provenance", provenance))
    )
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    return f'{{"resourceType":"Bundle","type":"collection","timestamp":"{stamp}","entry":[{entries}]}}'
