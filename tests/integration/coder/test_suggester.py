"""The loop between queue and engine: suggestions for all, trouble for one chart only, nothing lost on a stop."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from services.coder.settings import EngineSettings
from services.coder.suggester import Suggester
from services.coder.work_item import State
from shared.contracts.envelope import Envelope
from shared.contracts.messages import ClaimDraft
from shared.contracts.topics import Topic
from shared.fhir.extensions import read_suggestion
from tests.builders.charts import ready_chart
from tests.integration.coder import engines
from tests.integration.coder.conftest import Desk

QUICK = EngineSettings(factory=engines.FACTORY, processes=1, idle_seconds=0.02)


@asynccontextmanager
async def suggesting(desk: Desk, settings: EngineSettings = QUICK) -> AsyncIterator[Suggester]:
    suggester = Suggester(desk.suggesting, settings, on_stored=lambda: None)
    stop = asyncio.Event()
    loop = asyncio.create_task(suggester.run(stop))
    try:
        yield suggester
    finally:
        stop.set()
        suggester.wake()
        await loop


async def until(desk: Desk, met: Callable[[dict[State, int]], bool]) -> None:
    """Wait until the counts of the queue are as wished."""
    async with asyncio.timeout(60):
        while not met(await desk.cases.queue.count_states()):
            await asyncio.sleep(0.02)


async def test_suggestions_are_stored_the_work_item_opened_and_the_draft_published(desk: Desk) -> None:
    chart = ready_chart(text="Assessment: pneumonia")
    await desk.arrive(chart)
    async with suggesting(desk) as suggester:
        await until(desk, lambda counts: counts[State.OPEN] == 1)
        await suggester.probe()
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    assert [(each.code, each.selected) for each in view.suggestions] == [("J18.9", True)]
    assert view.engine is not None
    assert view.engine.engine == engines.VERSION.engine
    (span,) = view.suggestions[0].evidence
    assert view.documents[0].text[span.start : span.end] == "pneumonia"
    (value,) = await desk.published(Topic.CLAIM_DRAFT)
    draft = Envelope[ClaimDraft].decode(value).data
    assert (draft.chart_id, draft.chart_version) == (chart.chart_id, 1)
    assert read_suggestion(json.loads(draft.claim.body)["diagnosis"][0]) is not None


async def test_charts_that_end_the_engine_are_put_aside_and_all_others_done(desk: Desk) -> None:
    texts = ["crash", "pneumonia", "hang", "pneumonia", "raise", "nothing of note"]
    charts = [ready_chart(text=text) for text in texts]
    await desk.arrive(*charts)
    settings = QUICK.model_copy(update={"chart_limit_seconds": 3.0})
    async with suggesting(desk, settings):
        await until(desk, lambda counts: counts[State.OPEN] == 3 and counts[State.FAILED] == 3)
    rows = await desk.pool.fetch("select chart_id, failure_reason from coder.work_item where state = 'failed'")
    reasons = {row["chart_id"]: row["failure_reason"] for row in rows}
    assert [reasons.get(chart.chart_id) for chart in charts] == [
        "engine-crashed",
        None,
        "engine-timeout",
        None,
        "engine-error",
        None,
    ]


async def test_a_failed_chart_can_be_retried_and_a_newer_version_replaces_it(desk: Desk) -> None:
    retried, replaced = ready_chart(text="raise"), ready_chart(text="raise")
    await desk.arrive(retried, replaced)
    async with suggesting(desk):
        await until(desk, lambda counts: counts[State.FAILED] == 2)
    work_item_id = await desk.pool.fetchval(
        "select work_item_id from coder.work_item where chart_id = $1", retried.chart_id
    )
    await desk.cases.queue.retry(work_item_id)
    assert await desk.state(retried.chart_id) is State.SUGGESTING
    await desk.arrive(ready_chart(replaced.chart_id, 2, text="pneumonia"))
    async with suggesting(desk):
        await until(desk, lambda counts: counts[State.FAILED] == 1 and counts[State.OPEN] == 1)
    assert await desk.state(replaced.chart_id) is State.OPEN


async def test_two_processes_share_the_charts_and_suggest_each_once(desk: Desk) -> None:
    await desk.arrive(*(ready_chart(text="pneumonia") for _ in range(20)))
    async with suggesting(desk), suggesting(desk):
        await until(desk, lambda counts: counts[State.OPEN] == 20)
    assert len(await desk.published(Topic.CLAIM_DRAFT)) == 20
    assert await desk.pool.fetchval("select count(*) from coder.suggestion_run") == 20


async def test_an_answer_under_a_lost_lease_is_dropped(desk: Desk) -> None:
    chart = ready_chart()
    await desk.arrive(chart)
    leased = await desk.suggesting.lease_chart()
    assert leased is not None
    ready, _ = await desk.suggesting.read_chart(leased.lease)
    await desk.arrive(ready_chart(chart.chart_id, 2))
    answer = engines.ObedientEngine().suggest((await desk.suggesting.read_chart(leased.lease))[1])
    assert not await desk.suggesting.store_answer(leased.lease, ready, answer, 0.1)
    assert await desk.published(Topic.CLAIM_DRAFT) == []
    assert await desk.state(chart.chart_id) is State.SUGGESTING


async def test_a_run_whose_process_died_is_leased_again_when_its_time_has_passed(desk: Desk) -> None:
    await desk.arrive(ready_chart())
    first = await desk.suggesting.lease_chart()
    assert first is not None
    assert await desk.suggesting.lease_chart() is None
    await desk.expire(first.lease)
    second = await desk.suggesting.lease_chart()
    assert second is not None
    assert (first.attempts, second.attempts) == (1, 2)


async def test_a_chart_that_keeps_ending_the_whole_service_is_put_aside(desk: Desk) -> None:
    chart = ready_chart(text="pneumonia")
    await desk.arrive(chart)
    for _ in range(QUICK.max_attempts):
        leased = await desk.suggesting.lease_chart()
        assert leased is not None
        await desk.expire(leased.lease)
    async with suggesting(desk):
        await until(desk, lambda counts: counts[State.FAILED] == 1)


async def test_a_stop_waits_for_the_run_in_hand(desk: Desk) -> None:
    await desk.arrive(*(ready_chart(text="pneumonia") for _ in range(3)))
    async with suggesting(desk):
        await until(desk, lambda counts: counts[State.OPEN] >= 1)
    assert await desk.pool.fetchval("select count(*) from coder.work_item where lease_token is not null") == 0


async def test_a_cancelled_run_is_given_back_uncounted(desk: Desk) -> None:
    await desk.arrive(ready_chart(text="hang"))
    suggester = Suggester(desk.suggesting, QUICK, on_stored=lambda: None)
    loop = asyncio.create_task(suggester.run(asyncio.Event()))
    async with asyncio.timeout(60):
        while not await desk.pool.fetchval("select count(*) from coder.work_item where lease_token is not null"):
            await asyncio.sleep(0.02)
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop
    row = await desk.pool.fetchrow("select lease_token, attempts from coder.work_item")
    assert row is not None
    assert tuple(row) == (None, 0)


async def test_an_engine_that_cannot_be_built_fails_no_chart(desk: Desk) -> None:
    await desk.arrive(ready_chart())
    broken = EngineSettings(factory=engines.BROKEN_FACTORY, processes=1, idle_seconds=0.02)
    async with suggesting(desk, broken) as suggester:
        await asyncio.sleep(0)
        with pytest.raises(Exception, match="no engine process"):
            await suggester.probe()
    assert (await desk.cases.queue.count_states())[State.SUGGESTING] == 1
