"""Giving a work item back, and giving a failed one to the engine again."""

from fastapi import APIRouter

from services.coder.api.problems import document_errors
from services.coder.api.requests import Cases, CoderPrincipal, LeaseTokenHeader, WorkItemIdPath
from services.coder.api_models import WorkItemView
from services.coder.work_item import LeaseLost, LeaseToken, State, WorkItemId, WrongState
from shared.contracts.errors import NotFound

router = APIRouter(prefix="/v1/work-items/{work_item_id}", tags=["work items"])


@router.post("/release", responses=document_errors(NotFound, LeaseLost))
async def release(
    cases: Cases, principal: CoderPrincipal, work_item_id: WorkItemIdPath, lease_token: LeaseTokenHeader
) -> WorkItemView:
    """Give a leased chart back to the queue; decisions that were made stay."""
    await cases.queue.release(WorkItemId(work_item_id), LeaseToken(lease_token), principal.subject)
    return WorkItemView(work_item_id=work_item_id, state=State.OPEN)


@router.post("/retry", responses=document_errors(NotFound, WrongState))
async def retry(cases: Cases, _principal: CoderPrincipal, work_item_id: WorkItemIdPath) -> WorkItemView:
    """Give a chart to the engine again on which it crashed or took too long."""
    await cases.queue.retry(WorkItemId(work_item_id))
    return WorkItemView(work_item_id=work_item_id, state=State.SUGGESTING)
