"""What reviews found: a coder's own differences, those that leads close, and how right codings were."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from services.coder.api.audits import act_as
from services.coder.api.reports import Days
from services.coder.api.requests import Cases, CoderPrincipal, LeadPrincipal
from services.coder.audits.audit import AuditId, DifferenceId, DifferenceSettled, DifferenceState, Method, OwnCoding
from services.coder.difference_models import (
    AccuracyReport,
    AnswerRequest,
    ClosingRequest,
    DifferencesPage,
    DifferenceView,
)
from services.coder.store.audits import Wanted
from shared.contracts.errors import InvalidContent, NotFound
from shared.web.pages import PageLimit
from shared.web.refusals import document_errors
from shared.web.repeating import RepeatableRequest
from shared.web.security import Principal, Role, require_principal
from shared.web.tags import TAGGED

router = APIRouter(prefix="/v1", tags=["audits"])

DifferenceIdPath = Annotated[UUID, Path(description="The difference's id.")]
Cursor = Annotated[UUID | None, Query(description="`next` of an earlier page; none for the first.")]
States = Annotated[tuple[DifferenceState, ...], Query(max_length=5, description="Only those in these states.")]
ReviewReader = Annotated[Principal, Depends(require_principal(Role.LEAD, Role.AUDITOR))]
AccuracyReader = Annotated[Principal, Depends(require_principal(Role.CODER, Role.LEAD, Role.AUDITOR, phi=False))]
OVERSEERS = frozenset({Role.LEAD, Role.AUDITOR})
"""Who sees figures of others."""


@router.get("/my-differences", summary="List what reviews say of my coding", responses=document_errors(InvalidContent))
async def list_my_differences(
    cases: Cases, principal: CoderPrincipal, states: States = (), cursor: Cursor = None, limit: PageLimit = 50
) -> DifferencesPage:
    """List the differences that reviews found in the caller's own coding, the latest review first."""
    wanted = Wanted(coder=principal.subject, states=states or None)
    after = DifferenceId(cursor) if cursor else None
    return await cases.differences.list_differences(act_as(principal).caller, wanted, limit, after)


@router.get("/differences", summary="List differences", responses=document_errors(InvalidContent))
async def list_differences(
    cases: Cases, principal: ReviewReader, states: States = (), cursor: Cursor = None, limit: PageLimit = 50
) -> DifferencesPage:
    """List the differences that reviews found within the caller's reach, the latest review first."""
    after = DifferenceId(cursor) if cursor else None
    wanted = Wanted(states=states or None)
    return await cases.differences.list_differences(act_as(principal).caller, wanted, limit, after)


@router.post(
    "/differences/{difference_id}/answer",
    summary="Answer a difference",
    responses=document_errors(NotFound, OwnCoding, DifferenceSettled, InvalidContent),
)
async def answer_difference(
    cases: Cases,
    principal: CoderPrincipal,
    difference_id: DifferenceIdPath,
    request: AnswerRequest,
    repeatable: RepeatableRequest,
) -> DifferenceView:
    """Agree with a reviewer about one's own coding, or rebut with a reason; once."""
    return await cases.differences.answer(act_as(principal, repeatable), DifferenceId(difference_id), request)


@router.post(
    "/differences/{difference_id}/close",
    summary="Close a difference",
    responses=document_errors(NotFound, OwnCoding, DifferenceSettled, InvalidContent),
)
async def close_difference(
    cases: Cases,
    principal: LeadPrincipal,
    difference_id: DifferenceIdPath,
    request: ClosingRequest,
    repeatable: RepeatableRequest,
) -> DifferenceView:
    """Uphold the reviewer, or withdraw the difference so that it counts as no mistake; once, by an uninvolved lead."""
    return await cases.differences.close(act_as(principal, repeatable), DifferenceId(difference_id), request)


@router.get(
    "/reports/accuracy",
    summary="Read the accuracy of codings",
    dependencies=TAGGED,
    responses=document_errors(InvalidContent),
)
async def read_accuracy(
    cases: Cases,
    principal: AccuracyReader,
    days: Days,
    methods: Annotated[
        tuple[Method, ...],
        Query(max_length=4, description="Of whose samples; random ones alone stand for all charts."),
    ] = (Method.RANDOM,),
    audit_id: Annotated[UUID | None, Query(description="Of one audit alone.")] = None,
) -> AccuracyReport:
    """Say how right codings were that were reviewed on these days, with Wilson intervals of 95 percent.

    Leads and auditors see all within their reach, coders themselves.
    """
    coder = None if principal.roles & OVERSEERS else principal.subject
    audit = AuditId(audit_id) if audit_id else None
    return await cases.differences.read_accuracy(act_as(principal).caller, days, methods, audit_id=audit, coder=coder)
