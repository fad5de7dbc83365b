"""The page of what changed, and what will, for the codes that a coder uses."""

from datetime import UTC, datetime

from fastapi import APIRouter
from fastapi.responses import Response

from services.coder.api.code_changes import Span, find_changes
from services.coder.api.codes import Shelves
from services.coder.api.requests import Cases
from services.coder.workbench.pages import render_page
from services.coder.workbench.routing import PageRoute, SignedIn

router = APIRouter(route_class=PageRoute)


@router.get("/changes")
async def show_changes(cases: Cases, library: Shelves, coder: SignedIn) -> Response:
    """Show the changes of the coder's own codes around today."""
    today = datetime.now(UTC).date()
    found = await find_changes(cases.desk, library, coder.subject, Span.around(today))
    return render_page("changes.html", signed_in=coder, found=found, today=today)
