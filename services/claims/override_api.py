"""Overrides of warnings over HTTP. Thin: `service.overriding` does it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from services.claims.denial_models import OverrideRequest, OverrideView
from services.claims.edits.overrides import Override
from services.claims.service.overriding import OverrideService
from shared.web.security import Principal, Role, require_principal

router = APIRouter(prefix="/v1/charts/{chart_id}/overrides", tags=["edits"])
Decider = Annotated[Principal, Depends(require_principal(Role.CODER, Role.LEAD))]


def _overrides(request: Request) -> OverrideService:
    service: OverrideService = request.app.state.claims.overrides
    return service


Overrides = Annotated[OverrideService, Depends(_overrides)]


@router.post("", status_code=201, responses={422: {"description": "An error, or no edit of this id."}})
async def override_warning(
    chart_id: UUID, body: OverrideRequest, caller: Decider, overrides: Overrides
) -> OverrideView:
    """Set a warning aside for a chart; who did and why stays on the record."""
    override = Override(body.edit, body.reason, caller.practitioner, body.expression)
    return await overrides.override(chart_id, override, subject=caller.subject)


@router.get("", dependencies=[Depends(require_principal(Role.CODER, Role.LEAD, Role.AUDITOR))])
async def list_overrides(chart_id: UUID, overrides: Overrides) -> list[OverrideView]:
    """What was set aside for a chart, oldest first."""
    return await overrides.list_overrides(chart_id)
