"""Every list of the service, read one row a page: nothing is missing, nothing comes twice, the order stays."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from services.claims import SCHEMA
from services.claims.api_models import CLAIMS, PAYER_FILES, ROWS
from services.claims.claim import PayerId
from services.claims.denial_models import PATTERNS
from services.claims.edits import EditContext
from services.claims.schedule import Outcome
from services.claims.service import AnswerService, DenialService, FileService, OverrideService, RuleTables
from services.claims.service.denials import DenialFilter
from services.claims.store import AttemptReport
from shared.pages import CursorOf, Page
from tests.integration.claims.conftest import Clinic
from tests.unit.claims.codings import coded_chart

FetchPage = Callable[[Any, int], Awaitable[Page]]
"""Reads a page behind a key, None for the first, of at most so many rows."""


async def walk(fetch: FetchPage, cursors: CursorOf[Any]) -> list[object]:
    """Read a list one row a page."""
    found: list[object] = []
    key = None
    while True:
        page = await fetch(key, 1)
        (rows,) = (value for name, value in page if name != "next")
        found += rows
        if page.next is None:
            return found
        key = cursors.read(page.next)


async def whole(fetch: FetchPage) -> list[object]:
    """Read a list in one page."""
    page = await fetch(None, 200)
    (rows,) = (value for name, value in page if name != "next")
    assert page.next is None
    return list(rows)


async def _refuse(clinic: Clinic, code: str) -> None:
    await clinic.queue(coded_chart())
    (taken,) = await clinic.sending.take_due(PayerId("http"), 1)
    await clinic.report(taken, AttemptReport(Outcome.REFUSED, 1, 422, "http-422", (code,)))


async def test_claims_and_their_attempts(clinic: Clinic) -> None:
    claim_id = await clinic.queue(coded_chart())
    for _ in range(3):
        await clinic.make_due()
        (taken,) = await clinic.sending.take_due(PayerId("http"), 1)
        await clinic.report(taken, AttemptReport(Outcome.FAILED, 1, 503, "http-503"))
    await clinic.arrive(coded_chart(), coded_chart())

    async def claims(after: Any, limit: int) -> Page:
        return await clinic.overview.list_claims(after=after, limit=limit)

    async def submissions(after: Any, limit: int) -> Page:
        return await clinic.overview.list_submissions(claim_id, after=after.number if after else 0, limit=limit)

    assert await walk(claims, CLAIMS) == await whole(claims)
    assert len(await whole(submissions)) == 3
    assert await walk(submissions, ROWS) == await whole(submissions)


async def test_denials_and_their_patterns(clinic: Clinic) -> None:
    for code in ("invalid", "required", "required", "conflict"):
        await _refuse(clinic, code)
    denials = DenialService(clinic.pool, SCHEMA)

    async def worklist(after: Any, limit: int) -> Page:
        return await denials.list_denials(DenialFilter(), after=after.number if after else 0, limit=limit)

    async def patterns(after: Any, limit: int) -> Page:
        return await denials.find_patterns(at_least=1, after=after, limit=limit)

    assert len(await whole(worklist)) == 4
    assert await walk(worklist, ROWS) == await whole(worklist)
    assert len(await whole(patterns)) == 3
    assert await walk(patterns, PATTERNS) == await whole(patterns)


async def test_files_of_payers_and_parked_answers(clinic: Clinic) -> None:
    files = FileService(clinic.pool, SCHEMA, clinic.options, AnswerService(clinic.pool, SCHEMA))
    for digit in "abc":
        await files.refuse_file(PayerId("http"), "1.835", digit * 64, "file-too-large")
    await clinic.pool.execute("update claims.x12_file set read_at = now()")
    await clinic.pool.execute(
        "insert into claims.x12_unmatched (sha256, reason, body) "
        "select sha256, 'unmatched-response', '' from claims.x12_file"
    )

    async def left(after: Any, limit: int) -> Page:
        return await files.list_files(after=after, limit=limit)

    async def parked(after: Any, limit: int) -> Page:
        return await files.list_parked(below=after.number if after else None, limit=limit)

    for fetch, cursors in ((left, PAYER_FILES), (parked, ROWS)):
        assert len(await whole(fetch)) == 3
        assert await walk(fetch, cursors) == await whole(fetch)


async def test_overrides_of_a_chart(clinic: Clinic) -> None:
    chart_id = uuid4()
    await clinic.pool.executemany(
        "insert into claims.edit_override (chart_id, edit, reason, subject, practitioner) "
        "values ($1, 'necessity', 'because', 'ann', 'Practitioner/ann')",
        [(chart_id,), (chart_id,), (uuid4(),)],
    )
    overriding = OverrideService(clinic.pool, SCHEMA, RuleTables(clinic.pool, EditContext()))

    async def overrides(after: Any, limit: int) -> Page:
        return await overriding.list_overrides(chart_id, after=after.number if after else 0, limit=limit)

    assert len(await whole(overrides)) == 2
    assert await walk(overrides, ROWS) == await whole(overrides)
