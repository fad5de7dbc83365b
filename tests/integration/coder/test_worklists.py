"""Worklists are rules, a place says why it is where it is, and nobody is leased what they may not have."""

from datetime import date

import pytest

from services.coder.api.worklists import PLACES
from services.coder.place import Cursor
from services.coder.queue_models import WorklistRequest
from services.coder.reach import UNLIMITED, Reach
from services.coder.service.assigning import LeadRequest
from services.coder.work_item import ChartId, LeaseLost, State, WorkItemId, WrongState
from services.coder.worklist import CoderDesk, ListExists, ListFixed, ListKind
from shared.contracts.errors import Forbidden, InvalidContent, NotFound, RevisionChanged
from shared.contracts.messages import ChartReady
from shared.fhir import systems
from shared.postgres.answers import Repeatable
from tests.builders import coverage, encounter, organization, patient, practitioner, version_of
from tests.builders.charts import ready_chart, suggestion
from tests.integration.coder.conftest import ANN, BOB, Desk, accept_all, under

INPATIENT = WorklistRequest(title="Inpatient", service_lines=("inpatient",), position=1)
CARDIOLOGY = {"text": "Cardiology"}


def chart_of(
    *,
    encounter_class: str = "AMB",
    hospital: str = "hospital",
    label: str | None = None,
    service: dict[str, str] | None = None,
) -> ChartReady:
    """A chart whose lane differs as asked; `label` is a sensitivity code of its patient."""
    security = [{"system": systems.ACT_CODE, "code": label}] if label else []
    person = patient(meta={"security": security}) if security else patient()
    visit = encounter(encounter_class=encounter_class, organization_id=hospital, serviceType=service)
    context = (person, coverage(), organization(), organization(hospital), practitioner())
    return ready_chart(
        encounter=version_of(visit),
        encounter_class=encounter_class,
        context=tuple(version_of(each) for each in context),
    )


async def lists_of(desk: Desk, chart: ChartReady) -> tuple[str, tuple[str, ...]]:
    """A chart's default list and all its lists."""
    (place,) = [each for each in await page(desk) if each.chart_id == chart.chart_id]
    return place.default_list, place.lists


async def page(desk: Desk, list_id: str | None = None, *, reach: Reach = UNLIMITED, caller: str = "liz"):  # type: ignore[no-untyped-def]
    return await desk.cases.worklists.read_page(caller, reach, list_id=list_id, limit=50)


async def work_item(desk: Desk, chart: ChartReady) -> WorkItemId:
    found = await desk.pool.fetchval("select work_item_id from coder.work_item where chart_id = $1", chart.chart_id)
    return WorkItemId(found)


async def lead(desk: Desk, chart: ChartReady) -> LeadRequest:
    return LeadRequest("liz", UNLIMITED, await work_item(desk, chart))


async def test_a_chart_is_on_one_default_list_and_on_every_custom_list_that_fits(desk: Desk) -> None:
    stay = await desk.open_chart(chart=chart_of(encounter_class="IMP"))
    visit = await desk.open_chart(chart=chart_of())
    assert await lists_of(desk, stay) == ("everything-else", ("everything-else",))
    await desk.cases.worklists.create(INPATIENT, "inpatient")
    later = WorklistRequest(title="All of the hospital", facilities=("Organization/hospital",), position=2)
    await desk.cases.worklists.create(later, "hospital")
    custom = WorklistRequest(title="Payer 1", kind=ListKind.CUSTOM, payers=("Organization/payer-1",))
    await desk.cases.worklists.create(custom, "payer-1")
    assert await lists_of(desk, stay) == ("inpatient", ("inpatient", "payer-1"))
    assert await lists_of(desk, visit) == ("hospital", ("hospital", "payer-1"))
    arrived = await desk.open_chart(chart=chart_of(encounter_class="ACUTE"))
    assert (await lists_of(desk, arrived))[0] == "inpatient"


async def test_a_changed_or_deleted_rule_moves_charts_without_touching_them(desk: Desk) -> None:
    chart = await desk.open_chart(chart=chart_of(encounter_class="IMP"))
    made = await desk.cases.worklists.create(INPATIENT, "inpatient")
    before = await desk.pool.fetchval("select xmin::text from coder.work_item")
    changed = await desk.cases.worklists.change("inpatient", INPATIENT.model_copy(update={"service_lines": ("x",)}), 1)
    assert (made.revision, changed.revision) == (1, 2)
    assert (await lists_of(desk, chart))[0] == "everything-else"
    with pytest.raises(RevisionChanged):
        await desk.cases.worklists.change("inpatient", INPATIENT, 1)
    await desk.cases.worklists.change("inpatient", INPATIENT, 2)
    await desk.cases.assigning.put_coder(CoderDesk("ann", lists=("inpatient",)), None)
    with pytest.raises(RevisionChanged):
        await desk.cases.worklists.delete("inpatient", 1)
    await desk.cases.worklists.delete("inpatient", 3)
    assert await lists_of(desk, chart) == ("everything-else", ("everything-else",))
    assert (await desk.cases.assigning.find_coder("ann")).lists == ()
    assert await desk.pool.fetchval("select xmin::text from coder.work_item") == before


async def test_what_cannot_be_done_to_lists_is_refused(desk: Desk) -> None:
    once = Repeatable.of("liz", "once", "inpatient")
    await desk.cases.worklists.create(INPATIENT, "inpatient", once)
    assert (await desk.cases.worklists.create(INPATIENT, "inpatient", once)).revision == 1
    with pytest.raises(ListExists):
        await desk.cases.worklists.create(INPATIENT, "inpatient")
    with pytest.raises(ListFixed):
        await desk.cases.worklists.delete("everything-else", 1)
    with pytest.raises(NotFound):
        await desk.cases.worklists.change("none", INPATIENT, 1)
    with pytest.raises(NotFound):
        await desk.cases.assigning.put_coder(CoderDesk("ann", lists=("none",)), None)


@pytest.mark.parametrize(
    ("mine", "wanted"),
    [
        (CoderDesk("ann", lists=("inpatient",)), {"encounter_class": "IMP"}),
        (CoderDesk("ann", specialties=("cardiology",)), {"service": CARDIOLOGY}),
        (CoderDesk("ann", facilities=("Organization/north",)), {"hospital": "north"}),
    ],
)
async def test_lease_next_keeps_to_what_a_coder_works_on(
    desk: Desk, mine: CoderDesk, wanted: dict[str, object]
) -> None:
    await desk.cases.worklists.create(INPATIENT, "inpatient")
    await desk.open_chart()
    chart = await desk.open_chart(chart=chart_of(**wanted))  # type: ignore[arg-type]  # the keywords of the parameters
    await desk.cases.assigning.put_coder(mine, None)
    assert (await desk.lease(ANN)).chart_id == chart.chart_id
    assert await desk.cases.queue.lease_next(ANN.subject) is None
    assert await desk.cases.queue.lease_next(BOB.subject) is not None


async def test_the_scope_of_a_token_narrows_leases_and_pages(desk: Desk) -> None:
    await desk.cases.worklists.create(INPATIENT, "inpatient")
    other = await desk.open_chart()
    for reach in (Reach(facilities=frozenset({"Organization/north"})), Reach(lists=frozenset({"inpatient"}))):
        assert await desk.cases.queue.lease_next(ANN.subject, reach) is None
        assert await page(desk, reach=reach) == []
        with pytest.raises(NotFound):
            await desk.cases.worklists.find_place("liz", reach, await work_item(desk, other))
    north = await desk.open_chart(chart=chart_of(hospital="north"))
    lease = await desk.cases.queue.lease_next(ANN.subject, Reach(facilities=frozenset({"Organization/north"})))
    assert lease is not None
    assert lease.chart_id == north.chart_id


@pytest.mark.parametrize(("label", "clearance"), [("CEL", "vip"), ("EMP", "employee")])
async def test_restricted_charts_go_only_to_who_is_cleared_even_when_assigned(
    desk: Desk, label: str, clearance: str
) -> None:
    chart = await desk.open_chart(chart=chart_of(label=label))
    cleared = Reach(clearances=frozenset({clearance}))
    await desk.cases.assigning.assign(LeadRequest("liz", cleared, await work_item(desk, chart)), "ann")
    assert await desk.cases.queue.lease_next(ANN.subject) is None
    assert await page(desk) == []
    assert (await desk.cases.queue.lease_next(ANN.subject, cleared)) is not None


async def test_nobody_is_leased_their_own_record(desk: Desk) -> None:
    chart = await desk.open_chart()
    own = frozenset({"Patient/pt-1"})
    assert await desk.cases.queue.lease_next(ANN.subject, Reach(own_records=own)) is None
    await desk.cases.assigning.put_coder(CoderDesk("bob", own_records=("Patient/pt-1",)), None)
    assert await desk.cases.queue.lease_next(BOB.subject) is None
    assert await page(desk, caller="bob") == []
    with pytest.raises(Forbidden):
        await desk.cases.assigning.assign(await lead(desk, chart), "bob")
    assert await desk.cases.queue.lease_next(ANN.subject) is not None


async def test_an_assigned_chart_is_its_coders_first_and_nobody_elses(desk: Desk) -> None:
    first, second = await desk.open_chart(), await desk.open_chart()
    await desk.cases.assigning.assign(await lead(desk, second), "ann")
    assert (await desk.lease(BOB)).chart_id == first.chart_id
    assert await desk.cases.queue.lease_next(BOB.subject) is None
    assert (await desk.lease(ANN)).chart_id == second.chart_id


async def test_an_assignment_takes_a_chart_whole_from_who_has_it(desk: Desk) -> None:
    chart = await desk.open_chart()
    lease = await desk.lease(ANN)
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    kept = await desk.cases.assigning.assign(await lead(desk, chart), "ann")
    assert (kept.state, kept.lease_holder) == (State.LEASED, "ann")
    moved = await desk.cases.assigning.assign(await lead(desk, chart), "bob")
    assert (moved.state, moved.assigned_to, moved.lease_holder) == (State.OPEN, "bob", None)
    with pytest.raises(LeaseLost):
        await desk.cases.completing.complete(under(lease))
    await desk.cases.completing.complete(under(await desk.lease(BOB), BOB))
    assert await desk.standing() == {chart.chart_id: (State.COMPLETED, 1, 1)}
    with pytest.raises(WrongState):
        await desk.cases.assigning.assign(await lead(desk, chart), "ann")


async def test_urgency_is_its_parts_and_what_is_raised_comes_first(desk: Desk) -> None:
    routine = await desk.open_chart(suggestion())
    stay = await desk.open_chart(chart=chart_of(encounter_class="IMP"))
    assert [each.chart_id for each in await page(desk)] == [stay.chart_id, routine.chart_id]
    raised = await desk.cases.assigning.raise_chart(await lead(desk, routine), raised=True)
    again = await desk.cases.assigning.raise_chart(await lead(desk, routine), raised=True)
    assert again.priority == raised.priority
    hours = sum(part.hours for part in raised.priority.parts)
    assert (raised.priority.due_at - raised.priority.urgent_by).total_seconds() == hours * 3600
    assert [part.part for part in raised.priority.parts] == ["age", "charge", "complexity", "raised"]
    assert raised.priority.filing_limit_on == date(2026, 11, 30)
    assert (await desk.lease()).chart_id == routine.chart_id
    lowered = await desk.cases.assigning.raise_chart(await lead(desk, routine), raised=False)
    assert [part.part for part in lowered.priority.parts] == ["age", "charge", "complexity"]


async def test_pages_of_a_list_follow_one_another_without_gap_or_repetition(desk: Desk) -> None:
    charts = [await desk.open_chart(chart=chart_of(hospital=f"h{number % 2}")) for number in range(5)]
    read, after = [], None
    while some := await desk.cases.worklists.read_page(
        "liz", UNLIMITED, list_id="everything-else", after=after, limit=2
    ):
        read += [place.chart_id for place in some]
        after = PLACES.read(PLACES.write(Cursor.after(some[-1])))
    assert read == [chart.chart_id for chart in charts]
    for text in ("", "nonsense", "MjAyNi0wMS0wMS8x"):
        with pytest.raises(InvalidContent):
            PLACES.read(text)


async def test_a_custom_list_shows_its_states_and_lists_are_counted_within_reach(desk: Desk) -> None:
    custom = WorklistRequest(title="In work", kind=ListKind.CUSTOM, states=(State.LEASED,))
    await desk.cases.worklists.create(custom, "in-work")
    await desk.open_chart()
    await desk.open_chart(chart=chart_of(label="CEL"))
    leased = await desk.lease()
    await desk.open_chart()
    assert [each.chart_id for each in await page(desk, "in-work")] == [leased.chart_id]
    counted = {each.worklist.list_id: each.counts for each in await desk.cases.worklists.count("liz", UNLIMITED)}
    assert counted["in-work"] == {State.LEASED: 1}
    assert (counted["everything-else"][State.OPEN], counted["everything-else"][State.LEASED]) == (1, 1)


async def test_a_newer_version_keeps_what_a_lead_said(desk: Desk) -> None:
    chart = await desk.open_chart()
    await desk.cases.assigning.assign(await lead(desk, chart), "bob")
    await desk.cases.assigning.raise_chart(await lead(desk, chart), raised=True)
    await desk.open_chart(chart=ready_chart(chart.chart_id, 2))
    place = await desk.cases.worklists.find_place("liz", UNLIMITED, await work_item(desk, chart))
    assert (place.assigned_to, place.urgency.raised_why) == ("bob", ("raised-by-lead",))


async def test_reading_renews_the_readers_own_lease_and_nobody_elses(desk: Desk) -> None:
    await desk.open_chart()
    lease = await desk.lease(ANN)
    await desk.pool.execute("update coder.work_item set lease_expires_at = now() + interval '1 minute'")
    await desk.cases.queue.renew(ChartId(lease.chart_id), BOB.subject)
    (held,) = await desk.cases.desk.list_held("ann")
    assert held.lease.expires_at < lease.expires_at
    await desk.cases.queue.renew(ChartId(lease.chart_id), ANN.subject)
    (held,) = await desk.cases.desk.list_held("ann")
    assert held.lease.expires_at >= lease.expires_at
    await desk.expire(lease)
    await desk.cases.queue.renew(ChartId(lease.chart_id), ANN.subject)
    assert await desk.cases.desk.list_held("ann") == []
