"""Seeds: shown like any suggestion, caught at completion, and never in a claim, a draft or a lesson."""

import json
from typing import Any
from uuid import UUID

import pytest

from services.coder.automation.modes import Mode
from services.coder.automation.policy import AutomationPolicy
from services.coder.automation.seeds import SeedOutcome
from services.coder.chart_models import ChartView, SuggestionView
from services.coder.decision_models import DecisionBatch
from services.coder.service.recomputing import recompute_run
from services.coder.work_item import ChartId, ChartNotComplete, Lease, State
from shared.contracts.messages import ChartReady
from shared.contracts.topics import Topic
from tests.builders.charts import suggestion
from tests.integration.coder.automation_desk import (
    CLEAR,
    LEAD,
    LINE,
    POLICY,
    arrive,
    automated,
    begin_shadow,
    code,
    standing,
)
from tests.integration.coder.conftest import ANN, Desk, accept_all, under
from tests.integration.coder.engines import ObedientEngine

SEEDING = AutomationPolicy(confidence=0.9, seed_share=0.2)
ALWAYS = 0.0
"""A draw below every share."""


async def seed_of(desk: Desk, chart: ChartReady) -> UUID:
    """The seed that was planted on a chart, which must be there."""
    found = await desk.pool.fetchval("select suggestion_id from coder.seed where chart_id = $1", chart.chart_id)
    assert found is not None
    planted: UUID = found
    return planted


async def open_with_seed(desk: Desk) -> tuple[ChartReady, UUID, Lease, ChartView]:
    """Bring a chart with two true suggestions and a seed, and lease it."""
    chart = await arrive(desk, CLEAR, suggestion("R05.9", "cough", missing=(), entry="cough|R05.9"))
    seed = await seed_of(desk, chart)
    lease = await desk.lease(ANN)
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    return chart, seed, lease, view


async def decide(desk: Desk, lease: Lease, *decisions: dict[str, Any]) -> None:
    await desk.cases.deciding.decide(under(lease), DecisionBatch.model_validate({"decisions": decisions}))


def shown(view: ChartView, target: UUID) -> SuggestionView:
    return next(each for each in view.suggestions if each.suggestion_id == target)


async def test_a_seed_is_shown_like_any_other_suggestion_and_waits_for_a_decision(desk: Desk) -> None:
    async with automated(desk, SEEDING, draws=ALWAYS) as on:
        _, seed, _, view = await open_with_seed(on)
    assert len(view.suggestions) == 3
    planted, true = shown(view, seed), [each for each in view.suggestions if each.suggestion_id != seed]
    assert planted.code not in {each.code for each in true}
    assert planted.confidence in {each.confidence for each in true}
    assert planted.evidence in [each.evidence for each in true]
    assert seed in view.undecided


async def test_accept_all_is_caught_taken_out_recorded_and_told(desk: Desk) -> None:
    async with automated(desk, SEEDING, draws=ALWAYS) as on:
        chart, seed, lease, view = await open_with_seed(on)
        wrong = shown(view, seed).code
        await on.cases.deciding.decide(under(lease), accept_all(view))
        assert await on.cases.previewing.preview(lease.chart_id, ANN.practitioner) == ()
        bundle = await on.cases.claims.read_bundle(lease.chart_id)
        completed = await on.cases.completing.complete(under(lease))
        (told,) = completed.seeds
        assert (told.code, told.outcome) == (wrong, SeedOutcome.MISSED)
        sent = [*await on.published(Topic.CHART_CODED), *await on.published(Topic.CLAIM_DRAFT)]
        assert all(f'"{wrong}"'.encode() not in each.replace(b"\\", b"") for each in [*sent, bundle.encode()])
        assert b'"R05.9"' in sent[0].replace(b"\\", b"")
        row = await on.pool.fetchrow("select outcome, coder from coder.seed")
        assert row is not None
        assert tuple(row) == ("missed", "ann")
        lessons = await on.pool.fetch("select entry, kept, suggestion_id from coder.lesson")
        assert {(each["entry"], each["kept"]) for each in lessons} == {("pneumonia|J18.9", True), ("cough|R05.9", True)}
        assert seed not in {each["suggestion_id"] for each in lessons}
        after, _ = await on.cases.charts.read_chart(ChartId(chart.chart_id))
        assert seed not in {each.suggestion_id for each in after.suggestions}
        assert seed not in {each.target_id for each in after.decisions}
        assert [each.code.code for each in after.codings] == ["J18.9", "R05.9"]


async def test_who_rejects_it_has_caught_it(desk: Desk) -> None:
    async with automated(desk, SEEDING, draws=ALWAYS) as on:
        _, seed, lease, view = await open_with_seed(on)
        await on.cases.deciding.decide(under(lease), accept_all(view))
        await decide(on, lease, {"action": "reject", "target_id": seed, "reason": "not in the note"})
        completed = await on.cases.completing.complete(under(lease))
    assert [each.outcome for each in completed.seeds] == [SeedOutcome.CAUGHT]


async def test_it_must_be_decided_about_like_the_others(desk: Desk) -> None:
    async with automated(desk, SEEDING, draws=ALWAYS) as on:
        _, seed, lease, view = await open_with_seed(on)
        others = [{"action": "accept", "target_id": each} for each in view.undecided if each != seed]
        await decide(on, lease, *others)
        with pytest.raises(ChartNotComplete) as refused:
            await on.cases.completing.complete(under(lease))
    (point,) = refused.value.points
    assert (point.code, str(seed) in point.expression) == ("undecided-suggestion", True)


async def test_who_takes_it_in_place_of_the_true_one_is_told_before_the_claim_lacks_a_code(desk: Desk) -> None:
    async with automated(desk, SEEDING, draws=ALWAYS) as on:
        _, seed, lease, view = await open_with_seed(on)
        host = await on.pool.fetchval("select host_id from coder.seed")
        await on.cases.deciding.decide(under(lease), accept_all(view))
        await decide(on, lease, {"action": "reject", "target_id": host, "reason": "the other one fits better"})
        with pytest.raises(ChartNotComplete) as refused:
            await on.cases.completing.complete(under(lease))
        assert [point.code for point in refused.value.points] == ["seeded-suggestion"]
        assert await on.state(lease.chart_id) is State.LEASED
        assert await on.pool.fetchval("select outcome from coder.seed") == "missed"
        later, _ = await on.cases.charts.read_chart(lease.chart_id)
        assert seed not in {each.suggestion_id for each in later.suggestions}
        await decide(on, lease, {"action": "accept", "target_id": host})
        completed = await on.cases.completing.complete(under(lease))
    assert [each.outcome for each in completed.seeds] == [SeedOutcome.MISSED]


async def test_a_code_chosen_in_its_place_goes_on_the_claim(desk: Desk) -> None:
    async with automated(desk, SEEDING, draws=ALWAYS) as on:
        _, seed, lease, view = await open_with_seed(on)
        await on.cases.deciding.decide(under(lease), accept_all(view))
        own = {"system": "icd10cm", "code": "I10"}
        await decide(on, lease, {"action": "change", "target_id": seed, "code": own, "reason": "documented"})
        completed = await on.cases.completing.complete(under(lease))
        claim = json.loads(await on.pool.fetchval("select claim from coder.coding"))
    assert [each.outcome for each in completed.seeds] == [SeedOutcome.CAUGHT]
    coded = {each["diagnosisCodeableConcept"]["coding"][0]["code"] for each in claim["diagnosis"]}
    assert coded == {"J18.9", "R05.9", "I10"}


async def test_a_seed_is_no_answer_of_the_engine(desk: Desk) -> None:
    async with automated(desk, SEEDING, draws=ALWAYS) as on:
        chart = await arrive(on, CLEAR, version=ObedientEngine.version)
        await seed_of(on, chart)
        again = await recompute_run(on.pool, ObedientEngine(), ChartId(chart.chart_id))
    assert [each.code for each in again.stored.suggestions] == ["J18.9"]


async def test_who_missed_a_seed_shows_no_agreement(desk: Desk) -> None:
    async with automated(desk) as on:
        await begin_shadow(on)
    async with automated(desk, POLICY.model_copy(update={"seed_share": 0.2}), draws=ALWAYS) as on:
        await arrive(on)
        await code(on)
        trial = (await standing(on)).trial
    assert trial is not None
    assert (trial.observed, trial.agreed) == (1, 0)


async def test_no_seed_is_planted_where_a_chart_was_touched_and_none_without_a_share(desk: Desk) -> None:
    async with automated(desk, SEEDING, draws=ALWAYS) as on:
        await on.open_chart(CLEAR)
        await on.lease(ANN)
        await on.cases.automating.look()
    async with automated(desk, POLICY, draws=ALWAYS) as on:
        await on.cases.automating.change_mode(LEAD, LINE, Mode.SHADOW, "agreed")
        await arrive(on)
    assert await desk.pool.fetchval("select count(*) from coder.seed") == 0
