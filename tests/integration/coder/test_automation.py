"""Closing charts without touch: silent at first, by a person's decision, on the same path, and taken back by itself."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from services.claims.build import BundleFrame, build_bundle
from services.coder.automation.modes import Mode, ModeRefused
from services.coder.engine.model import Indicator, Suggestions
from services.coder.reach import UNLIMITED
from services.coder.service.assigning import LeadRequest
from services.coder.settings import QueueSettings
from services.coder.work_item import ChartId, State, WorkItemId
from shared.contracts.envelope import Envelope
from shared.contracts.errors import NotFound
from shared.contracts.messages import ChartCoded
from shared.contracts.topics import Topic
from shared.fhir import systems
from shared.fhir.bundle_rules import check_bundle
from shared.fhir.validation import validate
from tests.builders import encounter, version_of
from tests.builders.charts import ENGINE_VERSION, ready_chart, suggestion
from tests.builders.claims import COMPLETED_AT
from tests.integration.coder.automation_desk import (
    CLEAR,
    DIFFERENCE,
    LEAD,
    LINE,
    POLICY,
    activate,
    arrive,
    automated,
    begin_shadow,
    code,
    observe,
    show_agreement,
    standing,
    verdicts,
)
from tests.integration.coder.conftest import ANN, Desk, accept_all, under


async def last_coded(desk: Desk) -> ChartCoded:
    return Envelope[ChartCoded].decode((await desk.published(Topic.CHART_CODED))[-1]).data


async def test_nothing_is_looked_at_before_somebody_turns_a_line_on(desk: Desk) -> None:
    async with automated(desk) as on:
        chart = await arrive(on)
        assert await verdicts(on) == []
        assert (await standing(on)).mode is Mode.OFF
        assert await on.state(chart.chart_id) is State.OPEN


async def test_in_shadow_mode_the_answer_is_stored_before_and_shows_nowhere(desk: Desk) -> None:
    async with automated(desk) as on:
        plain = await arrive(on)
        before, _ = await on.cases.charts.read_chart(ChartId(plain.chart_id))
        await code(on)
        await on.cases.automating.change_mode(LEAD, LINE, Mode.SHADOW, "agreed in committee")
        chart = await arrive(on)
        stored = await on.pool.fetchval("select answer from coder.screening where chart_id = $1", chart.chart_id)
        assert json.loads(stored) == {
            "principal": "J18.9",
            "lines": [{"system": "icd10cm", "code": "J18.9", "modifiers": [], "units": 1}],
        }
        view, _ = await on.cases.charts.read_chart(ChartId(chart.chart_id))
        own = {"chart_id", "work_item_id", "suggestions", "undecided"}
        assert view.model_dump(exclude=own) == before.model_dump(exclude=own)
        assert await on.state(chart.chart_id) is State.OPEN


@pytest.mark.parametrize(("also", "agreed"), [((), True), ((DIFFERENCE,), False)])
async def test_a_coders_coding_is_one_observation(
    desk: Desk, also: tuple[dict[str, object], ...], agreed: bool
) -> None:
    async with automated(desk) as on:
        await begin_shadow(on)
        await arrive(on)
        await code(on, *also)
        trial = (await standing(on)).trial
        assert trial is not None
        assert (trial.observed, trial.agreed) == (1, int(agreed))
        assert await on.pool.fetchval("select agreed from coder.screening") is agreed


UNFIT: dict[str, dict[str, Any]] = {
    "low-confidence": {"confidence": 0.5},
    "missing-detail": {"missing": ("organism",)},
}


@pytest.mark.parametrize("verdict", UNFIT)
async def test_what_does_not_qualify_is_for_people(desk: Desk, verdict: str) -> None:
    async with automated(desk) as on:
        await activate(on)
        chart = await arrive(
            on, CLEAR, suggestion("R05.9", "cough", confidence=0.99, missing=())._replace(**UNFIT[verdict])
        )
        assert (await verdicts(on))[-1] == verdict
        assert await on.state(chart.chart_id) is State.OPEN


async def test_an_indicator_and_a_finding_of_the_edits_are_for_people(desk: Desk) -> None:
    async with automated(desk) as on:
        await activate(on)
        chart = ready_chart()
        await on.arrive(chart)
        leased = await on.suggesting.lease_chart()
        assert leased is not None
        asking = Suggestions(ENGINE_VERSION, (CLEAR,), (Indicator("Observation/1", "sodium 120", ("E87",)),))
        await on.suggesting.store_answer(leased.lease, chart, asking, 0.01)
        await on.cases.automating.look()
        assert (await verdicts(on))[-1] == "indicator"
    error = {"edit": "e", "severity": "error", "message": "m", "fix": "f"}
    async with automated(desk, findings=[error]) as on:
        await arrive(on)
        assert (await verdicts(on))[-1] == "edit-error"
    async with automated(desk) as on:
        unasked = replace(on, cases=type(on.cases).over(on.pool, QueueSettings(), automation=POLICY))
        await arrive(unasked)
        assert (await verdicts(on))[-1] == "edits-unknown"
    assert await desk.pool.fetchval("select count(*) from coder.screening where closed_at is not null") == 0


async def test_a_line_goes_active_only_when_the_bound_allows_it_and_only_by_a_person(desk: Desk) -> None:
    async with automated(desk) as on:
        await begin_shadow(on)
        await observe(on, 3)
        with pytest.raises(ModeRefused, match="below the standard"):
            await on.cases.automating.change_mode(LEAD, LINE, Mode.ACTIVE, "now")
        await show_agreement(on)
        await arrive(on)
        assert (await standing(on)).mode is Mode.SHADOW
        await on.cases.automating.change_mode(LEAD, LINE, Mode.ACTIVE, "the bound allows it")
        line = await standing(on)
        assert (line.mode, line.changed_by, line.why) == (Mode.ACTIVE, LEAD, "the bound allows it")
        with pytest.raises(asyncpg.CheckViolationError):
            await on.pool.execute("update coder.automation_line set changed_by = 'automation'")
        with pytest.raises(NotFound):
            await on.cases.automating.change_mode(LEAD, "nowhere", Mode.SHADOW, "x")


async def test_a_chart_is_closed_as_the_machines_work_and_claims_takes_it(desk: Desk) -> None:
    async with automated(desk) as on:
        await activate(on)
        chart = await arrive(on)
        assert await on.state(chart.chart_id) is State.COMPLETED
        coded = await last_coded(on)
        assert coded.chart_id == chart.chart_id
    device = f"Device/automation-{POLICY.version}"
    row = await desk.pool.fetchrow("select * from coder.decision order by position desc limit 1")
    assert row is not None
    assert (row["action"], row["decided_by"], row["practitioner"]) == ("accept", "automation", device)
    agents = [
        (agent["type"]["coding"][0]["code"], agent["who"]["reference"])
        for agent in json.loads(coded.provenance.body)["agent"]
    ]
    assert agents == [("author", device), ("assembler", "#engine")]
    (proof,) = json.loads(coded.claim.body)["diagnosis"][0]["extension"]
    decision = next(part["extension"] for part in proof["extension"] if part["url"] == "decision")
    said = {part["url"]: part for part in decision}
    assert said["action"]["valueCode"] == "accept"
    assert said["practitioner"]["valueReference"] == {"reference": device}
    described = next(each for each in coded.supporting if each.reference == device)
    assert validate(described.body) == ()
    versions = {each["type"]["text"]: each["value"] for each in json.loads(described.body)["version"]}
    assert versions == {
        "policy": POLICY.version,
        "engine": ENGINE_VERSION.engine,
        "code set": ENGINE_VERSION.code_set,
        "lexicon": ENGINE_VERSION.lexicon,
    }
    frame = BundleFrame(coded.chart_id, COMPLETED_AT, "https://hospital.example/fhir")
    bundle = json.loads(build_bundle(coded, frame))
    assert check_bundle(bundle) == []
    assert f"https://hospital.example/fhir/{device}" in {entry["fullUrl"] for entry in bundle["entry"]}


async def test_what_the_machine_accepts_teaches_the_engine_nothing(desk: Desk) -> None:
    async with automated(desk) as on:
        await activate(on)
        before = await on.pool.fetchval("select count(*) from coder.lesson")
        await arrive(on)
        assert before > 0
        assert await on.pool.fetchval("select count(*) from coder.lesson") == before


async def test_a_share_goes_to_people_blind_and_is_observed(desk: Desk) -> None:
    async with automated(desk) as on:
        await activate(on)
    async with automated(desk, draws=0.0) as on:
        chart = await arrive(on)
        assert await on.state(chart.chart_id) is State.OPEN
        trial = (await standing(on)).trial
        await code(on)
        after = (await standing(on)).trial
        assert trial is not None
        assert after is not None
        assert after.observed == trial.observed + 1


async def test_it_suspends_itself_when_agreement_falls(desk: Desk) -> None:
    async with automated(desk) as on:
        await activate(on)
    async with automated(desk, draws=0.0) as on:
        await observe(on, 0, 6)
        line = await standing(on)
        assert (line.mode, line.changed_by) == (Mode.SUSPENDED, "automation")
    async with automated(desk) as on:
        chart = await arrive(on)
        assert await on.state(chart.chart_id) is State.OPEN
        with pytest.raises(ModeRefused):
            await on.cases.automating.change_mode(LEAD, LINE, Mode.ACTIVE, "again")
        await on.cases.automating.change_mode(LEAD, LINE, Mode.SHADOW, "we looked into it")
        await on.lease(ANN)
        await arrive(on)
        trial = (await standing(on)).trial
        assert trial is not None
        assert (trial.attempt, trial.observed) == (2, 0)


async def test_a_new_version_begins_in_shadow_anew_and_an_old_one_is_for_people(desk: Desk) -> None:
    async with automated(desk) as on:
        await activate(on)
        newer = replace(ENGINE_VERSION, lexicon="1" * 64)
        chart = await arrive(on, version=newer)
        line = await standing(on)
        assert line.trial is not None
        assert (line.mode, line.changed_by, line.trial.observed) == (Mode.SHADOW, "automation", 0)
        assert await on.state(chart.chart_id) is State.OPEN
        await arrive(on)
        assert (await verdicts(on))[-1] == "overtaken"
        assert (await standing(on)).trial == line.trial
    async with automated(desk, POLICY.model_copy(update={"confidence": 0.8})) as on:
        with pytest.raises(ModeRefused):
            await on.cases.automating.change_mode(LEAD, LINE, Mode.ACTIVE, "now")


async def test_a_chart_that_somebody_has_had_is_never_closed(desk: Desk) -> None:
    async with automated(desk) as on:
        await activate(on)
        for touch in ("leased", "assigned", "decided"):
            chart = ready_chart()
            await on.open_chart(CLEAR, chart=chart)
            await _touch(on, touch)
            await on.cases.automating.look()
            assert (await verdicts(on))[-1] == "overtaken"
            assert await on.state(chart.chart_id) is not State.COMPLETED


async def _touch(desk: Desk, how: str) -> None:
    if how == "assigned":
        item = await desk.pool.fetchval("select work_item_id from coder.work_item where state = 'open'")
        await desk.cases.assigning.assign(LeadRequest(LEAD, UNLIMITED, WorkItemId(item)), "bob")
        return
    lease = await desk.lease(ANN)
    if how == "decided":
        view, _ = await desk.cases.charts.read_chart(lease.chart_id)
        await desk.cases.deciding.decide(under(lease), accept_all(view))
        await desk.expire(lease)
        await desk.cases.queue.tidy()


async def test_a_chart_that_came_back_or_is_closed_to_most_is_for_people(desk: Desk) -> None:
    async with automated(desk) as on:
        await activate(on)
        chart = await arrive(on)
        looked_at = len(await verdicts(on))
        await on.cases.intake.take_in([on.returned_record(chart.chart_id)])
        security = {"security": [{"system": systems.CONFIDENTIALITY, "code": "R"}]}
        restricted = await arrive(on, encounter=version_of(encounter(meta=security)))
        for each in (chart, restricted):
            assert await on.state(each.chart_id) is State.OPEN
        assert len(await verdicts(on)) == looked_at


async def test_two_processes_close_a_chart_once(desk: Desk) -> None:
    async with automated(desk) as on:
        await activate(on)
        await on.open_chart(CLEAR)
        await asyncio.gather(*(on.cases.automating.look() for _ in range(4)))
        assert await on.pool.fetchval("select count(*) from coder.coding where completed_by = 'automation'") == 1


async def test_a_chart_that_cannot_be_looked_at_keeps_no_other_from_it(desk: Desk) -> None:
    async with automated(desk) as on:
        await begin_shadow(on)
        broken = await on.open_chart(CLEAR)
        await on.pool.execute("update coder.chart set content = '{}' where chart_id = $1", broken.chart_id)
        await arrive(on)
        assert await verdicts(on) == ["failed", "qualifies"]


async def test_changes_of_modes_are_kept(desk: Desk) -> None:
    async with automated(desk) as on:
        await activate(on)
        rows = await on.pool.fetch("select mode, changed_by from coder.automation_change order by position")
        assert [tuple(row) for row in rows] == [("shadow", LEAD), ("shadow", LEAD), ("active", LEAD)]
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await on.pool.execute("delete from coder.automation_change")
