"""Automation by service line, and what leads read about acceptance and productivity. Nothing here names a chart."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from services.coder.api.problems import document_errors
from services.coder.api.requests import Cases
from services.coder.automation.modes import Mode, ModeRefused
from services.coder.automation_models import (
    AcceptanceReport,
    AcceptanceRow,
    AutomationView,
    ModeRequest,
    ProductivityReport,
    ProductivityRow,
)
from shared.contracts.errors import InvalidContent, NotFound
from shared.web.days import IsoDay
from shared.web.security import Principal, Role, require_principal

router = APIRouter(prefix="/v1", tags=["automation"])

AutomationKeeper = Annotated[Principal, Depends(require_principal(Role.LEAD, Role.ADMIN, phi=False))]
ReportReader = Annotated[Principal, Depends(require_principal(Role.LEAD, phi=False))]
ServiceLinePath = Annotated[
    str, Path(pattern="^[a-z][a-z0-9-]{0,62}$", description="A service line, as worklists name it.")
]
_LONGEST_DAYS = 92
_SHOWN_DAYS = 28


def _read_days(
    since: Annotated[IsoDay | None, Query(description="The first UTC day; 28 days before the last if none.")] = None,
    until: Annotated[IsoDay | None, Query(description="The last UTC day; today if none.")] = None,
) -> tuple[date, date]:
    last = until or datetime.now(UTC).date()
    if last > date.max - timedelta(days=1) or (since is None and last < date.min + timedelta(days=_SHOWN_DAYS)):
        raise InvalidContent("name days of this century", expression="until")
    first = since or last - timedelta(days=_SHOWN_DAYS)
    if not 0 <= (last - first).days <= _LONGEST_DAYS:
        raise InvalidContent(f"name the first day before the last, at most {_LONGEST_DAYS} apart", expression="since")
    return first, last


Days = Annotated[tuple[date, date], Depends(_read_days)]


@router.get("/automation", responses=document_errors())
async def read_automation(cases: Cases, _principal: AutomationKeeper) -> AutomationView:
    """Say for each service line what automation does in it, and how surely it agrees with the coders."""
    return AutomationView.of(await cases.reporting.read_automation(), cases.reporting.policy)


@router.put("/automation/{service_line}", responses=document_errors(NotFound, ModeRefused, InvalidContent))
async def change_automation(
    cases: Cases, principal: AutomationKeeper, service_line: ServiceLinePath, request: ModeRequest
) -> AutomationView:
    """Turn a service line off, into shadow mode, or active once the lower bound allows it; asking again is harmless.

    Shadow mode begins a trial of its own. Automation suspends a line by itself, and never makes one active.
    """
    await cases.automating.change_mode(principal.subject, service_line, Mode(request.mode), request.reason)
    return AutomationView.of(await cases.reporting.read_automation(), cases.reporting.policy)


@router.get("/reports/acceptance", responses=document_errors(InvalidContent))
async def read_acceptance(cases: Cases, _principal: ReportReader, days: Days) -> AcceptanceReport:
    """Say how long coders take over what they accept, and how they did with suggestions that were wrong on purpose."""
    rows = await cases.reporting.read_acceptance(*days)
    return AcceptanceReport(since=days[0], until=days[1], coders=tuple(AcceptanceRow.of(*row) for row in rows))


@router.get("/reports/productivity", responses=document_errors(InvalidContent))
async def read_productivity(cases: Cases, _principal: ReportReader, days: Days) -> ProductivityReport:
    """Say how many charts an hour coders complete, by setting and service line, beside the norms of the field."""
    rows = await cases.reporting.read_productivity(*days)
    return ProductivityReport(since=days[0], until=days[1], coders=tuple(map(ProductivityRow.of, rows)))
