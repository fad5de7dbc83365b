"""What coders work on: lists, specialties and facilities, as leads assign them."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response

from services.coder.api.problems import document_errors
from services.coder.api.reach import PageLimit, read_revision, tag_revision
from services.coder.api.requests import Cases, ListKeeper
from services.coder.queue_models import CoderDeskRequest, CoderDeskView, CodersPage, Subject
from services.coder.worklist import RevisionChanged
from shared.contracts.errors import InvalidContent, NotFound

router = APIRouter(prefix="/v1/coders", tags=["coders"])

SubjectPath = Annotated[Subject, Path(description="The coder's subject, as tokens name it.")]


@router.get("", responses=document_errors(InvalidContent))
async def list_coders(
    cases: Cases,
    _principal: ListKeeper,
    cursor: Annotated[
        str, Query(max_length=200, pattern=r"^[^\x00]*$", description="`next` of an earlier page; none for the first.")
    ] = "",
    limit: PageLimit = 50,
) -> CodersPage:
    """List the coders to whom something was assigned, by subject; everybody else works on all lists."""
    found = [CoderDeskView.of(desk) for desk in await cases.assigning.list_coders(after=cursor, limit=limit + 1)]
    return CodersPage(coders=tuple(found[:limit]), next=found[limit - 1].subject if len(found) > limit else None)


@router.get("/{subject}", responses=document_errors(NotFound))
async def read_coder(cases: Cases, _principal: ListKeeper, subject: SubjectPath, response: Response) -> CoderDeskView:
    """Read what a coder works on; the ETag is what a change names in If-Match."""
    desk = await cases.assigning.find_coder(subject)
    response.headers["ETag"] = tag_revision(desk.revision)
    return CoderDeskView.of(desk)


@router.put("/{subject}", responses=document_errors(NotFound, RevisionChanged, InvalidContent))
async def put_coder(
    cases: Cases,
    _principal: ListKeeper,
    subject: SubjectPath,
    desk: CoderDeskRequest,
    response: Response,
    if_match: Annotated[
        str | None, Header(description="The ETag that the change is based on; none for a new desk.")
    ] = None,
) -> CoderDeskView:
    """Say what a coder works on; it counts from the next chart on, and takes no chart away."""
    stored = await cases.assigning.put_coder(desk.to_domain(subject), read_revision(if_match) if if_match else None)
    response.headers["ETag"] = tag_revision(stored.revision)
    return CoderDeskView.of(stored)


@router.delete("/{subject}", responses=document_errors(NotFound))
async def delete_coder(cases: Cases, _principal: ListKeeper, subject: SubjectPath) -> CoderDeskView:
    """Take a coder's limits away, and answer with what they were."""
    desk = await cases.assigning.find_coder(subject)
    await cases.assigning.delete_coder(subject)
    return CoderDeskView.of(desk)
