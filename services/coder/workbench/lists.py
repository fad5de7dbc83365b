"""A coder's log of a day."""

from datetime import UTC, date, datetime, timedelta

from fastapi import APIRouter
from fastapi.responses import Response

from services.coder.api.requests import Cases
from services.coder.workbench.pages import render_page
from services.coder.workbench.routing import PageRoute, SignedIn

router = APIRouter(route_class=PageRoute)


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
