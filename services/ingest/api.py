"""What operators see of intake: where a chart stands, what is held and why, and another try for what is held.

Place in the flow: thin; `service` does the work. Invariant: no answer has content of a resource, or an id that
a hospital gave.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict

from services.ingest import chart_store
from services.ingest.service import IngestService
from shared.contracts.errors import Conflict, NotFound
from shared.postgres.quarantine import HeldRecord
from shared.web.refusals import document_errors
from shared.web.security import Role, require_principal

MAX_BIGINT = 2**63 - 1
"""PostgreSQL's largest id."""

router = APIRouter(prefix="/v1", tags=["intake"], dependencies=[Depends(require_principal(Role.ADMIN, phi=False))])


class Answer(BaseModel):
    """Base of the answers."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class ChartSummary(Answer):
    """Where a chart stands, without its texts. `missing_count` is how much of what it refers to is not known."""

    chart_id: UUID
    state: Literal["open", "ready", "withdrawn"]
    chart_version: int
    encounter_class: str
    encounter_status: str
    document_count: int
    missing_count: int
    hold_until: datetime | None
    evaluate_at: datetime | None
    emitted_at: datetime | None


class HeldPage(Answer):
    """Held records, newest first; `next_before` asks for the page below, None at the end."""

    held: tuple[HeldRecord, ...]
    next_before: int | None


class Replayed(Answer):
    """What became of a held record this time."""

    outcome: Literal["applied", "stale", "duplicate", "quarantined"]
    reason: str | None


def _service(request: Request) -> IngestService:
    service: IngestService = request.app.state.context.service
    return service


Service = Annotated[IngestService, Depends(_service)]
QuarantineIdPath = Annotated[int, Path(ge=1, le=MAX_BIGINT, description="The held record's id, as the list has it.")]


@router.get("/charts/{chart_id}", responses=document_errors(NotFound))
async def read_chart(chart_id: UUID, service: Service) -> ChartSummary:
    """Tell where a chart stands."""
    row = await chart_store.read_chart(service.pool, chart_id)
    if row is None:
        raise NotFound("no chart has this id")
    return ChartSummary.model_validate(dict(row))


@router.get("/quarantine", responses=document_errors())
async def list_quarantine(
    service: Service,
    reason: Annotated[str | None, Query(max_length=64)] = None,
    before: Annotated[int | None, Query(ge=1, le=MAX_BIGINT)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> HeldPage:
    """List what could not be used, newest first."""
    found = await service.list_held(reason=reason, before=before, limit=limit)
    following = found[-1].quarantine_id if len(found) == limit else None
    return HeldPage(held=tuple(found), next_before=following)


@router.post("/quarantine/{quarantine_id}/replay", responses=document_errors(NotFound, Conflict))
async def replay_quarantined(quarantine_id: QuarantineIdPath, service: Service) -> Replayed:
    """Take a held record in again, with the rules of today; its outcome in the inbox stays."""
    outcome = await service.replay(quarantine_id)
    return Replayed(outcome=outcome.outcome.value, reason=outcome.reason)
