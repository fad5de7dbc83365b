"""What coders work on: lists, specialties and facilities, as leads assign them."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.coder.api.requests import Cases, ListKeeper
from services.coder.queue_models import CoderDeskRequest, CoderDeskView, CodersPage, Subject
from shared.contracts.errors import InvalidContent, NotFound
from shared.pages import CursorOf, cut_page
from shared.web.pages import PageCursor, PageLimit
from shared.web.refusals import document_errors
from shared.web.tags import TAGGED, RevisionOrNew, tag_revision

router = APIRouter(prefix="/v1/coders", tags=["coders"])

CURSOR = CursorOf(str)
SubjectPath = Annotated[Subject, Path(description="The coder's subject, as tokens name it.")]


@router.get("", responses=document_errors(InvalidContent))
async def list_coders(
    cases: Cases,
    _principal: ListKeeper,
    cursor: PageCursor = None,
    limit: PageLimit = 50,
) -> CodersPage:
    """List the coders to whom something was assigned, by subject; everybody else works on all lists."""
    after = CURSOR.read(cursor) if cursor else ""
    shown, last = cut_page(await cases.assigning.list_coders(after=after, limit=limit + 1), limit)
    return CodersPage(coders=tuple(map(CoderDeskView.of, shown)), next=CURSOR.write(last.subject) if last else None)


@router.get("/{subject}", dependencies=TAGGED, responses=document_errors(NotFound))
async def read_coder(cases: Cases, _principal: ListKeeper, subject: SubjectPath, response: Response) -> CoderDeskView:
    """Read what a coder works on; the ETag is what a change names in If-Match."""
    desk = await cases.assigning.find_coder(subject)
    response.headers["ETag"] = tag_revision(desk.revision)
    return CoderDeskView.of(desk)


@router.put("/{subject}", responses=document_errors(NotFound, InvalidContent))
async def put_coder(
    cases: Cases,
    _principal: ListKeeper,
    subject: SubjectPath,
    desk: CoderDeskRequest,
    response: Response,
    revision: RevisionOrNew,
) -> CoderDeskView:
    """Say what a coder works on; it counts from the next chart on, and takes no chart away.

    Without If-Match the coder must have nothing assigned yet.
    """
    stored = await cases.assigning.put_coder(desk.to_domain(subject), revision)
    response.headers["ETag"] = tag_revision(stored.revision)
    return CoderDeskView.of(stored)


@router.delete("/{subject}", responses=document_errors(NotFound))
async def delete_coder(cases: Cases, _principal: ListKeeper, subject: SubjectPath) -> CoderDeskView:
    """Take a coder's limits away, and answer with what they were."""
    desk = await cases.assigning.find_coder(subject)
    await cases.assigning.delete_coder(subject)
    return CoderDeskView.of(desk)
