"""Overrides of warnings over HTTP. Thin: `service.overriding` does it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request

from services.claims.api_models import ROWS
from services.claims.denial_models import OverridePage, OverrideRequest, OverrideView
from services.claims.edits.overrides import Override, OverrideRefused
from services.claims.service.overriding import OverrideService
from shared.postgres.answers import KeyReused, RequestInFlight
from shared.web.pages import PageCursor, PageLimit
from shared.web.refusals import document_errors
from shared.web.repeating import RepeatableRequest
from shared.web.security import Principal, Role, require_principal

router = APIRouter(prefix="/v1/charts/{chart_id}/overrides", tags=["edits"])
ChartIdPath = Annotated[UUID, Path(description="The chart's id.")]
Decider = Annotated[Principal, Depends(require_principal(Role.CODER, Role.LEAD))]


def _overrides(request: Request) -> OverrideService:
    service: OverrideService = request.app.state.claims.overrides
    return service


Overrides = Annotated[OverrideService, Depends(_overrides)]


@router.post("", status_code=201, responses=document_errors(OverrideRefused, KeyReused, RequestInFlight))
async def override_warning(
    chart_id: ChartIdPath, body: OverrideRequest, caller: Decider, overrides: Overrides, repeatable: RepeatableRequest
) -> OverrideView:
    """Set a warning aside for a chart; who did and why stays on the record."""
    override = Override(body.edit, body.reason, caller.practitioner, body.expression)
    return await overrides.override(chart_id, override, subject=caller.subject, request=repeatable)


@router.get(
    "",
    dependencies=[Depends(require_principal(Role.CODER, Role.LEAD, Role.AUDITOR))],
    responses=document_errors(),
)
async def list_overrides(
    chart_id: ChartIdPath, overrides: Overrides, cursor: PageCursor = None, limit: PageLimit = 50
) -> OverridePage:
    """List what was set aside for a chart, oldest first."""
    return await overrides.list_overrides(chart_id, after=ROWS.read(cursor).number if cursor else 0, limit=limit)
