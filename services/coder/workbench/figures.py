"""The page of figures: accuracy, productivity and acceptance; a lead's of all within reach, a coder's of themselves."""

from fastapi import APIRouter
from fastapi.responses import Response

from services.coder.api.audits import act_as
from services.coder.api.differences import OVERSEERS
from services.coder.api.reports import ByQuery, Days, read_as, report_productivity
from services.coder.api.requests import Cases
from services.coder.audits.audit import Method
from services.coder.audits.comparison import Category
from services.coder.automation.pace import By
from services.coder.report_models import AcceptanceRow
from services.coder.workbench.pages import render_page
from services.coder.workbench.routing import PageRoute, SignedIn, SignedInReader
from shared.web.security import Role

router = APIRouter(route_class=PageRoute)

_CODERS = frozenset({Role.CODER, Role.LEAD})


@router.get("/figures")
async def show_figures(cases: Cases, reader: SignedInReader, days: Days, by: ByQuery = By.SETTING) -> Response:
    """Show the figures of some UTC days; an auditor sees accuracy alone."""
    codes = bool(reader.roles & _CODERS)
    coder = None if reader.roles & OVERSEERS else reader.subject
    return render_page(
        "figures.html",
        signed_in=reader,
        since=days[0],
        until=days[1],
        by=by,
        ways=list(By),
        categories=list(Category),
        own=coder is not None,
        accuracy=await cases.differences.read_accuracy(act_as(reader).caller, days, (Method.RANDOM,), coder=coder),
        productivity=await report_productivity(cases, read_as(reader), days, by) if codes else None,
        acceptance=[AcceptanceRow.of(*row) for row in await cases.reporting.read_acceptance(read_as(reader), days)]
        if codes
        else [],
    )


@router.get("/figures.csv")
async def download_figures(cases: Cases, coder: SignedIn, days: Days, by: ByQuery = By.SETTING) -> Response:
    """Give the productivity as comma-separated values."""
    report = await report_productivity(cases, read_as(coder), days, by)
    name = f"productivity-{days[0]}-{days[1]}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(report.write_csv(), media_type="text/csv", headers=headers)
