"""Decisions teach the engine, can be taken back, and every run can be computed again."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.coder.decision_models import DecisionBatch
from services.coder.engine import build_engine
from services.coder.engine.learned import NOTHING_LEARNED, LearnedState
from services.coder.engine.model import Engine, Suggestion
from services.coder.recompute_command import find_differences
from services.coder.service.learning import LearnedSoFar, read_state
from services.coder.service.recomputing import OtherEngine, recompute_run
from services.coder.store import lessons
from services.coder.work_item import ChartId
from shared.contracts.errors import NotFound
from shared.contracts.messages import ChartReady
from tests.builders import diagnostic_report, encounter, observation, version_of
from tests.builders.charts import ready_chart, suggestion, withdrawn_chart
from tests.integration.coder.conftest import ANN, Desk, under

CARDIOLOGY = "http://snomed.info/sct|394579002"
PNEUMONIA = suggestion("J18.9", entry="pneumonia>J18.9")
COUGH = suggestion("R05.9", "cough", entry="cough>R05.9")
NOTE = "Assessment and plan:\n1. Type 2 diabetes. Continue metformin.\n2. Hypertension. Increase lisinopril."


def heart_chart(chart_id: UUID | None = None, chart_version: int = 1, text: str = NOTE) -> ChartReady:
    """A chart of the heart service whose report refers to a low potassium."""
    service = {"coding": [{"system": "http://snomed.info/sct", "code": "394579002"}]}
    usual = {"low": {"value": 3.5}, "high": {"value": 5.1}}
    category = [{"coding": [{"code": "laboratory"}]}]
    low = observation("k-1", 2.9, "mmol/L", loinc="2823-3", category=category, referenceRange=[usual])
    report = diagnostic_report("dr-1", text, result=[{"reference": "Observation/k-1"}])
    visit = encounter(
        serviceType=service, reasonCode=[{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I10"}]}]
    )
    chart = ready_chart(chart_id, chart_version, text=text, encounter=version_of(visit), reports=(version_of(report),))
    return chart.model_copy(update={"context": (*chart.context, version_of(low))})


async def complete(desk: Desk, *, refuse: Sequence[str] = ()) -> ChartId:
    """Complete the next chart: refuse suggestions of these codes, accept all other selected ones."""
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    made = [
        {"action": "reject", "target_id": each.suggestion_id, "reason": "not treated"}
        if each.code in refuse
        else {"action": "accept", "target_id": each.suggestion_id}
        for each in view.suggestions
        if each.selected or each.code in refuse
    ]
    await desk.cases.deciding.decide(under(lease, ANN), DecisionBatch.model_validate({"decisions": made}))
    await desk.cases.completing.complete(under(lease, ANN))
    return lease.chart_id


async def complete_chart(desk: Desk, *suggestions: Suggestion, refuse: Sequence[str] = ()) -> ChartId:
    await desk.open_chart(*suggestions, chart=heart_chart())
    return await complete(desk, refuse=refuse)


async def learned_in(desk: Desk) -> LearnedState:
    return await LearnedSoFar(0).read_current(desk.pool)


async def run_engine(desk: Desk, engine: Engine) -> str:
    """Let a real engine answer for the next chart; returns the hash of what it had learned."""
    suggesting = replace(desk.suggesting, learned=LearnedSoFar(0))
    leased = await suggesting.lease_chart()
    assert leased is not None
    ready, chart = await suggesting.read_chart(leased.lease)
    answer = engine.suggest(chart)
    assert await suggesting.store_answer(leased.lease, ready, answer, 0.01)
    return answer.version.learned


async def test_a_completed_coding_teaches_for_its_entries_and_specialty(desk: Desk) -> None:
    assert await learned_in(desk) == NOTHING_LEARNED
    chart_id = await complete_chart(desk, PNEUMONIA, COUGH, refuse=["R05.9"])
    expected = NOTHING_LEARNED.learn("pneumonia>J18.9", CARDIOLOGY, kept=True).learn(
        "cough>R05.9", CARDIOLOGY, kept=False
    )
    assert await learned_in(desk) == expected
    (why,) = await lessons.list_lessons(desk.pool, "cough>R05.9", CARDIOLOGY, 10)
    assert (why.chart_id, why.coding_version, why.kept, why.counts) == (chart_id, 1, False, True)
    decided = await desk.pool.fetchval("select action from coder.decision where decision_id = $1", why.decision_id)
    assert decided == "reject"


async def test_decisions_of_a_chart_that_is_not_completed_teach_nothing(desk: Desk) -> None:
    await desk.open_chart(PNEUMONIA)
    lease = await desk.lease()
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    accept = {"action": "accept", "target_id": view.undecided[0]}
    await desk.cases.deciding.decide(under(lease), DecisionBatch.model_validate({"decisions": [accept]}))
    assert await learned_in(desk) == NOTHING_LEARNED


async def test_a_later_coding_of_a_chart_takes_the_place_of_the_earlier_one(desk: Desk) -> None:
    chart_id = await complete_chart(desk, PNEUMONIA, COUGH)
    await desk.cases.intake.take_in([desk.returned_record(chart_id)])
    assert await complete(desk, refuse=["R05.9"]) == chart_id
    expected = NOTHING_LEARNED.learn("pneumonia>J18.9", CARDIOLOGY, kept=True)
    assert await learned_in(desk) == expected.learn("cough>R05.9", CARDIOLOGY, kept=False)
    taught = await lessons.list_lessons(desk.pool, "cough>R05.9", CARDIOLOGY, 10)
    assert [(each.coding_version, each.kept, each.counts) for each in taught] == [(2, False, True), (1, True, False)]


async def test_a_withdrawn_coding_takes_its_effect_back(desk: Desk) -> None:
    await complete_chart(desk, PNEUMONIA)
    before = await learned_in(desk)
    chart_id = await complete_chart(desk, PNEUMONIA, COUGH, refuse=["R05.9"])
    assert await learned_in(desk) != before
    await desk.arrive(withdrawn_chart(chart_id, 2))
    assert (await learned_in(desk)).content_hash == before.content_hash


async def test_learning_can_be_undone_once_and_the_coding_stays(desk: Desk) -> None:
    chart_id = await complete_chart(desk, PNEUMONIA, COUGH)
    assert (await desk.cases.learning.take_back(chart_id)).lessons == 2
    assert (await desk.cases.learning.take_back(chart_id)).lessons == 0
    assert await learned_in(desk) == NOTHING_LEARNED
    assert await desk.pool.fetchval("select count(*) from coder.coding where chart_id = $1", chart_id) == 1


@pytest.mark.parametrize(
    "statement",
    ["update coder.lesson set kept = not kept", "delete from coder.lesson", "delete from coder.learned_state"],
)
async def test_what_was_learned_is_append_only(desk: Desk, statement: str) -> None:
    await complete_chart(desk, PNEUMONIA)
    await learned_in(desk)
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await desk.pool.execute(statement)


async def test_a_process_that_follows_along_has_the_same_state_as_one_that_starts(desk: Desk) -> None:
    follower = LearnedSoFar(0)
    hashes = []
    for refuse in ([], ["R05.9"], []):
        await complete_chart(desk, PNEUMONIA, COUGH, refuse=refuse)
        state = await follower.read_current(desk.pool)
        assert state == await learned_in(desk)
        hashes.append((state.content_hash, state))
    assert len({each for each, _ in hashes}) == 3
    for content_hash, state in hashes:
        assert await read_state(desk.pool, content_hash) == state
    with pytest.raises(NotFound):
        await read_state(desk.pool, "unknown")


async def test_a_state_is_read_again_only_after_its_time(desk: Desk) -> None:
    patient = LearnedSoFar(3600)
    assert await patient.read_current(desk.pool) == NOTHING_LEARNED
    await complete_chart(desk, PNEUMONIA)
    assert await patient.read_current(desk.pool) == NOTHING_LEARNED


async def test_coders_who_finish_at_the_same_time_all_teach(desk: Desk) -> None:
    for _ in range(6):
        await desk.open_chart(PNEUMONIA, COUGH, chart=heart_chart())
    follower = LearnedSoFar(0)

    async def watch() -> None:
        for _ in range(30):
            await follower.read_current(desk.pool)
            await asyncio.sleep(0)

    await asyncio.gather(watch(), *(complete(desk, refuse=["R05.9"]) for _ in range(6)))
    whole = NOTHING_LEARNED.learn("pneumonia>J18.9", CARDIOLOGY, kept=True, times=6)
    assert await follower.read_current(desk.pool) == whole.learn("cough>R05.9", CARDIOLOGY, kept=False, times=6)


async def test_charts_coded_before_and_after_learning_are_computed_again_exactly(desk: Desk) -> None:
    engine = build_engine()
    charts = [heart_chart() for _ in range(3)]
    learned = []
    for chart in charts:
        await desk.arrive(chart)
        learned.append(await run_engine(desk, engine))
        await complete(desk, refuse=["I10"])
    assert learned[0] == ""
    assert len(set(learned)) == 3
    runs = [await recompute_run(desk.pool, engine, ChartId(chart.chart_id), 1) for chart in charts]
    assert [run.is_exact for run in runs] == [True] * 3
    assert [list(find_differences(run.stored, run.computed)) for run in runs] == [[]] * 3
    assert await recompute_run(desk.pool, engine, ChartId(charts[0].chart_id)) == runs[0]
    confidences = [{each.code: each.confidence for each in run.computed.suggestions}["I10"] for run in runs]
    assert confidences[0] > confidences[1] > confidences[2]
    view, _ = await desk.cases.charts.read_chart(ChartId(charts[1].chart_id))
    assert view.engine is not None
    assert view.engine.learned == learned[1]
    assert [indicator.codes for indicator in view.indicators] == [("E87.6",)]
    shown = {each.code: each for each in view.suggestions}
    assert [fact.code for fact in shown["I10"].facts] == ["I10"]
    assert shown["I10"].why.endswith("kept 0 and refused 1 times before")


async def test_a_run_of_another_engine_is_not_computed_again(desk: Desk) -> None:
    chart = await desk.open_chart(PNEUMONIA)
    with pytest.raises(OtherEngine):
        await recompute_run(desk.pool, build_engine(), ChartId(chart.chart_id), 1)
    with pytest.raises(NotFound):
        await recompute_run(desk.pool, build_engine(), ChartId(chart.chart_id), 2)
    with pytest.raises(NotFound):
        await recompute_run(desk.pool, build_engine(), ChartId(uuid4()))
