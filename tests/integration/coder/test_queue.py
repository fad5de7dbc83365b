"""Leases: one owner ever, given back when released or expired, lost for good when lost."""

import asyncio
from collections import Counter

import pytest

from services.coder.service.queue import Queue
from services.coder.work_item import LeaseLost, LeaseToken, State, WorkItemId, WrongState
from shared.contracts.errors import NotFound
from shared.postgres.pool import Pool
from tests.builders.charts import CHART_ID, ready_chart, suggestion
from tests.integration.coder.conftest import ANN, BOB, Desk, accept_all, under

CHARTS = 12


async def test_an_empty_queue_has_nothing_to_lease(desk: Desk) -> None:
    assert await desk.cases.queue.lease_next(ANN.subject) is None


async def test_concurrent_coders_never_get_the_same_chart(desk: Desk) -> None:
    await desk.arrive(*(ready_chart() for _ in range(CHARTS)))
    for _ in range(CHARTS):
        await desk.answer()

    async def lease_all(holder: str) -> list[object]:
        taken: list[object] = []
        while lease := await desk.cases.queue.lease_next(holder):
            taken.append(lease.chart_id)
        return taken

    taken = await asyncio.gather(*(lease_all(f"coder-{number}") for number in range(6)))
    counted = Counter(chart_id for some in taken for chart_id in some)
    assert len(counted) == CHARTS
    assert set(counted.values()) == {1}


async def test_a_locked_head_is_skipped_not_waited_for(desk: Desk) -> None:
    first, second = await desk.open_chart(), await desk.open_chart()
    async with desk.pool.acquire() as other, other.transaction():
        await other.execute("select from coder.work_item where chart_id = $1 for update", first.chart_id)
        lease = await asyncio.wait_for(desk.lease(), timeout=20)
    assert lease.chart_id == second.chart_id


async def test_the_oldest_comes_first(desk: Desk) -> None:
    charts = [await desk.open_chart() for _ in range(3)]
    assert [(await desk.lease()).chart_id for _ in charts] == [chart.chart_id for chart in charts]


async def test_a_released_chart_can_be_leased_again_and_the_old_token_is_worth_nothing(desk: Desk) -> None:
    await desk.open_chart()
    lease = await desk.lease()
    await desk.cases.queue.release(lease.work_item_id, lease.token, ANN.subject)
    assert (await desk.lease(BOB)).chart_id == lease.chart_id
    with pytest.raises(LeaseLost):
        await desk.cases.queue.release(lease.work_item_id, lease.token, ANN.subject)


async def test_only_the_holder_can_use_a_token(desk: Desk) -> None:
    await desk.open_chart()
    lease = await desk.lease(ANN)
    with pytest.raises(LeaseLost):
        await desk.cases.queue.release(lease.work_item_id, lease.token, BOB.subject)


async def test_an_expired_lease_is_open_to_the_next_coder(desk: Desk) -> None:
    await desk.open_chart()
    expired = await desk.lease(ANN)
    assert await desk.cases.queue.lease_next(BOB.subject) is None
    await desk.expire(expired)
    taken = await desk.lease(BOB)
    assert taken.chart_id == expired.chart_id
    assert taken.token != expired.token


async def test_an_expired_lease_is_lost_even_before_another_takes_it(desk: Desk) -> None:
    await desk.open_chart(suggestion())
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.expire(lease)
    with pytest.raises(LeaseLost):
        await desk.cases.deciding.decide(under(lease), accept_all(view))
    with pytest.raises(LeaseLost):
        await desk.cases.completing.complete(under(lease))
    with pytest.raises(LeaseLost):
        await desk.cases.queue.release(lease.work_item_id, lease.token, ANN.subject)


async def test_activity_renews_a_lease(coder_pool: Pool, desk: Desk) -> None:
    await desk.open_chart()
    lease = await Queue(coder_pool, lease_seconds=60).lease_next(ANN.subject)
    assert lease is not None
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    stored = await desk.cases.deciding.decide(under(lease), accept_all(view))
    assert (stored.expires_at - lease.expires_at).total_seconds() > 500


async def test_tidying_returns_expired_leases_only(desk: Desk) -> None:
    kept, expired = await desk.open_chart(), await desk.open_chart()
    await desk.lease()
    await desk.expire(await desk.lease())
    assert await desk.cases.queue.tidy() == 1
    assert await desk.state(kept.chart_id) is State.LEASED
    assert await desk.state(expired.chart_id) is State.OPEN


async def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await desk.cases.queue.release(WorkItemId(CHART_ID), LeaseToken(CHART_ID), ANN.subject)
    with pytest.raises(NotFound):
        await desk.cases.queue.retry(WorkItemId(CHART_ID))


async def test_only_failed_work_items_are_retried(desk: Desk) -> None:
    await desk.open_chart()
    lease = await desk.lease()
    with pytest.raises(WrongState):
        await desk.cases.queue.retry(lease.work_item_id)


async def test_counts_name_every_state(desk: Desk) -> None:
    await desk.open_chart()
    await desk.arrive(ready_chart())
    counts = await desk.cases.queue.count_states()
    assert counts == dict.fromkeys(State, 0) | {State.OPEN: 1, State.SUGGESTING: 1}
