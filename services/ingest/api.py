"""What operators see of intake: where a chart stands, what is held and why, and another try for what is held.

Place in the flow: thin; `service` does the work. Invariant: no answer has content of a resource, or an id that
a hospital gave.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from services.ingest import chart_store
from services.ingest.service import IngestService, Replayed
from shared.contracts.errors import Conflict, InvalidContent, NotFound
from shared.pages import CursorOf, Page, cut_page
from shared.postgres.answers import KeyReused, RequestInFlight
from shared.postgres.quarantine import HeldRecord
from shared.web.pages import PageCursor, PageLimit
from shared.web.refusals import document_errors
from shared.web.repeating import RepeatableRequest
from shared.web.security import Role, require_principal
from shared.web.tags import TAGGED

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


class HeldPage(Page):
    """Held records, newest first."""

    held: tuple[HeldRecord, ...]


@dataclass(frozen=True, slots=True)
class HeldPlace:
    """Where a held record stands in the list, by its number."""

    number: Annotated[int, Field(ge=1, le=MAX_BIGINT)]


HELD = CursorOf(HeldPlace)


def _service(request: Request) -> IngestService:
    service: IngestService = request.app.state.context.service
    return service


Service = Annotated[IngestService, Depends(_service)]
QuarantineIdPath = Annotated[int, Path(ge=1, le=MAX_BIGINT, description="The held record's id, as the list has it.")]


@router.get("/charts/{chart_id}", dependencies=TAGGED, responses=document_errors(NotFound))
async def read_chart(
    chart_id: Annotated[UUID, Path(description="The chart's id, as `chart.ready.v1` names it.")], service: Service
) -> ChartSummary:
    """Tell where a chart stands."""
    row = await chart_store.read_chart(service.pool, chart_id)
    if row is None:
        raise NotFound("no chart has this id")
    return ChartSummary.model_validate(dict(row))


@router.get("/quarantine", responses=document_errors())
async def list_quarantine(
    service: Service,
    reason: Annotated[str | None, Query(max_length=64, description="Records held for this reason code only.")] = None,
    cursor: PageCursor = None,
    limit: PageLimit = 50,
) -> HeldPage:
    """List what could not be used, newest first."""
    before = HELD.read(cursor).number if cursor else None
    shown, last = cut_page(await service.list_held(reason=reason, before=before, limit=limit + 1), limit)
    return HeldPage(held=tuple(shown), next=HELD.write(HeldPlace(last.quarantine_id)) if last else None)


@router.post(
    "/quarantine/{quarantine_id}/replay",
    responses=document_errors(NotFound, Conflict, InvalidContent, KeyReused, RequestInFlight),
)
async def replay_quarantined(
    quarantine_id: QuarantineIdPath, service: Service, repeatable: RepeatableRequest
) -> Replayed:
    """Take a held record in again, with the rules of today; its outcome in the inbox stays."""
    return await service.replay(quarantine_id, repeatable)
