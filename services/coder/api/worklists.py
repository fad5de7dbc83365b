"""Worklists: their rules, their pages, and the news that a chart is on one."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from services.coder.api.events import Listener, answer_events
from services.coder.api.reach import find_reach
from services.coder.api.requests import Cases, CoderPrincipal, ListKeeper, ListReader
from services.coder.place import Cursor
from services.coder.queue_models import (
    CountedListView,
    ListId,
    NewWorklist,
    PlacesPage,
    PlaceView,
    WorklistRequest,
    WorklistsPage,
    WorklistView,
)
from services.coder.service.worklists import UNFINISHED
from services.coder.work_item import State
from services.coder.worklist import ListExists, ListFixed, ListKey
from shared.contracts.errors import InvalidContent, NotFound
from shared.pages import CursorOf, cut_page
from shared.web.pages import PageCursor, PageLimit
from shared.web.refusals import document_errors
from shared.web.repeating import RepeatableRequest
from shared.web.security import Role
from shared.web.tags import TAGGED, Revision, tag_revision

router = APIRouter(prefix="/v1/worklists", tags=["worklists"])

_EVENT = 'event: arrival\nid: 5f0c11aa-7\ndata: {"lists": ["inpatient-medicine"], "assigned": false}\n\n'
_EVENT_SCHEMA = {
    "type": "object",
    "title": "Event",
    "description": "One event of the stream; `data` is a JSON object in a string.",
    "required": ["event", "id", "data"],
    "properties": {
        "event": {"enum": ["ready", "arrival"]},
        "id": {"type": "string", "description": "For Last-Event-ID after a break."},
        "data": {"type": "string", "contentMediaType": "application/json"},
        "retry": {"type": "integer", "description": "Milliseconds to wait before connecting again."},
    },
}
PLACES = CursorOf(Cursor)
LISTS = CursorOf(ListKey)
ListIdPath = Annotated[ListId, Path(description="The worklist's id.")]


@router.get("", responses=document_errors())
async def list_worklists(
    cases: Cases, principal: ListReader, cursor: PageCursor = None, limit: PageLimit = 50
) -> WorklistsPage:
    """List the lists that can have charts within the caller's reach, and how many in each state.

    Who keeps lists sees those as well that no chart has ever been on.
    """
    keeps = bool(principal.roles & {Role.LEAD, Role.ADMIN})
    after = LISTS.read(cursor) if cursor else None
    counted = await cases.worklists.count(principal.subject, find_reach(principal), empty_too=keeps, after=after)
    shown, last = cut_page(counted, limit)
    views = (CountedListView(**WorklistView.of(each.worklist).model_dump(), counts=dict(each.counts)) for each in shown)
    return WorklistsPage(worklists=tuple(views), next=LISTS.write(ListKey.of(last.worklist)) if last else None)


@router.post("", responses=document_errors(ListExists, InvalidContent))
async def create_worklist(
    cases: Cases, _principal: ListKeeper, new: NewWorklist, repeatable: RepeatableRequest
) -> WorklistView:
    """Create a list; the charts that its rule lets through are on it at once."""
    rule = WorklistRequest.model_validate(new.model_dump(exclude={"list_id"}))
    return await cases.worklists.create(rule, new.list_id, repeatable)


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/event-stream": {"schema": _EVENT_SCHEMA, "example": _EVENT}}},
        **document_errors(),
    },
)
async def follow_arrivals(
    cases: Cases,
    request: Request,
    principal: CoderPrincipal,
    last_event_id: Annotated[str | None, Header(description="The id of the last event that was received.")] = None,
) -> StreamingResponse:
    """Follow the caller's lists: an event `arrival` says which of them have a new chart, and whether one was assigned.

    Events name no chart. After a break, with Last-Event-ID, one event names every list that may have changed.
    """
    listener = Listener(principal.subject, find_reach(principal), last_event_id)
    return answer_events(request.app.state.arrivals, cases.worklists, request.app.state.closing, listener)


@router.get("/{list_id}", dependencies=TAGGED, responses=document_errors(NotFound))
async def read_worklist(cases: Cases, _principal: ListReader, list_id: ListIdPath, response: Response) -> WorklistView:
    """Read a list's rule; its ETag is what a change of it names in If-Match."""
    found = await cases.worklists.find(list_id)
    response.headers["ETag"] = tag_revision(found.revision)
    return WorklistView.of(found)


@router.put("/{list_id}", responses=document_errors(NotFound, ListFixed, InvalidContent))
async def change_worklist(
    cases: Cases,
    _principal: ListKeeper,
    list_id: ListIdPath,
    rule: WorklistRequest,
    revision: Revision,
    response: Response,
) -> WorklistView:
    """Change a list's rule; charts that it lets through or no longer does have moved when this answers."""
    changed = await cases.worklists.change(list_id, rule, revision)
    response.headers["ETag"] = tag_revision(changed.revision)
    return WorklistView.of(changed)


@router.delete("/{list_id}", responses=document_errors(NotFound, ListFixed, InvalidContent))
async def delete_worklist(
    cases: Cases, _principal: ListKeeper, list_id: ListIdPath, revision: Revision
) -> WorklistView:
    """Delete a list, and answer with what it was; its charts fall to the next default list that lets them through."""
    found = await cases.worklists.find(list_id)
    await cases.worklists.delete(list_id, revision)
    return WorklistView.of(found)


@router.get("/{list_id}/work-items", responses=document_errors(NotFound, InvalidContent))
async def list_work_items(
    cases: Cases,
    principal: CoderPrincipal,
    list_id: ListIdPath,
    state: Annotated[
        list[State] | None, Query(description="Only these states; open, leased and on-hold if none.")
    ] = None,
    cursor: PageCursor = None,
    limit: PageLimit = 50,
) -> PlacesPage:
    """Read a list page by page, the most urgent first, each chart with the parts of its priority.

    Pages are taken while the queue moves: a chart that becomes more urgent may be missed by who reads on.
    """
    page = await cases.worklists.read_page(
        principal.subject,
        find_reach(principal),
        list_id=list_id,
        states=state or UNFINISHED,
        after=PLACES.read(cursor) if cursor else None,
        limit=limit + 1,
    )
    shown, last = cut_page(page, limit)
    more = PLACES.write(Cursor.after(last)) if last else None
    return PlacesPage(work_items=tuple(map(PlaceView.of, shown)), next=more)
