"""What a coder finds: one's own charts and log, and the queue in the order in which it is leased."""

from datetime import UTC, datetime, timedelta

from services.coder.decision_models import DecisionBatch
from services.coder.reach import UNLIMITED
from services.coder.work_item import State
from tests.builders.charts import ready_chart, suggestion
from tests.integration.coder.conftest import ANN, BOB, Desk, accept_all, under


async def test_a_coder_sees_own_leases_until_they_expire_and_the_queue_in_order(desk: Desk) -> None:
    charts = [(await desk.open_chart(chart=ready_chart())).chart_id for _ in range(4)]
    first, second = await desk.lease(ANN), await desk.lease(BOB)
    assert [each.lease for each in await desk.cases.desk.list_held("ann")] == [first]
    waiting = await desk.cases.worklists.read_page("ann", UNLIMITED, states=(State.OPEN,), limit=10)
    assert [each.chart_id for each in waiting] == charts[2:]
    assert await desk.cases.desk.find_held(second.chart_id, "ann") is None
    await desk.expire(first)
    assert await desk.cases.desk.find_held(first.chart_id, "ann") is None


async def test_a_log_holds_what_its_coder_did_that_day(desk: Desk) -> None:
    today = datetime.now(UTC).date()
    await desk.open_chart(suggestion("J18.9"), suggestion("R05.9", "cough"))
    lease = await desk.lease(ANN)
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    rejected = {"action": "reject", "target_id": view.suggestions[1].suggestion_id, "reason": "integral"}
    await desk.cases.deciding.decide(under(lease), DecisionBatch.model_validate({"decisions": [rejected]}))
    await desk.cases.completing.complete(under(lease))
    logs = [await desk.cases.desk.read_log("ann", today - timedelta(days=days)) for days in (0, 1)]
    decisions = [decision for log in logs for decision in log.decisions]  # midnight may fall into this test
    assert [(each.action, each.code, each.reason) for each in decisions] == [
        ("reject", None, "integral"),
        ("accept", "R05.9", None),
        ("accept", "J18.9", None),
    ]
    assert [each.chart_id for log in logs for each in log.completions] == [lease.chart_id]
    others = await desk.cases.desk.read_log("bob", today)
    assert (others.decisions, others.completions) == ([], [])
