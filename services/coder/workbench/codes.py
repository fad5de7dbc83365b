"""The code browser: search by words, and the Tabular List with hierarchy, notes and excludes.

Invariant: what is typed is posted, never put into an address.
"""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse, Response

from services.coder.api.codes import Shelves
from services.coder.workbench.code_page import arrange_code
from services.coder.workbench.pages import render_page
from services.coder.workbench.routing import Form, PageRoute, SignedInReader
from shared.codesets.book import Answer
from shared.codesets.icd10cm import load_icd10cm
from shared.codesets.kinds import System
from shared.codesets.library import Library

_MOST_WORDS = 120
_FOUND_ON_PAGE = 50
_FOUND_WHILE_TYPING = 12

router = APIRouter(prefix="/codes", route_class=PageRoute)

TabularPlace = Annotated[str, Path(pattern=r"^[0-9A-Z][0-9A-Z.-]{0,9}$")]


@router.get("")
async def show_search(coder: SignedInReader) -> Response:
    """Show the empty search, and the chapters."""
    code_set = await asyncio.to_thread(load_icd10cm)
    chapters = [(number, code_set.title(number)) for number in map(str, range(1, 23)) if number in code_set]
    return render_page("codes.html", signed_in=coder, words="", found=None, chapters=chapters)


@router.post("")
async def search(coder: SignedInReader, library: Shelves, form: Form) -> Response:
    """Show what the words find today."""
    found = await _find(library, form, _FOUND_ON_PAGE)
    return render_page("codes.html", signed_in=coder, words=_words(form), found=found, chapters=[])


@router.post("/found")
async def find_while_typing(_coder: SignedInReader, library: Shelves, form: Form) -> Response:
    """Answer the field of a code with what its words may mean, as JSON."""
    found = await _find(library, form, _FOUND_WHILE_TYPING)
    return JSONResponse([{"code": each.code, "display": each.display} for each in found])


@router.get("/icd10cm/{code}")
async def show_code(coder: SignedInReader, code: TabularPlace) -> Response:
    """Show a chapter, block, category or code."""
    code_set = await asyncio.to_thread(load_icd10cm)
    return render_page("code.html", signed_in=coder, page=arrange_code(code_set, code))


async def _find(library: Library, form: Form, limit: int) -> list[Answer]:
    words, system = _words(form), form.get("system", "")
    if not words:
        return []
    chosen = System(system) if system in set(System) else None
    found = await library.search(words, datetime.now(UTC).date(), system=chosen, limit=limit)
    return [answer for _, answer in found]


def _words(form: Form) -> str:
    return form.get("words", "").strip()[:_MOST_WORDS]
