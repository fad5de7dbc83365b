"""Says what the edits would find in a coding that is not completed yet.

Place in the flow: the coder service asks while a coder decides. Invariant: nothing is stored, and no patient locked; so
what another chart of the patient bills at this moment is not seen, and preparation looks again.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from services.claims.billed import Ledger, read_billed
from services.claims.build import BundleFrame
from services.claims.claim import PayerId
from services.claims.payers import choose_payer
from services.claims.scrubbing import Scrubbed, scrub_coding
from services.claims.service.rule_tables import RuleTables
from services.claims.settings import ClaimsOptions
from services.claims.store.billed_store import BilledStore
from services.claims.store.override_store import OverrideStore, as_override
from shared.contracts.errors import InvalidContent
from shared.contracts.messages import ChartCoded
from shared.postgres.pool import Pool


@dataclass(frozen=True)
class PreviewService:
    """The use case behind `POST /v1/scrub`."""

    pool: Pool
    schema: str
    options: ClaimsOptions
    rules: RuleTables

    async def preview(self, coded: ChartCoded) -> tuple[PayerId, Scrubbed]:
        """Scrub a coding as the claim of its payer; raises InvalidContent when no claim can be built of it."""
        edits = await self.rules.open()
        payer_id = choose_payer(coded, self.options.payers, self.options.default_payer)
        billed = read_billed(coded, payer_id)
        asking = [billed] if billed else []
        async with self.pool.acquire() as connection:
            ledger = Ledger(await BilledStore(self.schema).find_billed(connection, asking))
            rows = await OverrideStore(self.schema).read_overrides(connection, [coded.chart_id])
        beside = ledger.beside(billed) if billed else ()
        frame = BundleFrame(uuid4(), datetime.now(UTC), str(self.options.base_url))
        profile = self.options.payers[payer_id]
        overrides = [as_override(row) for row in rows]
        try:
            return payer_id, await asyncio.to_thread(
                scrub_coding, coded, frame, payer_id, profile, edits, beside, overrides
            )
        except ValueError as error:
            raise InvalidContent("a resource of the coding is no JSON object", expression="claim") from error
