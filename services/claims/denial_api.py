"""The denial worklist over HTTP: what payers denied, what to do about it, and what was done. Thin: `service` does it.

Invariant: who may read stands at the router, who may decide at the route; every answer is on record as holding PHI.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.claims.api import ClaimIdPath
from services.claims.api_models import ROWS
from services.claims.denial_models import (
    NO_NUL,
    PATTERNS,
    DenialPage,
    DenialPatternPage,
    DenialView,
    Status,
    StepTaken,
)
from services.claims.denials.reasons import Kind, Step
from services.claims.service.denials import DenialFilter, DenialService
from services.claims.store.denial_store import Caller
from shared.contracts.errors import Conflict, InvalidContent, NotFound
from shared.postgres.answers import KeyReused, Repeatable, RequestInFlight
from shared.web.errors import FHIR_JSON
from shared.web.pages import PageCursor, PageLimit
from shared.web.refusals import document_errors
from shared.web.repeating import RepeatableRequest
from shared.web.security import Principal, Role, require_principal
from shared.web.tags import TAGGED

router = APIRouter(
    prefix="/v1", tags=["denials"], dependencies=[Depends(require_principal(Role.LEAD, Role.AUDITOR, Role.ADMIN))]
)
DenialIdPath = Annotated[int, Path(ge=1, le=2**63 - 1, description="The denial's id, as the list has it.")]
PayerIdQuery = Annotated[
    str | None, Query(max_length=200, pattern=NO_NUL, description="The payer, as the settings name it.")
]
_PACKET = {"type": "object", "title": "Bundle", "description": "A FHIR R4 Bundle: the letter, then claim and answer."}
_STEP_REFUSED = document_errors(NotFound, Conflict, InvalidContent, KeyReused, RequestInFlight)


def _denials(request: Request) -> DenialService:
    service: DenialService = request.app.state.claims.denials
    return service


Denials = Annotated[DenialService, Depends(_denials)]
TakeStep = Callable[[int, Step, str], Awaitable[DenialView]]
"""Takes a step about a denial for a reason, in the name of whoever asks."""


def _take_as(principal: Principal, denials: DenialService, repeatable: Repeatable | None) -> TakeStep:
    by = Caller(principal.subject, principal.practitioner)
    return lambda denial_id, step, reason: denials.take_step(denial_id, step, by, reason, repeatable)


def _take_as_worker(
    principal: Annotated[Principal, Depends(require_principal(Role.LEAD, Role.ADMIN))],
    denials: Denials,
    repeatable: RepeatableRequest,
) -> TakeStep:
    return _take_as(principal, denials, repeatable)


def _take_as_lead(
    principal: Annotated[Principal, Depends(require_principal(Role.LEAD))],
    denials: Denials,
    repeatable: RepeatableRequest,
) -> TakeStep:
    return _take_as(principal, denials, repeatable)


WorkerStep = Annotated[TakeStep, Depends(_take_as_worker)]
LeadStep = Annotated[TakeStep, Depends(_take_as_lead)]


@router.get("/denials", responses=document_errors())
async def list_denials(
    denials: Denials,
    status: Annotated[Status | None, Query(description="Denials of this status only.")] = None,
    kind: Annotated[Kind | None, Query(description="Denials of this kind only.")] = None,
    payer_id: PayerIdQuery = None,
    reason_code: Annotated[
        str | None, Query(max_length=40, pattern=NO_NUL, description="A CARC, or a code of a rejection.")
    ] = None,
    practitioner: Annotated[
        str | None, Query(max_length=200, pattern=NO_NUL, description="The coder who decided, `Practitioner/<id>`.")
    ] = None,
    cursor: PageCursor = None,
    limit: PageLimit = 50,
) -> DenialPage:
    """List what payers denied and rejected, oldest first."""
    wanted = DenialFilter(status, kind, payer_id, reason_code, practitioner)
    return await denials.list_denials(wanted, after=_after(cursor), limit=limit)


@router.get("/denials/patterns", responses=document_errors())
async def list_denial_patterns(
    denials: Denials,
    payer_id: PayerIdQuery = None,
    at_least: Annotated[int, Query(ge=1, le=1_000_000, description="Claims denied, or more.")] = 2,
    cursor: PageCursor = None,
    limit: PageLimit = 50,
) -> DenialPatternPage:
    """List what payers deny again and again: where a rule of our own may pay, to be back-tested before it is used."""
    after = PATTERNS.read(cursor) if cursor else None
    return await denials.find_patterns(payer_id=payer_id, at_least=at_least, after=after, limit=limit)


@router.get("/denials/{denial_id}", dependencies=TAGGED, responses=document_errors(NotFound))
async def get_denial(denial_id: DenialIdPath, denials: Denials) -> DenialView:
    """Read one denial: the payer's codes, the decision, coder, words and edits behind each line, steps and history."""
    return await denials.get_denial(denial_id)


@router.get("/claims/{claim_id}/denials", responses=document_errors(NotFound))
async def list_claim_denials(
    claim_id: ClaimIdPath, denials: Denials, cursor: PageCursor = None, limit: PageLimit = 50
) -> DenialPage:
    """List every denial and rejection of a claim, of those that it replaces and of its replacements, oldest first."""
    return await denials.list_history(claim_id, after=_after(cursor), limit=limit)


@router.post("/denials/{denial_id}/correct", responses=_STEP_REFUSED)
async def correct_denial(denial_id: DenialIdPath, body: StepTaken, taking: WorkerStep) -> DenialView:
    """Give the chart back to the coder with what the payer said; the next coding makes the claim that follows."""
    return await taking(denial_id, Step.CORRECT, body.reason)


@router.post("/denials/{denial_id}/resubmit", responses=_STEP_REFUSED)
async def resubmit_denial(denial_id: DenialIdPath, body: StepTaken, taking: WorkerStep) -> DenialView:
    """Give a rejected chart back to the coder; the next coding goes out as a first claim, as the payer holds none."""
    return await taking(denial_id, Step.RESUBMIT, body.reason)


@router.post("/denials/{denial_id}/appeal", responses=_STEP_REFUSED)
async def appeal_denial(denial_id: DenialIdPath, body: StepTaken, taking: WorkerStep) -> DenialView:
    """Decide on an appeal; `reason` is the letter to the payer, and the packet holds the evidence."""
    return await taking(denial_id, Step.APPEAL, body.reason)


@router.post("/denials/{denial_id}/write-off", responses=_STEP_REFUSED)
async def write_off_denial(denial_id: DenialIdPath, body: StepTaken, taking: LeadStep) -> DenialView:
    """Ask for nothing more."""
    return await taking(denial_id, Step.WRITE_OFF, body.reason)


@router.post("/denials/{denial_id}/settle", responses=_STEP_REFUSED)
async def settle_denial(denial_id: DenialIdPath, body: StepTaken, taking: LeadStep) -> DenialView:
    """Say how a refused void was settled with the payer: what it paid was given back, or nothing is owed."""
    return await taking(denial_id, Step.SETTLE, body.reason)


@router.get(
    "/denials/{denial_id}/packet",
    dependencies=[Depends(require_principal(Role.LEAD, Role.AUDITOR)), *TAGGED],
    response_class=Response,
    responses={200: {"content": {FHIR_JSON: {"schema": _PACKET}}}, **document_errors(NotFound)},
)
async def read_appeal_packet(denial_id: DenialIdPath, denials: Denials) -> Response:
    """Read the evidence packet of an appeal: a FHIR Bundle of letter, cited words, claim, answer and documents."""
    return Response(await denials.read_packet(denial_id), media_type=FHIR_JSON)


def _after(cursor: str | None) -> int:
    return ROWS.read(cursor).number if cursor else 0
