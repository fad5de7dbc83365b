"""The claims API: where claims are, an operator's one order, and what the edits would find. Thin: `service` does it.

Invariant: no answer carries content of a claim; who may read stands at the router, who may order at the route.
"""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request

from services.claims.api_models import (
    CLAIMS,
    PAYER_FILES,
    ROWS,
    ClaimPage,
    ClaimStats,
    ClaimView,
    CodingToScrub,
    OverriddenFinding,
    ParkedAnswerPage,
    PayerFilePage,
    ScrubPreview,
    SubmissionPage,
)
from services.claims.claim import State
from services.claims.service import FileService, OverviewService, PreviewService, SendingService
from shared.contracts.errors import Conflict, InvalidContent, NotFound
from shared.postgres.answers import KeyReused, RequestInFlight
from shared.web.pages import PageCursor, PageLimit
from shared.web.refusals import document_errors
from shared.web.repeating import RepeatableRequest
from shared.web.security import Role, require_principal
from shared.web.tags import TAGGED

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


ClaimIdPath = Annotated[UUID, Path(description="The claim's id, which is also its Bundle.identifier.")]
Files = Annotated[FileService, Depends(_files)]
Overview = Annotated[OverviewService, Depends(_overview)]
Sending = Annotated[SendingService, Depends(_sending)]


@router.get("/claims", responses=document_errors())
async def list_claims(
    overview: Overview,
    state: Annotated[State | None, Query(description="Claims in this state only.")] = None,
    cursor: PageCursor = None,
    limit: PageLimit = 50,
) -> ClaimPage:
    """List the claims of one state, or of all, in order of id."""
    return await overview.list_claims(state=state, after=CLAIMS.read(cursor) if cursor else None, limit=limit)


@router.get("/claims/{claim_id}", dependencies=TAGGED, responses=document_errors(NotFound))
async def get_claim(claim_id: ClaimIdPath, overview: Overview) -> ClaimView:
    """Read one claim and what it waits for."""
    return await overview.get_claim(claim_id)


@router.get("/claims/{claim_id}/submissions", responses=document_errors(NotFound))
async def list_submissions(
    claim_id: ClaimIdPath, overview: Overview, cursor: PageCursor = None, limit: PageLimit = 50
) -> SubmissionPage:
    """List the attempts to deliver a claim, oldest first."""
    after = ROWS.read(cursor).number if cursor else 0
    return await overview.list_submissions(claim_id, after=after, limit=limit)


@router.post(
    "/claims/{claim_id}/requeue",
    dependencies=[Depends(require_principal(Role.LEAD, Role.ADMIN, phi=False))],
    responses=document_errors(NotFound, Conflict, InvalidContent, KeyReused, RequestInFlight),
)
async def requeue_claim(claim_id: ClaimIdPath, sending: Sending, repeatable: RepeatableRequest) -> ClaimView:
    """Give an undelivered claim another term, once its payer can be reached again."""
    return await sending.requeue_claim(claim_id, repeatable)


@router.get("/stats", dependencies=TAGGED, responses=document_errors())
async def count_claims(overview: Overview) -> ClaimStats:
    """Tell where all claims are, and whether every chart has exactly one effective claim."""
    return await overview.count_claims()


@router.get("/payer-files", responses=document_errors())
async def list_payer_files(
    files: Files,
    outcome: Annotated[Literal["read", "quarantined"] | None, Query(description="Files of this outcome only.")] = None,
    cursor: PageCursor = None,
    limit: PageLimit = 50,
) -> PayerFilePage:
    """List the files that payers left, newest first."""
    return await files.list_files(outcome=outcome, after=PAYER_FILES.read(cursor) if cursor else None, limit=limit)


@router.get("/parked-answers", responses=document_errors())
async def list_parked_answers(files: Files, cursor: PageCursor = None, limit: PageLimit = 50) -> ParkedAnswerPage:
    """List the answers out of payers' files that name no claim or do not balance, newest first."""
    return await files.list_parked(below=ROWS.read(cursor).number if cursor else None, limit=limit)


scrub_router = APIRouter(prefix="/v1", tags=["edits"])


@scrub_router.post(
    "/scrub", dependencies=[Depends(require_principal(Role.INTEGRATION))], responses=document_errors(InvalidContent)
)
async def preview_scrub(coded: CodingToScrub, request: Request) -> ScrubPreview:
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
