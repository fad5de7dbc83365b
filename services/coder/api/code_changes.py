"""What changed, and what will, for the codes that a coder uses.

Place in the flow: the queue API and the workbench's page "Changes" ask it. Invariant: a coder is shown the coder's own
codes; nothing of a chart is in the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import date as Day  # noqa: N812 - `date` is a field's name
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from services.coder.api.codes import Shelves
from services.coder.api.requests import Cases, CoderPrincipal
from services.coder.service.desk import Desk
from services.coder.store.desk import UsedCode
from shared.codesets.kinds import System
from shared.codesets.library import Library
from shared.codesets.news import Change, CodeNews
from shared.contracts.errors import InvalidContent
from shared.days import IsoDay
from shared.web.refusals import document_errors
from shared.web.tags import TAGGED

USED_DAYS, PAST_DAYS, COMING_DAYS = 180, 120, 180
"""How long ago a code was used at most, and how far back and ahead changes are looked for."""
LONGEST_DAYS = 1100
"""Three years: of each day on which a code may have changed both sides are looked up."""

router = APIRouter(prefix="/v1/codes", tags=["codes"])


class CodeName(BaseModel):
    """A code and what it is called; empty where no release that is loaded names it."""

    model_config = ConfigDict(frozen=True)

    code: str
    display: str


class CodeChange(BaseModel):
    """A change of a code that the coder used. `instead` are codes below or beside a deleted one, new on that day."""

    model_config = ConfigDict(frozen=True)

    system: System
    code: str
    change: Change
    effective: Day
    before: str
    after: str
    instead: tuple[CodeName, ...]
    uses: int
    last_used_at: datetime


class CodeChanges(BaseModel):
    """Changes from `since` to `until`, the latest first."""

    model_config = ConfigDict(frozen=True)

    since: Day
    until: Day
    changes: list[CodeChange]


@dataclass(frozen=True, slots=True)
class Span:
    """The days whose changes are asked for, and how long ago a code was used at most."""

    used_days: int
    since: Day
    until: Day

    @classmethod
    def around(cls, today: Day, used_days: int = USED_DAYS) -> "Span":
        """The days before and after `today` that a coder is told of."""
        return cls(used_days, today - timedelta(days=PAST_DAYS), today + timedelta(days=COMING_DAYS))


@router.get("/changes", dependencies=TAGGED, responses=document_errors(InvalidContent))
async def list_code_changes(
    principal: CoderPrincipal,
    cases: Cases,
    library: Shelves,
    used_days: Annotated[int, Query(ge=1, le=730, description="Codes that the caller used in so many days.")] = (
        USED_DAYS
    ),
    since: Annotated[IsoDay | None, Query(description="The first day of changes; 120 days ago when left out.")] = None,
    until: Annotated[IsoDay | None, Query(description="The last day of changes; in 180 days when left out.")] = None,
) -> CodeChanges:
    """List what changed, and what will change, for the codes that the caller used lately."""
    usual = Span.around(datetime.now(UTC).date(), used_days)
    asked = Span(used_days, since or usual.since, until or usual.until)
    if (asked.until - asked.since).days > LONGEST_DAYS:
        raise InvalidContent(f"ask for at most {LONGEST_DAYS} days of changes", expression="query.until")
    return await find_changes(cases.desk, library, principal.subject, asked)


async def find_changes(desk: Desk, library: Library, coder: str, span: Span) -> CodeChanges:
    """The changes of a span for the codes that a coder used."""
    used = await desk.list_used_codes(coder, span.used_days)
    news = await library.list_news([(System(each.system), each.code) for each in used], span.since, span.until)
    return CodeChanges(since=span.since, until=span.until, changes=_shape(news, used))


def _shape(news: Sequence[CodeNews], used: Sequence[UsedCode]) -> list[CodeChange]:
    by_code = {(System(each.system), each.code): each for each in used}
    return [
        CodeChange(
            system=each.system,
            code=each.code,
            change=each.change,
            effective=each.effective,
            before=each.before or by_code[each.system, each.code].display,
            after=each.after,
            instead=tuple(CodeName(code=code, display=display) for code, display in each.instead),
            uses=by_code[each.system, each.code].uses,
            last_used_at=by_code[each.system, each.code].last_used_at,
        )
        for each in news
    ]
