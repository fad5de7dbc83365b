"""Leasing from the queue, and its counts."""

from fastapi import APIRouter, Response

from services.coder.api.reach import find_reach
from services.coder.api.requests import Cases, CoderPrincipal, KnownPrincipal
from services.coder.api_models import LeaseGrant, QueueStats
from services.coder.work_item import LeaseLost
from shared.web.refusals import document_errors
from shared.web.repeating import RepeatableRequest
from shared.web.tags import TAGGED

router = APIRouter(prefix="/v1/queue", tags=["queue"])


@router.post(
    "/lease-next",
    response_model=LeaseGrant,
    responses={204: {"description": "Nothing is open now."}, **document_errors(LeaseLost)},
)
async def lease_next(cases: Cases, principal: CoderPrincipal, repeatable: RepeatableRequest) -> LeaseGrant | Response:
    """Lease the most urgent open chart: it is the caller's alone until the lease is completed, released or expires.

    What a lead assigned to the caller comes first, then the caller's lists, specialties and facilities. Restricted
    charts come only to who is cleared for them, and nobody's own record to themselves. The same Idempotency-Key gets
    the same lease while it is held.
    """
    lease = await cases.queue.lease_next(principal.subject, find_reach(principal), repeatable)
    if lease is None:
        return Response(status_code=204)
    return LeaseGrant(
        work_item_id=lease.work_item_id,
        chart_id=lease.chart_id,
        chart_version=lease.chart_version,
        lease_token=lease.token,
        expires_at=lease.expires_at,
    )


@router.get("/stats", dependencies=TAGGED, responses=document_errors(roles=False))
async def read_stats(cases: Cases, _principal: KnownPrincipal) -> QueueStats:
    """Count the work items in each state; `failed` ones wait for a retry."""
    return QueueStats(counts=await cases.queue.count_states())
