"""A workbench that listens on the loopback, and a browser to open it with.

Where Chromium is missing, these tests are skipped on a developer's machine and fail when CI=true.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from services.coder import MIGRATION_PACKAGES, SCHEMA
from services.coder.api_models import Code
from services.coder.app import create_app
from services.coder.arrivals import Arrivals
from services.coder.decision_models import Accept, Add, DecisionBatch
from services.coder.engine.model import CodeSystem
from services.coder.queries.vocabulary import load_vocabulary
from services.coder.service.deciding import Coder, UnderLease
from services.coder.service.suggesting import Suggesting
from services.coder.service.use_cases import UseCases
from services.coder.settings import CoderSettings, QueueSettings
from services.coder.work_item import ChartId
from shared.codesets.library import Library
from shared.codesets.store import MIGRATION_PACKAGES as CODE_SET_MIGRATIONS
from shared.codesets.store import SCHEMA as CODE_SETS
from shared.contracts.envelope import Envelope
from shared.contracts.messages import ChartReady
from shared.contracts.topics import Topic
from shared.kafka.record import Record
from shared.loops import running
from shared.postgres.pool import Pool
from shared.web.closing import ClosingServer
from shared.web.security import Principal, Role, hash_token
from shared.web.settings import WebSettings
from tests.browser.synthetic import VISIT, synthetic_answer, synthetic_chart
from tests.conftest import PoolFor

CHROMIUM = Path("/usr/bin/chromium")
TOKEN = "ann-token-for-tests"
ROLES = {"ann": Role.CODER, "lea": Role.LEAD, "ada": Role.AUDITOR, "paul": Role.PHYSICIAN}
"""Who can sign in, each with `<name>-token-for-tests`."""
_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Workbench:
    """Where the workbench listens, and how charts get onto its worklist."""

    url: str
    pool: Pool
    cases: UseCases

    async def bring_chart(self, visit: str = VISIT, *, care: str = "outpatient") -> ChartId:
        """Take in a synthetic chart and answer for it as an engine would."""
        chart_id = uuid4()
        chart = synthetic_chart(chart_id, visit=visit, care=care)
        event = Envelope[ChartReady](
            source="chartline/ingest", type=Topic.CHART_READY, subject=str(chart_id), data=chart
        )
        await self.cases.intake.take_in([Record(str(Topic.CHART_READY), 0, chart_id.int % 2**40, b"", event.encode())])
        suggesting = Suggesting(self.pool, "engine@test", 60.0)
        leased = await suggesting.lease_chart()
        assert leased is not None
        ready, _ = await suggesting.read_chart(leased.lease)
        assert await suggesting.store_answer(leased.lease, ready, synthetic_answer(visit=visit), 0.01)
        return ChartId(chart_id)

    async def finish_chart(self, *, care: str = "outpatient", minutes: int = 6) -> ChartId:
        """Let ann accept and complete a chart that she was shown so many minutes before."""
        chart_id = await self.bring_chart(care=care)
        ann = Coder("ann", "Practitioner/ann")
        lease = await self.cases.queue.lease_next(ann.subject)
        assert lease is not None
        await self.cases.queue.renew(lease.chart_id, ann.subject)
        view, _ = await self.cases.charts.read_chart(lease.chart_id)
        accepted = tuple(Accept(action="accept", target_id=target) for target in view.undecided)
        visit = Add(action="add", code=Code(system=CodeSystem.CPT, code="99213"))
        request = UnderLease(ann, lease.chart_id, lease.token)
        await self.cases.deciding.decide(request, DecisionBatch(decisions=(*accepted, visit)))
        await self.pool.execute(
            "update coder.showing set shown_at = now() - $1 * interval '1 minute' where chart_id = $2",
            minutes,
            chart_id,
        )
        await self.cases.completing.complete(request)
        assert lease.chart_id == chart_id
        return chart_id

    async def age_queue(self) -> None:
        """Let the first chart be one that billing sent back, and all have waited for hours."""
        await self.pool.execute(
            """
            with item as (select work_item_id, row_number() over (order by arrival) as place from coder.work_item)
            update coder.work_item
            set created_at = now() - (9 - place) * interval '77 minutes',
                raised_hours = case place when 1 then 8760 else 0 end,
                raised_why = case place when 1 then '{returned-by-billing}'::text[] else '{}' end
            from item where work_item.work_item_id = item.work_item_id
            """
        )

    async def read_coded(self, chart_id: UUID) -> list[bytes]:
        """What waits in the outbox for billing about a chart."""
        rows = await self.pool.fetch(
            "select value from coder.outbox where topic = $1 and key = $2", Topic.CHART_CODED, str(chart_id)
        )
        return [row["value"] for row in rows]


@pytest.fixture
async def workbench(pool_for: PoolFor) -> AsyncIterator[Workbench]:
    """The coder service's application over a real PostgreSQL, without its loops, so without Kafka."""
    pool = await pool_for(SCHEMA, MIGRATION_PACKAGES)
    code_sets = await pool_for(CODE_SETS, CODE_SET_MIGRATIONS)
    cases = UseCases.over(pool, QueueSettings())
    people = {
        hash_token(f"{name}-token-for-tests"): Principal(
            subject=name, practitioner=f"Practitioner/{name}", roles=frozenset({role})
        )
        for name, role in ROLES.items()
    }
    app = create_app(CoderSettings(web=WebSettings(tokens=people)))
    app.state.use_cases = cases
    load_vocabulary()
    app.state.library = Library(code_sets)
    app.state.arrivals = arrivals = Arrivals(pool)
    server = ClosingServer(app, uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", log_config=None))
    async with running({"arrivals": arrivals.run}, drain_seconds=2), _serving(server):
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Workbench(f"http://127.0.0.1:{port}/workbench/", pool, cases)


@asynccontextmanager
async def _serving(server: uvicorn.Server) -> AsyncIterator[None]:
    task = asyncio.create_task(server._serve())
    while not server.started:
        assert not task.done()
        await asyncio.sleep(0.01)
    yield
    server.should_exit = True
    await task


def _require_chromium() -> None:
    if not CHROMIUM.exists():
        reason = f"the browser tests need {CHROMIUM}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    _require_chromium()
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(_ARGUMENTS))
        yield chromium
        await chromium.close()


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser that nobody has used, with the screen of a laptop."""
    context = await browser.new_context(viewport={"width": 1366, "height": 768}, color_scheme="light")
    yield context
    await context.close()


@pytest.fixture
async def page(context: BrowserContext) -> Page:
    """An empty page."""
    return await context.new_page()
