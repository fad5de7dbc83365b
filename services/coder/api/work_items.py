"""One work item: its place, whose it is, giving it back, and giving a failed one to the engine again."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from services.coder.api.reach import find_reach
from services.coder.api.requests import (
    Cases,
    CoderPrincipal,
    LeadPrincipal,
    LeaseTokenHeader,
    WorkItemIdPath,
)
from services.coder.api_models import WorkItemView
from services.coder.queue_models import AssignRequest, PlaceView, RaiseRequest
from services.coder.service.assigning import LeadRequest
from services.coder.work_item import LeaseLost, LeaseToken, WorkItemId, WrongState
from shared.contracts.errors import InvalidContent, NotFound
from shared.web.refusals import document_errors
from shared.web.repeating import RepeatableRequest
from shared.web.tags import TAGGED, tag_revision

router = APIRouter(prefix="/v1/work-items/{work_item_id}", tags=["work items"])


async def _read_lead_request(
    principal: LeadPrincipal, work_item_id: WorkItemIdPath, repeatable: RepeatableRequest
) -> LeadRequest:
    return LeadRequest(principal.subject, find_reach(principal), WorkItemId(work_item_id), repeatable)


AboutWorkItem = Annotated[LeadRequest, Depends(_read_lead_request)]


@router.get("", dependencies=TAGGED, responses=document_errors(NotFound))
async def read_work_item(
    cases: Cases, principal: CoderPrincipal, work_item_id: WorkItemIdPath, response: Response
) -> PlaceView:
    """Read where a work item stands, on which lists, and why it is as urgent as it is."""
    place = await cases.worklists.find_place(principal.subject, find_reach(principal), WorkItemId(work_item_id))
    response.headers["ETag"] = tag_revision(place.revision)
    return PlaceView.of(place)


@router.post("/assign", responses=document_errors(NotFound, WrongState, InvalidContent))
async def assign(cases: Cases, request: AboutWorkItem, assignment: AssignRequest) -> PlaceView:
    """Give a chart to a coder, who gets it before all others, or back to its lists.

    Somebody else's lease on it ends; what they decided stays with the chart.
    """
    return await cases.assigning.assign(request, assignment.coder)


@router.post("/raise", responses=document_errors(NotFound, InvalidContent))
async def raise_chart(cases: Cases, request: AboutWorkItem, wish: RaiseRequest) -> PlaceView:
    """Flag a chart as urgent, so that it comes before its time, or let it fall back; completing it ends this."""
    return await cases.assigning.raise_chart(request, raised=wish.raised)


@router.post("/release", responses=document_errors(NotFound, LeaseLost))
async def release(
    cases: Cases,
    principal: CoderPrincipal,
    work_item_id: WorkItemIdPath,
    lease_token: LeaseTokenHeader,
    repeatable: RepeatableRequest,
) -> WorkItemView:
    """Give a leased chart back to the queue; decisions that were made stay."""
    item, token = WorkItemId(work_item_id), LeaseToken(lease_token)
    return await cases.queue.release(item, token, principal.subject, repeatable)


@router.post("/retry", responses=document_errors(NotFound, WrongState))
async def retry(
    cases: Cases, _principal: CoderPrincipal, work_item_id: WorkItemIdPath, repeatable: RepeatableRequest
) -> WorkItemView:
    """Give a chart to the engine again on which it crashed or took too long."""
    return await cases.queue.retry(WorkItemId(work_item_id), repeatable)
