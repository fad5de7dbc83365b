"""The engine is told whether a patient is new by the visits that were here before."""

from datetime import date
from uuid import UUID, uuid4

from services.coder.engine.services.whole import WholeEngine
from services.coder.service.recomputing import recompute_run
from services.coder.work_item import ChartId
from shared.contracts.messages import ChartReady
from tests.builders import encounter, version_of
from tests.builders.charts import ready_chart, withdrawn_chart
from tests.integration.coder import engines
from tests.integration.coder.conftest import Desk

FIRST, SECOND = date(2025, 9, 1), date(2026, 9, 1)


def visit_of(day: date, chart_id: UUID | None = None, **more: str) -> ChartReady:
    return ready_chart(chart_id or uuid4(), service_date=day, encounter=version_of(encounter(**more)))


async def ask(desk: Desk) -> bool | None:
    """What the engine is told of the next chart, which is answered."""
    leased = await desk.suggesting.lease_chart()
    assert leased is not None
    ready, chart = await desk.suggesting.read_chart(leased.lease)
    answer = WholeEngine(engines.ObedientEngine()).suggest(chart)
    told = chart.is_new_patient
    assert await desk.suggesting.store_answer(leased.lease, ready, answer, 0.01, is_new_patient=told)
    return told


async def test_a_visit_within_three_years_makes_an_established_patient(desk: Desk) -> None:
    await desk.arrive(visit_of(FIRST))
    assert await ask(desk) is None
    await desk.arrive(visit_of(SECOND))
    assert await ask(desk) is False


async def test_new_is_told_only_by_a_history_of_three_years(desk: Desk) -> None:
    await desk.arrive(visit_of(date(2020, 9, 1)))
    assert await ask(desk) is None
    await desk.arrive(visit_of(SECOND))
    assert await ask(desk) is True


async def test_a_withdrawn_visit_was_none(desk: Desk) -> None:
    first = visit_of(FIRST)
    await desk.arrive(first)
    await ask(desk)
    await desk.arrive(withdrawn_chart(first.chart_id, 2))
    await desk.arrive(visit_of(SECOND))
    assert await ask(desk) is None


async def test_a_run_is_computed_again_with_the_history_of_its_day(desk: Desk) -> None:
    await desk.arrive(visit_of(FIRST))
    await ask(desk)
    second = visit_of(SECOND)
    await desk.arrive(second)
    await ask(desk)
    await desk.pool.execute("delete from coder.visit")
    again = await recompute_run(desk.pool, WholeEngine(engines.ObedientEngine()), ChartId(second.chart_id), 1)
    assert again.is_exact
