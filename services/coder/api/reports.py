"""Figures of coders' work: leads see those within their reach, coders their own. Nothing here names a chart."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from services.coder.api.reach import find_reach
from services.coder.api.requests import Cases
from services.coder.automation.pace import By
from services.coder.report_models import AcceptanceReport, AcceptanceRow, ProductivityReport, ProductivityRow
from services.coder.service.reporting import Reader
from services.coder.service.use_cases import UseCases
from services.coder.store.reports import Caller
from shared.contracts.errors import InvalidContent
from shared.days import IsoDay
from shared.web.refusals import document_errors
from shared.web.security import Principal, Role, require_principal
from shared.web.tags import TAGGED

router = APIRouter(prefix="/v1/reports", tags=["reports"])

ReportReader = Annotated[Principal, Depends(require_principal(Role.CODER, Role.LEAD, phi=False))]
ByQuery = Annotated[By, Query(description="What to count by, beside the coder.")]
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

_TABLE = {"content": {"text/csv": {"schema": {"type": "string"}, "example": "coder,setting\r\n"}}}


def read_as(principal: Principal) -> Reader:
    """Say whose figures a caller sees."""
    return Reader(Caller(principal.subject, find_reach(principal)), oversees=Role.LEAD in principal.roles)


async def report_productivity(cases: UseCases, reader: Reader, days: tuple[date, date], by: By) -> ProductivityReport:
    """Read and shape the report."""
    rows = await cases.reporting.read_productivity(reader, days, by)
    return ProductivityReport(since=days[0], until=days[1], by=by, coders=tuple(map(ProductivityRow.of, rows)))


@router.get(
    "/acceptance",
    summary="Read how suggestions are accepted",
    dependencies=TAGGED,
    responses=document_errors(InvalidContent),
)
async def read_acceptance(cases: Cases, principal: ReportReader, days: Days) -> AcceptanceReport:
    """Say how long coders take over what they accept, and how they did with suggestions that were wrong on purpose."""
    rows = await cases.reporting.read_acceptance(read_as(principal), days)
    return AcceptanceReport(since=days[0], until=days[1], coders=tuple(AcceptanceRow.of(*row) for row in rows))


@router.get(
    "/productivity", summary="Read what coders did", dependencies=TAGGED, responses=document_errors(InvalidContent)
)
async def read_productivity(
    cases: Cases, principal: ReportReader, days: Days, by: ByQuery = By.SETTING
) -> ProductivityReport:
    """Say what coders completed, how fast beside the norms of the field, what they asked, and what came back."""
    return await report_productivity(cases, read_as(principal), days, by)


@router.get(
    "/productivity.csv",
    summary="Read what coders did, as a table",
    response_class=Response,
    dependencies=TAGGED,
    responses={200: _TABLE, **document_errors(InvalidContent)},
)
async def read_productivity_table(cases: Cases, principal: ReportReader, days: Days, by: ByQuery = By.DAY) -> Response:
    """Give the same figures as comma-separated values, by day when nothing else is asked."""
    report = await report_productivity(cases, read_as(principal), days, by)
    return Response(report.write_csv(), media_type="text/csv")
