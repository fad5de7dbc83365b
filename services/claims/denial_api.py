"""The denial worklist over HTTP: what payers denied, what to do about it, and what was done. Thin: `service` does it.

Invariant: who may read stands at the router, who may decide at the route; every answer is on record as holding PHI.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.claims.denial_models import NO_NUL, DenialPage, DenialPattern, DenialView, Status, StepTaken
from services.claims.denials.reasons import Kind, Step
from services.claims.service.denials import DenialFilter, DenialService
from services.claims.store.denial_store import Caller
from shared.contracts.errors import Conflict, NotFound
from shared.web.errors import FHIR_JSON
from shared.web.refusals import document_errors
from shared.web.security import Principal, Role, require_principal

router = APIRouter(
    prefix="/v1", tags=["denials"], dependencies=[Depends(require_principal(Role.LEAD, Role.AUDITOR, Role.ADMIN))]
)
Worker = Annotated[Principal, Depends(require_principal(Role.LEAD, Role.ADMIN))]
Lead = Annotated[Principal, Depends(require_principal(Role.LEAD))]
DenialIdPath = Annotated[int, Path(ge=1, le=2**63 - 1, description="The denial's id, as the list has it.")]
_MOVED_ON = document_errors(NotFound, Conflict)


def _denials(request: Request) -> DenialService:
    service: DenialService = request.app.state.claims.denials
    return service


Denials = Annotated[DenialService, Depends(_denials)]


@router.get("/denials")
async def list_denials(
    denials: Denials,
    status: Status | None = None,
    kind: Kind | None = None,
    payer_id: Annotated[str | None, Query(max_length=200, pattern=NO_NUL)] = None,
    reason_code: Annotated[str | None, Query(max_length=20, pattern=NO_NUL, description="CARC.")] = None,
    practitioner: Annotated[
        str | None, Query(max_length=200, pattern=NO_NUL, description="The coder who decided, `Practitioner/<id>`.")
    ] = None,
    after: Annotated[int | None, Query(ge=0, le=2**63 - 1, description="`next_after` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> DenialPage:
    """The worklist, oldest first."""
    wanted = DenialFilter(status, kind, payer_id, reason_code, practitioner)
    return await denials.list_denials(wanted, after=after, limit=limit)


@router.get("/denials/patterns")
async def list_denial_patterns(
    denials: Denials,
    payer_id: Annotated[str | None, Query(max_length=200, pattern=NO_NUL)] = None,
    at_least: Annotated[int, Query(ge=1, le=1_000_000, description="Claims denied.")] = 2,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[DenialPattern]:
    """What payers deny again and again: where a rule of our own may pay, to be back-tested before it is turned on."""
    return await denials.find_patterns(payer_id=payer_id, at_least=at_least, limit=limit)


@router.get("/denials/{denial_id}", responses=document_errors(NotFound))
async def get_denial(denial_id: DenialIdPath, denials: Denials) -> DenialView:
    """One denial: the payer's codes, the decision, coder, words and edits behind each line, steps and history."""
    return await denials.get_denial(denial_id)


@router.get("/claims/{claim_id}/denials", responses=document_errors(NotFound))
async def list_claim_denials(claim_id: UUID, denials: Denials) -> DenialPage:
    """Every denial and rejection of a claim, of those that it replaces and of its replacements, oldest first."""
    return await denials.list_history(claim_id)


@router.post("/denials/{denial_id}/correct", responses=_MOVED_ON)
async def correct_denial(denial_id: DenialIdPath, body: StepTaken, caller: Worker, denials: Denials) -> DenialView:
    """Give the chart back to the coder with what the payer said; the next coding makes the claim that follows."""
    await denials.return_to_coder(denial_id, Step.CORRECT, _as_caller(caller), body.reason)
    return await denials.get_denial(denial_id)


@router.post("/denials/{denial_id}/resubmit", responses=_MOVED_ON)
async def resubmit_denial(denial_id: DenialIdPath, body: StepTaken, caller: Worker, denials: Denials) -> DenialView:
    """Give a rejected chart back to the coder; the next coding goes out as a first claim, as the payer holds none."""
    await denials.return_to_coder(denial_id, Step.RESUBMIT, _as_caller(caller), body.reason)
    return await denials.get_denial(denial_id)


@router.post("/denials/{denial_id}/appeal", responses=_MOVED_ON)
async def appeal_denial(denial_id: DenialIdPath, body: StepTaken, caller: Worker, denials: Denials) -> DenialView:
    """Decide on an appeal; `reason` is the letter to the payer, and the packet holds the evidence."""
    await denials.appeal(denial_id, _as_caller(caller), body.reason)
    return await denials.get_denial(denial_id)


@router.post("/denials/{denial_id}/write-off", responses=_MOVED_ON)
async def write_off_denial(denial_id: DenialIdPath, body: StepTaken, caller: Lead, denials: Denials) -> DenialView:
    """Ask for nothing more."""
    await denials.close(denial_id, Step.WRITE_OFF, _as_caller(caller), body.reason)
    return await denials.get_denial(denial_id)


@router.post("/denials/{denial_id}/settle", responses=_MOVED_ON)
async def settle_denial(denial_id: DenialIdPath, body: StepTaken, caller: Lead, denials: Denials) -> DenialView:
    """Say how a refused void was settled with the payer: what it paid was given back, or nothing is owed."""
    await denials.close(denial_id, Step.SETTLE, _as_caller(caller), body.reason)
    return await denials.get_denial(denial_id)


@router.get(
    "/denials/{denial_id}/packet",
    dependencies=[Depends(require_principal(Role.LEAD, Role.AUDITOR))],
    response_class=Response,
    responses={200: {"content": {FHIR_JSON: {}}}, **document_errors(NotFound)},
)
async def read_appeal_packet(denial_id: DenialIdPath, denials: Denials) -> Response:
    """The evidence packet of an appeal: a FHIR Bundle of letter, cited words, claim, answer and documents."""
    return Response(await denials.read_packet(denial_id), media_type=FHIR_JSON)


def _as_caller(principal: Principal) -> Caller:
    return Caller(principal.subject, principal.practitioner)
