"""Holds: a chart on hold is nobody's, is not billed, and wakes when the reason is gone or a newer version comes."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from services.coder.hold import HoldEnded, HoldId, HoldReason, NewHold, WhyLifted
from services.coder.work_item import ChartId, LeaseLost, State, WrongState
from shared.contracts.errors import InvalidContent, NotFound
from tests.builders.charts import CHART_ID, ready_chart, withdrawn_chart
from tests.integration.coder.conftest import ANN, BOB, Desk, accept_all, under

REVIEW = date(2099, 1, 1)
PENDING_REPORT = NewHold(HoldReason.PENDING_REPORT, REVIEW, "pathology")
REGISTRATION = NewHold(HoldReason.REGISTRATION_PROBLEM, REVIEW)


async def test_a_chart_on_hold_is_nobodys_and_cannot_be_completed(desk: Desk) -> None:
    chart = await desk.open_chart()
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    placed = await desk.cases.holding.place(under(lease), PENDING_REPORT)
    assert (placed.reason, placed.note, placed.placed_by) == ("pending-report", "pathology", "ann")
    assert await desk.state(chart.chart_id) is State.ON_HOLD
    assert await desk.cases.queue.lease_next(BOB.subject) is None
    with pytest.raises(LeaseLost):
        await desk.cases.completing.complete(under(lease))
    assert await desk.standing() == {chart.chart_id: (State.ON_HOLD, 1, 0)}


async def test_the_database_refuses_to_bill_a_chart_on_hold(desk: Desk) -> None:
    await desk.open_chart()
    await desk.cases.holding.place(under(await desk.lease()), PENDING_REPORT)
    for state in (State.COMPLETED, State.OPEN):
        with pytest.raises(asyncpg.CheckViolationError):
            await desk.pool.execute("update coder.work_item set coding_version = 1, state = $1", state)


async def test_a_chart_is_open_after_its_last_hold_with_all_its_decisions(desk: Desk) -> None:
    chart = await desk.open_chart()
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    first = await desk.cases.holding.place(under(lease), PENDING_REPORT)
    second = await desk.cases.holding.place_without_lease("liz", ChartId(chart.chart_id), REGISTRATION)
    lifted = await desk.cases.holding.lift("ann", HoldId(first.hold_id))
    assert (lifted.lifted_by, lifted.lifted_why) == ("ann", WhyLifted.SETTLED)
    assert await desk.state(chart.chart_id) is State.ON_HOLD
    with pytest.raises(HoldEnded):
        await desk.cases.holding.lift("ann", HoldId(first.hold_id))
    await desk.cases.holding.lift("liz", HoldId(second.hold_id))
    again = await desk.lease(BOB)
    await desk.cases.completing.complete(under(again, BOB))
    assert await desk.standing() == {chart.chart_id: (State.COMPLETED, 1, 1)}


async def test_a_late_document_wakes_a_chart_and_a_withdrawal_ends_its_holds(desk: Desk) -> None:
    chart = await desk.open_chart()
    await desk.cases.holding.place(under(await desk.lease()), PENDING_REPORT)
    await desk.arrive(ready_chart(chart.chart_id, 2))
    assert await desk.state(chart.chart_id) is State.SUGGESTING
    await desk.answer()
    await desk.cases.holding.place(under(await desk.lease()), REGISTRATION)
    await desk.arrive(withdrawn_chart(chart.chart_id, 3))
    holds = await desk.cases.holding.list_of_chart(ChartId(chart.chart_id), None, 50)
    assert [(each.chart_version, each.lifted_why) for each in holds] == [
        (1, WhyLifted.LATE_DOCUMENT),
        (2, WhyLifted.WITHDRAWN),
    ]


async def test_an_older_version_wakes_nothing(desk: Desk) -> None:
    chart = await desk.open_chart(chart=ready_chart(chart_version=2))
    await desk.cases.holding.place(under(await desk.lease()), PENDING_REPORT)
    await desk.arrive(ready_chart(chart.chart_id, 1))
    assert await desk.state(chart.chart_id) is State.ON_HOLD


async def test_a_hold_placed_twice_under_one_key_is_one_hold(desk: Desk) -> None:
    chart = await desk.open_chart()
    request = under(await desk.lease(), key="once")
    answers = [await desk.cases.holding.place(request, PENDING_REPORT) for _ in range(2)]
    assert answers[0] == answers[1]
    await desk.cases.holding.lift("ann", HoldId(answers[0].hold_id))
    assert await desk.state(chart.chart_id) is State.OPEN


async def test_what_cannot_wait_is_refused(desk: Desk) -> None:
    place = desk.cases.holding.place_without_lease
    with pytest.raises(NotFound):
        await place("liz", ChartId(CHART_ID), REGISTRATION)
    with pytest.raises(NotFound):
        await desk.cases.holding.lift("liz", HoldId(uuid4()))
    chart = ready_chart()
    await desk.arrive(chart)
    with pytest.raises(WrongState):
        await place("liz", ChartId(chart.chart_id), REGISTRATION)
    await desk.answer()
    with pytest.raises(LeaseLost):
        await desk.cases.holding.place(under(await desk.lease(ANN), BOB), REGISTRATION)
    past = datetime.now(UTC).date() - timedelta(days=1)
    with pytest.raises(InvalidContent):
        await place("liz", ChartId(chart.chart_id), NewHold(HoldReason.PENDING_REPORT, past))
