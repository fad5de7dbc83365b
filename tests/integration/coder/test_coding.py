"""From decisions to a published coding, in transactions that leave nothing half done."""

import asyncio
import json
from uuid import UUID

import asyncpg
import pytest

from services.coder.decision_models import DecisionBatch
from services.coder.engine.model import CodeSystem
from services.coder.service.deciding import UnderLease
from services.coder.work_item import ChartId, ChartNotComplete, LeaseLost, LeaseToken, State
from shared.contracts.envelope import Envelope
from shared.contracts.errors import InvalidContent, NotFound
from shared.contracts.messages import ChartCoded
from shared.contracts.topics import Topic
from shared.postgres.answers import KeyReused
from tests.builders.charts import CHART_ID, ready_chart, suggestion
from tests.integration.coder.conftest import ANN, BOB, Desk, accept_all, under


def batch(*decisions: dict[str, object]) -> DecisionBatch:
    return DecisionBatch.model_validate({"decisions": decisions})


ADD_VISIT: dict[str, object] = {"action": "add", "code": {"system": "cpt", "code": "99213"}, "reason": "visit"}


async def test_decisions_are_shown_with_the_chart_in_the_order_made(desk: Desk) -> None:
    await desk.open_chart(suggestion("J18.9"), suggestion("R05.9", "cough"))
    lease = await desk.lease()
    before, revision = await desk.cases.charts.read_chart(lease.chart_id)
    pneumonia, cough = (each.suggestion_id for each in before.suggestions)
    stored = await desk.cases.deciding.decide(
        under(lease),
        batch({"action": "accept", "target_id": pneumonia}, ADD_VISIT),
    )
    assert [decision.action for decision in stored.decisions] == ["accept", "add"]
    assert stored.undecided == (cough,)
    after, later = await desk.cases.charts.read_chart(lease.chart_id)
    assert after.decisions == stored.decisions
    assert after.undecided == (cough,)
    assert later > revision
    assert after.suggestions == before.suggestions
    assert after.suggestions[0].evidence[0].document_id == after.documents[0].document_id


async def test_a_suggested_service_is_shown_with_all_that_its_line_needs(desk: Desk) -> None:
    service = suggestion(
        "99213",
        "cough",
        system=CodeSystem.CPT,
        modifiers=("25", "95"),
        units=2,
        justified_by=("J18.9", "R05.9"),
        place_of_service="10",
    )
    await desk.open_chart(suggestion("J18.9"), service)
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    diagnosis, shown = view.suggestions
    assert (diagnosis.modifiers, diagnosis.units, diagnosis.justified_by, diagnosis.place_of_service) == ((), 1, (), "")
    assert (shown.modifiers, shown.units) == (("25", "95"), 2)
    assert (shown.justified_by, shown.place_of_service) == (("J18.9", "R05.9"), "10")


async def test_a_batch_with_an_unknown_target_stores_nothing(desk: Desk) -> None:
    await desk.open_chart()
    lease = await desk.lease()
    with pytest.raises(InvalidContent):
        await desk.cases.deciding.decide(under(lease), batch(ADD_VISIT, {"action": "accept", "target_id": CHART_ID}))
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    assert view.decisions == ()


async def test_a_suggestion_of_another_chart_is_no_target(desk: Desk) -> None:
    await desk.open_chart()
    await desk.open_chart()
    first, second = await desk.lease(), await desk.lease()
    other, _ = await desk.cases.charts.read_chart(second.chart_id)
    with pytest.raises(InvalidContent):
        await desk.cases.deciding.decide(under(first), accept_all(other))


async def test_the_same_request_under_its_key_is_stored_once_and_answered_alike(desk: Desk) -> None:
    await desk.open_chart()
    lease = await desk.lease()
    request = under(lease, key="k1")
    answers = await asyncio.gather(*(desk.cases.deciding.decide(request, batch(ADD_VISIT)) for _ in range(4)))
    assert len({answer.decisions[0].decision_id for answer in answers}) == 1
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    assert len(view.decisions) == 1
    with pytest.raises(KeyReused):
        await desk.cases.deciding.decide(under(lease, key="k1", said=("other",)), accept_all(view))


async def test_a_key_belongs_to_its_caller_and_is_free_again_after_a_refusal(desk: Desk) -> None:
    await desk.open_chart()
    lease = await desk.lease()
    with pytest.raises(ChartNotComplete):
        await desk.cases.completing.complete(under(lease, key="k1"))
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    first = await desk.cases.completing.complete(under(lease, key="k1"))
    assert await desk.cases.completing.complete(under(lease, key="k1")) == first
    with pytest.raises(LeaseLost):
        await desk.cases.completing.complete(under(lease, BOB, key="k1"))


async def test_completion_is_refused_with_everything_that_is_open_and_writes_nothing(desk: Desk) -> None:
    await desk.open_chart(suggestion("J18.9"), suggestion("R05.9", "cough"), chart=ready_chart(context=()))
    lease = await desk.lease()
    with pytest.raises(ChartNotComplete) as refused:
        await desk.cases.completing.complete(under(lease))
    codes = [point.code for point in refused.value.points]
    assert codes == ["undecided-suggestion"] * 2 + ["no-diagnosis"] + ["missing-resource"] * 3
    assert await desk.state(lease.chart_id) is State.LEASED
    assert await desk.published(Topic.CHART_CODED) == []


async def test_rejecting_everything_leaves_no_diagnosis(desk: Desk) -> None:
    await desk.open_chart()
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    (target,) = view.undecided
    reject = {"action": "reject", "target_id": target, "reason": "ruled out"}
    await desk.cases.deciding.decide(under(lease), batch(reject, ADD_VISIT))
    with pytest.raises(ChartNotComplete) as refused:
        await desk.cases.completing.complete(under(lease))
    assert [point.code for point in refused.value.points] == ["no-diagnosis"]


async def test_a_completed_chart_is_published_with_its_claim_provenance_and_resources(desk: Desk) -> None:
    chart = await desk.open_chart(suggestion("J18.9"), suggestion("J22", selected=False))
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    await desk.cases.deciding.decide(under(lease), batch(ADD_VISIT))
    completed = await desk.cases.completing.complete(under(lease))
    (value,) = await desk.published(Topic.CHART_CODED)
    coded = Envelope[ChartCoded].decode(value).data
    assert (coded.chart_id, coded.chart_version, coded.coding_version) == (chart.chart_id, 1, 1)
    assert coded.claim.resource_id == completed.claim_id
    claim = json.loads(coded.claim.body)
    assert [each["diagnosisCodeableConcept"]["coding"][0]["code"] for each in claim["diagnosis"]] == ["J18.9"]
    assert [each["productOrService"]["coding"][0]["code"] for each in claim["item"]] == ["99213"]
    assert {"reference": "Practitioner/ann"} in [agent["who"] for agent in json.loads(coded.provenance.body)["agent"]]
    assert chart.encounter in coded.supporting
    assert await desk.state(lease.chart_id) is State.COMPLETED
    stored = await desk.pool.fetchrow("select claim, provenance from coder.coding")
    assert stored is not None
    assert tuple(stored) == (coded.claim.body, coded.provenance.body)
    with pytest.raises(LeaseLost):
        await desk.cases.completing.complete(under(lease))


async def test_a_claim_that_is_not_valid_fhir_is_not_published(desk: Desk) -> None:
    await desk.open_chart(suggestion(display=""), chart=ready_chart())
    await desk.pool.execute("update coder.suggestion set code = 'J18.9 '")
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    with pytest.raises(ChartNotComplete) as refused:
        await desk.cases.completing.complete(under(lease))
    assert refused.value.points[0].expression.startswith("Claim.diagnosis")
    assert await desk.state(lease.chart_id) is State.LEASED


async def test_an_unknown_chart_is_not_found(desk: Desk) -> None:
    request = UnderLease(ANN, ChartId(CHART_ID), LeaseToken(UUID(int=0)))
    with pytest.raises(NotFound):
        await desk.cases.completing.complete(request)
    with pytest.raises(NotFound):
        await desk.cases.charts.read_chart(ChartId(CHART_ID))


async def test_a_change_of_the_chart_takes_the_decisions_lease(desk: Desk) -> None:
    chart = await desk.open_chart()
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.arrive(ready_chart(chart.chart_id, 2))
    with pytest.raises(LeaseLost):
        await desk.cases.deciding.decide(under(lease), accept_all(view))


async def test_decisions_and_codings_are_append_only(desk: Desk) -> None:
    await desk.open_chart()
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    await desk.cases.completing.complete(under(lease))
    for statement in (
        "update coder.decision set reason = 'another'",
        "delete from coder.decision",
        "update coder.coding set claim = ''",
        "delete from coder.coding",
    ):
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await desk.pool.execute(statement)


async def test_services_and_procedures_can_be_suggested_too(desk: Desk) -> None:
    visit = suggestion("99213", "cough", system=CodeSystem.CPT)
    await desk.open_chart(suggestion(), visit)
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    await desk.cases.completing.complete(under(lease))
    (value,) = await desk.published(Topic.CHART_CODED)
    claim = json.loads(Envelope[ChartCoded].decode(value).data.claim.body)
    assert claim["item"][0]["diagnosisSequence"] == [1]
