"""Automation by service line: what it does, how surely it agrees with the coders, and who changed that."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from services.coder.api.problems import document_errors
from services.coder.api.reach import PageLimit
from services.coder.api.requests import Cases
from services.coder.automation.modes import Mode, ModeRefused
from services.coder.automation_models import AutomationView, ModeChangesPage, ModeRequest
from shared.contracts.errors import InvalidContent, NotFound
from shared.web.security import Principal, Role, require_principal

router = APIRouter(prefix="/v1", tags=["automation"])

AutomationKeeper = Annotated[Principal, Depends(require_principal(Role.LEAD, Role.ADMIN, phi=False))]
ServiceLinePath = Annotated[
    str, Path(pattern="^[a-z][a-z0-9-]{0,62}$", description="A service line, as worklists name it.")
]


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
