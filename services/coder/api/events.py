"""Server-sent events: a new chart is on one of the caller's lists.

Invariants: an event names lists, never a chart; it may be late or come once too often, but a caller who may have missed
one is told so; a stream ends when the server stops, and after half an hour, so that who has left is not told for ever.
"""

import json
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

from fastapi.responses import StreamingResponse

from services.coder.arrivals import Arrival, Arrivals, Mark
from services.coder.reach import Reach
from services.coder.service.worklists import Worklists
from shared.loops import rest
from shared.web.closing import Closing

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_LONGEST_SECONDS = 1_800.0
_KEEP_ALIVE_SECONDS = 15.0
_GATHERING_SECONDS = 0.5
"""What arrives within this time is one event: charts come in batches."""


@dataclass(frozen=True)
class Listener:
    """Somebody with a worklist before them."""

    subject: str
    reach: Reach
    last_event_id: str | None


def answer_events(arrivals: Arrivals, worklists: Worklists, closing: Closing, listener: Listener) -> StreamingResponse:
    """Answer with a stream of events."""
    events = stream_events(arrivals, worklists, closing, listener)
    return StreamingResponse(events, media_type="text/event-stream", headers=_HEADERS)


async def stream_events(
    arrivals: Arrivals, worklists: Worklists, closing: Closing, listener: Listener
) -> AsyncGenerator[str, None]:
    """Yield events until the server stops: first where the listener stands, then each arrival on their lists."""
    until = time.monotonic() + _LONGEST_SECONDS
    mark = Mark.decode(listener.last_event_id) if listener.last_event_id else arrivals.mark
    yield f"retry: 3000\n{_write('ready', {}, arrivals.mark if not listener.last_event_id else mark)}"
    while not closing.begun.is_set() and time.monotonic() < until:
        news, now = arrivals.news, arrivals.mark
        if now == mark:
            await rest((news, closing.begun), _KEEP_ALIVE_SECONDS)
            if not news.is_set():
                yield ": still here\n\n"
            elif not closing.begun.is_set():
                await rest((closing.begun,), _GATHERING_SECONDS)
            continue
        lists, assigned = await _find_lists(arrivals.list_since(mark), worklists, listener)
        mark = now
        if lists or assigned:
            yield _write("arrival", {"lists": lists, "assigned": assigned}, mark)


async def _find_lists(
    arrived: list[Arrival] | None, worklists: Worklists, listener: Listener
) -> tuple[list[str], bool]:
    """Name the lists that changed, and whether something is for the listener alone; of what was missed, all."""
    reached = await worklists.list_reached(listener.subject, listener.reach)
    if arrived is None:
        return sorted({each for lists in reached.values() for each in lists}), True
    lanes = {each.lane_id for each in arrived if not each.assignee}
    lists = {each for lane_id in lanes for each in reached.get(lane_id, ())}
    return sorted(lists), any(each.assignee == listener.subject for each in arrived)


def _write(event: str, data: Mapping[str, object], mark: Mark) -> str:
    return f"event: {event}\nid: {mark.encode()}\ndata: {json.dumps(data)}\n\n"
