"""Ready charts and returned claims: one outcome a record, newer versions win, nothing is lost."""

from uuid import UUID, uuid4

from services.coder.priority import PriorityWeights
from services.coder.service.placing import place_charts
from services.coder.store import charts
from services.coder.work_item import ChartId, State
from shared.contracts.envelope import Envelope
from shared.contracts.messages import ChartWithdrawn
from shared.contracts.topics import Topic
from tests.builders.charts import ready_chart, suggestion, withdrawn_chart
from tests.integration.coder.conftest import ANN, Desk, accept_all, under


async def test_a_ready_chart_waits_for_the_engine_and_is_stored_whole(desk: Desk) -> None:
    chart = ready_chart(text="a\0b “quoted” 878.50")
    await desk.arrive(chart)
    assert await desk.state(chart.chart_id) is State.SUGGESTING
    assert await desk.outcomes() == ["applied"]
    leased = await desk.suggesting.lease_chart()
    assert leased is not None
    assert (await desk.suggesting.read_chart(leased.lease))[0] == chart


async def test_the_same_records_again_change_nothing(desk: Desk) -> None:
    records = [desk.ready_record(ready_chart()) for _ in range(3)]
    await desk.cases.intake.take_in(records)
    await desk.cases.intake.take_in(records)
    assert await desk.outcomes() == ["applied"] * 3


async def test_a_message_published_twice_is_a_duplicate_in_and_across_batches(desk: Desk) -> None:
    first = desk.ready_record(ready_chart())
    again = [desk.record(Topic.CHART_READY, first.value) for _ in range(2)]
    await desk.cases.intake.take_in([first, again[0]])
    await desk.cases.intake.take_in([again[1]])
    assert await desk.outcomes() == ["applied", "duplicate", "duplicate"]


async def test_only_newer_versions_are_applied_whatever_their_order(desk: Desk) -> None:
    chart_id = uuid4()
    await desk.arrive(*(ready_chart(chart_id, version) for version in (2, 1, 2, 3)))
    await desk.arrive(ready_chart(chart_id, 2))
    assert await desk.outcomes() == ["applied", "stale", "duplicate", "applied", "stale"]
    stored = await desk.pool.fetch("select chart_version from coder.chart order by 1")
    assert [row["chart_version"] for row in stored] == [2, 3]
    leased = await desk.suggesting.lease_chart()
    assert leased is not None
    assert leased.lease.chart_version == 3


async def test_an_older_version_that_lost_a_race_does_not_replace_a_newer_one(desk: Desk) -> None:
    chart_id = uuid4()
    async with desk.pool.acquire() as connection:
        for version in (2, 1):
            await charts.insert_charts(connection, [ready_chart(chart_id, version)])
            await place_charts(connection, [ready_chart(chart_id, version)], PriorityWeights())
    leased = await desk.suggesting.lease_chart()
    assert leased is not None
    assert leased.lease.chart_version == 2


async def test_a_newer_version_takes_the_chart_from_its_coder(desk: Desk) -> None:
    chart = await desk.open_chart()
    lease = await desk.lease()
    await desk.arrive(ready_chart(chart.chart_id, 2))
    assert await desk.state(chart.chart_id) is State.SUGGESTING
    await desk.answer(suggestion("J15.9"))
    assert (await desk.lease()).chart_version == 2
    assert lease.chart_version == 1


async def test_a_withdrawn_chart_leaves_the_queue_and_a_newer_version_brings_it_back(desk: Desk) -> None:
    chart = await desk.open_chart()
    await desk.arrive(withdrawn_chart(chart.chart_id, 2))
    assert await desk.state(chart.chart_id) is State.WITHDRAWN
    assert await desk.cases.queue.lease_next(ANN.subject) is None
    await desk.arrive(ready_chart(chart.chart_id, 3))
    assert await desk.state(chart.chart_id) is State.SUGGESTING


async def test_billing_hears_of_a_withdrawn_chart_if_it_was_coded(desk: Desk) -> None:
    uncoded = await desk.open_chart()
    await desk.arrive(withdrawn_chart(uncoded.chart_id, 2))
    assert await desk.published(Topic.CHART_WITHDRAWN) == []
    coded = await complete_one(desk)
    await desk.arrive(withdrawn_chart(coded, 2))
    (message,) = await desk.published(Topic.CHART_WITHDRAWN)
    told = Envelope[ChartWithdrawn].decode(message)
    assert (told.data.chart_id, told.data.coding_version, told.subject) == (coded, 1, str(coded))


async def test_what_cannot_be_read_is_held_and_the_rest_applied(desk: Desk) -> None:
    chart = ready_chart()
    broken = desk.ready_record(chart).value or b""
    records = [
        desk.record(Topic.CHART_READY, None),
        desk.record(Topic.CHART_READY, b"{"),
        desk.record(Topic.CHART_READY, broken.replace(b'"chart_version":1', b'"chart_version":"one"')),
        desk.ready_record(chart),
    ]
    await desk.cases.intake.take_in(records)
    assert await desk.outcomes() == ["quarantined"] * 3 + ["applied"]
    held = await desk.pool.fetch("select reason from coder.quarantine")
    assert {row["reason"] for row in held} == {"invalid-content"}
    assert len(await desk.published(Topic.DEAD_LETTER)) == 3


async def test_a_record_that_the_loop_rejects_is_held_with_its_reason(desk: Desk) -> None:
    await desk.cases.intake.put_aside(desk.ready_record(ready_chart()), "handler-failed")
    assert await desk.outcomes() == ["quarantined"]
    assert await desk.pool.fetchval("select reason from coder.quarantine") == "handler-failed"


async def complete_one(desk: Desk) -> UUID:
    """Bring a chart through its first coding."""
    chart = await desk.open_chart()
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    await desk.cases.completing.complete(under(lease))
    return chart.chart_id


async def test_a_returned_coding_goes_to_the_front_with_its_findings_and_decisions(desk: Desk) -> None:
    chart_id = await complete_one(desk)
    await desk.open_chart()
    await desk.cases.intake.take_in([desk.returned_record(chart_id)])
    lease = await desk.lease()
    assert lease.chart_id == chart_id
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    assert [finding.edit for finding in view.findings] == ["age"]
    assert (view.undecided, len(view.decisions)) == ((), 1)
    assert (await desk.cases.completing.complete(under(lease))).coding_version == 2


async def test_findings_about_an_earlier_coding_are_stale_and_about_none_quarantined(desk: Desk) -> None:
    chart_id = await complete_one(desk)
    await desk.cases.intake.take_in([desk.returned_record(chart_id)])
    await desk.cases.completing.complete(under(await desk.lease()))
    await desk.cases.intake.take_in(
        [desk.returned_record(chart_id, 1), desk.returned_record(chart_id, 3), desk.returned_record(uuid4(), 1)]
    )
    assert (await desk.outcomes())[-3:] == ["stale", "quarantined", "quarantined"]
    assert await desk.state(chart_id) is State.COMPLETED


async def test_two_payers_findings_about_one_coding_are_both_shown(desk: Desk) -> None:
    chart_id = await complete_one(desk)
    await desk.cases.intake.take_in([desk.returned_record(chart_id), desk.returned_record(chart_id)])
    view, _ = await desk.cases.charts.read_chart(ChartId(chart_id))
    assert len(view.findings) == 2
    assert await desk.state(chart_id) is State.OPEN
