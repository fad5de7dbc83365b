"""What the calling clinician was asked, and their answers: no chart, no code, nothing of anybody else's."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from services.coder.answer_models import AskedQuery, QueryAnswerRequest
from services.coder.api.requests import Cases, PhysicianPrincipal
from services.coder.queries.life import QueryClosed, QueryId
from shared.contracts.errors import InvalidContent, NotFound
from shared.web.refusals import document_errors
from shared.web.repeating import RepeatableRequest
from shared.web.tags import TAGGED

router = APIRouter(prefix="/v1/my-queries", tags=["queries"])

QueryIdPath = Annotated[UUID, Path(description="The query's id, as the list of queries names it.")]


@router.get("/{query_id}", summary="Read a query to me", dependencies=TAGGED, responses=document_errors(NotFound))
async def read_my_query(cases: Cases, physician: PhysicianPrincipal, query_id: QueryIdPath) -> AskedQuery:
    """Read a query that is addressed to the caller, with its clinical indicators and whom it is about."""
    return await cases.answering.read(physician.practitioner, QueryId(query_id))


@router.post(
    "/{query_id}/answer",
    summary="Answer a query",
    responses=document_errors(NotFound, QueryClosed, InvalidContent),
)
async def answer_my_query(
    cases: Cases,
    physician: PhysicianPrincipal,
    query_id: QueryIdPath,
    request: QueryAnswerRequest,
    repeatable: RepeatableRequest,
) -> AskedQuery:
    """Answer a query; its coder goes on, and an addendum with these words goes to the record, where it is evidence."""
    return await cases.answering.answer(physician.practitioner, QueryId(query_id), request, repeatable)
