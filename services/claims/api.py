"""The claims API: where claims are, an operator's one order, and what the edits would find. Thin: `service` does it.

Invariant: no answer carries content of a claim; who may read stands at the router, who may order at the route.
"""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from services.claims.api_models import (
    ClaimPage,
    ClaimStats,
    ClaimView,
    OverriddenFinding,
    ParkedAnswerView,
    PayerFileView,
    ScrubPreview,
    SubmissionView,
)
from services.claims.claim import State
from services.claims.service import FileService, OverviewService, PreviewService, SendingService
from shared.contracts.errors import Conflict, NotFound
from shared.contracts.messages import ChartCoded
from shared.web.refusals import document_errors
from shared.web.security import Role, require_principal

_READERS = (Role.LEAD, Role.AUDITOR, Role.ADMIN, Role.INTEGRATION)

router = APIRouter(prefix="/v1", tags=["claims"], dependencies=[Depends(require_principal(*_READERS, phi=False))])


def _overview(request: Request) -> OverviewService:
    service: OverviewService = request.app.state.claims.overview
    return service


def _sending(request: Request) -> SendingService:
    service: SendingService = request.app.state.claims.sending
    return service


def _files(request: Request) -> FileService:
    service: FileService = request.app.state.claims.files
    return service


Files = Annotated[FileService, Depends(_files)]
Overview = Annotated[OverviewService, Depends(_overview)]
Sending = Annotated[SendingService, Depends(_sending)]


@router.get("/claims", responses=document_errors())
async def list_claims(
    overview: Overview,
    state: State | None = None,
    after: Annotated[UUID | None, Query(description="`next_after` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ClaimPage:
    """Claims of one state, or of all, in order of id."""
    return await overview.list_claims(state=state, after=after, limit=limit)


@router.get("/claims/{claim_id}", responses=document_errors(NotFound))
async def get_claim(claim_id: UUID, overview: Overview) -> ClaimView:
    """One claim and what it waits for."""
    return await overview.get_claim(claim_id)


@router.get("/claims/{claim_id}/submissions", responses=document_errors(NotFound))
async def list_submissions(claim_id: UUID, overview: Overview) -> list[SubmissionView]:
    """Every attempt to deliver a claim, oldest first."""
    return await overview.list_submissions(claim_id)


@router.post(
    "/claims/{claim_id}/requeue",
    dependencies=[Depends(require_principal(Role.LEAD, Role.ADMIN, phi=False))],
    responses=document_errors(NotFound, Conflict),
)
async def requeue_claim(claim_id: UUID, sending: Sending, overview: Overview) -> ClaimView:
    """Give an undelivered claim another term, once its payer can be reached again."""
    await sending.requeue_claim(claim_id)
    return await overview.get_claim(claim_id)


@router.get("/stats")
async def count_claims(overview: Overview) -> ClaimStats:
    """Where all claims are, and whether every chart has exactly one effective claim."""
    return await overview.count_claims()


@router.get("/payer-files")
async def list_payer_files(
    files: Files,
    outcome: Literal["read", "quarantined"] | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[PayerFileView]:
    """Files that payers left, newest first."""
    return await files.list_files(outcome=outcome, limit=limit)


@router.get("/parked-answers")
async def list_parked_answers(files: Files, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> list[ParkedAnswerView]:
    """Answers out of payers' files that name no claim or do not balance, newest first."""
    return await files.list_parked(limit=limit)


scrub_router = APIRouter(prefix="/v1", tags=["edits"])


@scrub_router.post("/scrub", dependencies=[Depends(require_principal(Role.INTEGRATION))])
async def preview_scrub(coded: ChartCoded, request: Request) -> ScrubPreview:
    """Say what the edits would find in a coding, without storing anything: the data of a `chart.coded.v1` event."""
    service: PreviewService = request.app.state.claims.preview
    payer_id, scrubbed = await service.preview(coded)
    overridden = tuple(
        OverriddenFinding(finding=each.finding, reason=each.override.reason, by=each.override.by)
        for each in scrubbed.judgement.overridden
    )
    return ScrubPreview(
        payer_id=payer_id, is_sendable=scrubbed.is_sendable, findings=scrubbed.findings, overridden=overridden
    )
