"""The worklist: what is in hand, the lists with their charts, holds to look at again, and taking the next chart.

Invariant: the page shows why a chart stands where it does, and takes only what `lease_next` gives; nobody picks.
"""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response

from services.coder.api.events import Listener, answer_events
from services.coder.api.reach import find_reach
from services.coder.api.requests import Cases
from services.coder.hold import HoldId
from services.coder.queue_models import PriorityView
from services.coder.service.worklists import UNFINISHED
from services.coder.work_item import ChartId, State
from services.coder.workbench.forms import read_hold, read_lease
from services.coder.workbench.pages import render_page
from services.coder.workbench.routing import (
    MY_QUERIES,
    READERS,
    WORKLIST,
    Form,
    PageRoute,
    SignedIn,
    SignedInAnybody,
    SignedInReader,
    redirect,
)
from shared.contracts.errors import Conflict, InvalidContent
from shared.web.security import Role

_NOTICES = {
    "completed": "The chart is coded and on its way to billing.",
    "seed-missed": "The chart is coded. One suggestion that you accepted was wrong on purpose; it was taken out.",
    "seed-caught": "The chart is coded. One suggestion was wrong on purpose, and you saw it.",
    "released": "The chart is back in the queue; its decisions stay.",
    "empty": "Nothing is open now.",
    "held": "The chart is on hold; its decisions stay.",
    "lifted": "The hold is lifted.",
    "not-lifted": "This hold had ended before.",
}
_SHOWN = 50

router = APIRouter(route_class=PageRoute)


@router.get("/")
async def show_worklist(
    cases: Cases,
    coder: SignedInAnybody,
    notice: str = "",
    list_id: Annotated[str | None, Query(alias="list")] = None,
    state: State = State.OPEN,
) -> Response:
    """Show the charts in hand, the lists with their counts, one list's charts in a state, and holds to look at.

    Who sees no chart begins with the queries to them.
    """
    if not coder.roles & READERS:
        return redirect(MY_QUERIES)
    reach = find_reach(coder)
    places = await cases.worklists.read_page(coder.subject, reach, list_id=list_id, states=(state,), limit=_SHOWN)
    return render_page(
        "worklist.html",
        signed_in=coder,
        may_code=bool(coder.roles & {Role.CODER, Role.LEAD}),
        held=[(each, PriorityView.of(each.place.urgency)) for each in await cases.desk.list_held(coder.subject)],
        lists=await cases.worklists.count(coder.subject, reach),
        chosen=list_id,
        state=state,
        states=UNFINISHED,
        places=[(each, PriorityView.of(each.urgency)) for each in places],
        to_review=await cases.holding.list_to_review(
            coder.subject, reach, due_by=datetime.now(UTC).date(), limit=_SHOWN
        ),
        notice=_NOTICES.get(notice),
    )


@router.get("/events")
async def follow_arrivals(
    cases: Cases,
    request: Request,
    coder: SignedInReader,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Tell the page that its lists have changed."""
    listener = Listener(coder.subject, find_reach(coder), last_event_id)
    return answer_events(request.app.state.arrivals, cases.worklists, request.app.state.closing, listener)


@router.post("/lease-next")
async def lease_next(cases: Cases, coder: SignedIn) -> Response:
    """Lease the most urgent open chart and open it."""
    lease = await cases.queue.lease_next(coder.subject, find_reach(coder))
    return redirect(f"/workbench/charts/{lease.chart_id}" if lease else f"{WORKLIST}?notice=empty")


@router.post("/charts/{chart_id}/hold")
async def place_hold(cases: Cases, coder: SignedIn, chart_id: UUID, form: Form) -> Response:
    """Put a leased chart on hold and go back to the worklist."""
    chart = ChartId(chart_id)
    try:
        await cases.holding.place(read_lease({**form, "action": "hold"}, coder, chart), read_hold(form))
    except (InvalidContent, Conflict) as error:
        return render_page("error.html", status=error.http_status, message=error.message, signed_in=coder)
    return redirect(f"{WORKLIST}?notice=held")


@router.post("/holds/{hold_id}/lift")
async def lift_hold(cases: Cases, coder: SignedIn, hold_id: UUID) -> Response:
    """Lift a hold; a second press finds it lifted."""
    try:
        await cases.holding.lift(coder.subject, HoldId(hold_id))
    except Conflict:
        return redirect(f"{WORKLIST}?notice=not-lifted")
    return redirect(f"{WORKLIST}?notice=lifted")
