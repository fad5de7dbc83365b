"""Looking codes up and finding them while typing, by date of service."""

from datetime import UTC, datetime
from datetime import date as Day  # noqa: N812 - `date` is a field's name
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict

from services.coder.api.requests import KnownPrincipal
from shared.codesets.book import Answer
from shared.codesets.kinds import System
from shared.codesets.library import Library
from shared.contracts.errors import NotFound
from shared.days import IsoDay
from shared.web.refusals import document_errors
from shared.web.tags import TAGGED

router = APIRouter(prefix="/v1/codes", tags=["codes"])


async def _find_library(request: Request) -> Library:
    library: Library = request.app.state.library
    return library


Shelves = Annotated[Library, Depends(_find_library)]
ServiceDate = Annotated[IsoDay | None, Query(alias="date", description="The date of service; today when left out.")]


class CodeOnDay(BaseModel):
    """A code on a date. `display` is empty for a code that is valid but not named in any release that is loaded."""

    model_config = ConfigDict(frozen=True)

    system: System
    code: str
    display: str
    valid: bool
    date: Day
    release: str

    @classmethod
    def of(cls, answer: Answer, on: Day) -> "CodeOnDay":
        """Shape an answer of the code book."""
        return cls(**answer._asdict(), date=on)


class CodeFound(CodeOnDay):
    """A code with the words that led to it."""

    matched: str


class CodesFound(BaseModel):
    """Codes that may be reported on the date, the best match first."""

    model_config = ConfigDict(frozen=True)

    codes: list[CodeFound]


@router.get("", responses=document_errors())
async def search_codes(
    _principal: KnownPrincipal,
    library: Shelves,
    q: Annotated[str, Query(min_length=1, max_length=120, description="Words of a title or term, or a code's start.")],
    system: Annotated[System | None, Query(description="Only codes of this system.")] = None,
    service_date: ServiceDate = None,
    limit: Annotated[int, Query(ge=1, le=100, description="How many at most.")] = 20,
) -> CodesFound:
    """Find codes that may be reported on the date: words in any order, unfinished or with a slip of the fingers."""
    on = service_date or _today()
    found = await library.search(q, on, system=system, limit=limit)
    codes = [CodeFound(**answer._asdict(), date=on, matched=term.text) for term, answer in found]
    return CodesFound(codes=codes)


@router.get("/{system}/{code}", dependencies=TAGGED, responses=document_errors(NotFound))
async def read_code(
    _principal: KnownPrincipal,
    library: Shelves,
    system: Annotated[System, Path(description="The code system.")],
    code: Annotated[
        str, Path(pattern=r"^[0-9A-Z][0-9A-Z.]{1,8}$", description="The code, as it is written on claims.")
    ],
    service_date: ServiceDate = None,
) -> CodeOnDay:
    """Tell what a code means and whether it may be reported on the date; 404 when the release lacks it."""
    on = service_date or _today()
    answer = await library.look_up(system, code, on)
    if answer is None:
        raise NotFound("the release in force on that date has no such code")
    return CodeOnDay.of(answer, on)


def _today() -> Day:
    return datetime.now(UTC).date()
