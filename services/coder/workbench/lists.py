"""The worklist, taking the next chart, and a coder's log of a day."""

from datetime import UTC, date, datetime, timedelta

from fastapi import APIRouter
from fastapi.responses import Response

from services.coder.api.reach import find_reach
from services.coder.api.requests import Cases
from services.coder.work_item import State
from services.coder.workbench.pages import render_page
from services.coder.workbench.routing import WORKLIST, PageRoute, SignedIn, SignedInReader, redirect
from shared.web.security import Role

_NOTICES = {
    "completed": "The chart is coded and on its way to billing.",
    "released": "The chart is back in the queue; its decisions stay.",
    "empty": "Nothing is open now.",
}

_SHOWN = 50

router = APIRouter(route_class=PageRoute)


@router.get("/")
async def show_worklist(cases: Cases, coder: SignedInReader, notice: str = "") -> Response:
    """Show the charts in hand, the head of the queue, and how many charts are in each state."""
    return render_page(
        "worklist.html",
        signed_in=coder,
        may_code=bool(coder.roles & {Role.CODER, Role.LEAD}),
        held=await cases.desk.list_held(coder.subject),
        waiting=await cases.worklists.read_page(coder.subject, find_reach(coder), states=(State.OPEN,), limit=_SHOWN),
        counts=await cases.queue.count_states(),
        notice=_NOTICES.get(notice),
    )


@router.post("/lease-next")
async def lease_next(cases: Cases, coder: SignedIn) -> Response:
    """Lease the most urgent open chart and open it."""
    lease = await cases.queue.lease_next(coder.subject, find_reach(coder))
    return redirect(f"/workbench/charts/{lease.chart_id}" if lease else f"{WORKLIST}?notice=empty")


@router.get("/log")
async def show_log(cases: Cases, coder: SignedIn, day: date | None = None) -> Response:
    """Show what the coder did on a UTC day, today when none is named."""
    today = datetime.now(UTC).date()
    chosen = min(day or today, today)
    log = await cases.desk.read_log(coder.subject, chosen)
    return render_page(
        "log.html",
        signed_in=coder,
        log=log,
        actions=[decision.action for decision in log.decisions],
        before=chosen - timedelta(days=1) if chosen > date.min + timedelta(days=1) else None,
        after=chosen + timedelta(days=1) if chosen < today else None,
    )
