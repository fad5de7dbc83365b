"""Takes claims back at payers that hold them and shall not: a chart was withdrawn, or goes to another payer now.

Place in the flow: `intake` and `withdrawals` ask, in their transactions and under the chart's lock; what payers hold is
known for sure only when they have answered, so `preparation` builds the void then, or drops it.
Invariant: at most one void a payer and chart is under way.
"""

from collections.abc import Mapping
from uuid import UUID

from services.claims.claim import PayerId, identify_void
from services.claims.store import ClaimStore, NewVoid
from shared.postgres.pool import Connection


async def void_held(
    connection: Connection,
    store: ClaimStore,
    charts: Mapping[UUID, int],
    *,
    staying: Mapping[UUID, PayerId] | None = None,
) -> None:
    """Void what payers hold of `charts` up to the coding version beside each; at the payer in `staying` nothing."""
    held = await store.find_held(connection, {chart_id: (staying or {}).get(chart_id) for chart_id in charts})
    voids = [
        NewVoid(identify_void(chart_id, charts[chart_id], payer_id), chart_id, charts[chart_id], payer_id)
        for chart_id, payer_id in held
    ]
    if voids:
        await store.insert_voids(connection, voids)
