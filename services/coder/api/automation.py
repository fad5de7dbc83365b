"""Automation by service line: what it does, how surely it agrees with the coders, and who changed that."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from services.coder.api.requests import Cases
from services.coder.automation.modes import Mode, ModeRefused
from services.coder.automation_models import AutomationLine, AutomationView, ModeChangesPage, ModeRequest
from services.coder.service.use_cases import UseCases
from shared.contracts.errors import InvalidContent, NotFound
from shared.web.pages import PageLimit
from shared.web.refusals import document_errors
from shared.web.security import Principal, Role, require_principal
from shared.web.tags import TAGGED, Revision, tag_revision

router = APIRouter(prefix="/v1", tags=["automation"])

AutomationKeeper = Annotated[Principal, Depends(require_principal(Role.LEAD, Role.ADMIN, phi=False))]
ServiceLinePath = Annotated[
    str, Path(pattern="^[a-z][a-z0-9-]{0,62}$", description="A service line, as worklists name it.")
]


@router.get("/automation", dependencies=TAGGED, responses=document_errors())
async def read_automation(cases: Cases, _principal: AutomationKeeper) -> AutomationView:
    """Say for each service line what automation does in it, and how surely it agrees with the coders."""
    return AutomationView.of(await cases.reporting.read_automation(), cases.reporting.policy)


@router.get("/automation/{service_line}", dependencies=TAGGED, responses=document_errors(NotFound))
async def read_automation_line(
    cases: Cases, _principal: AutomationKeeper, service_line: ServiceLinePath, response: Response
) -> AutomationLine:
    """Say what automation does in one service line; the ETag is what a change names in If-Match."""
    return await _show_line(cases, service_line, response)


@router.put("/automation/{service_line}", responses=document_errors(NotFound, ModeRefused, InvalidContent))
async def change_automation(
    cases: Cases,
    principal: AutomationKeeper,
    service_line: ServiceLinePath,
    request: ModeRequest,
    revision: Revision,
    response: Response,
) -> AutomationLine:
    """Turn a service line off, into shadow mode, or active once the lower bound allows it; asking again is harmless.

    Shadow mode begins a trial of its own. Automation suspends a line by itself, and never makes one active.
    """
    mode = Mode(request.mode)
    await cases.automating.change_mode(principal.subject, service_line, mode, request.reason, revision)
    return await _show_line(cases, service_line, response)


async def _show_line(cases: UseCases, service_line: str, response: Response) -> AutomationLine:
    found = await cases.reporting.read_line(service_line)
    response.headers["ETag"] = tag_revision(found.line.revision)
    return AutomationLine.of(found, cases.reporting.policy)


@router.get(
    "/automation/{service_line}/changes", summary="List changes of a mode", responses=document_errors(InvalidContent)
)
async def list_mode_changes(
    cases: Cases,
    _principal: AutomationKeeper,
    service_line: ServiceLinePath,
    cursor: Annotated[
        int | None, Query(ge=1, le=2**62, description="`next` of an earlier page; none for the first.")
    ] = None,
    limit: PageLimit = 50,
) -> ModeChangesPage:
    """List who changed the mode of a service line when and why, the latest first; nothing of it is ever removed."""
    return ModeChangesPage.of(await cases.reporting.list_changes(service_line, limit + 1, cursor), limit)
