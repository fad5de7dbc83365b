"""A desk with automation: its policy, edits that find nothing, and chance that a test decides."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random
from typing import Any

import httpx

from services.coder.automation.modes import LineStanding, Mode
from services.coder.automation.policy import AutomationPolicy
from services.coder.billing_edits import BillingEdits
from services.coder.decision_models import DecisionBatch
from services.coder.engine.model import EngineVersion, Suggestion, Suggestions
from services.coder.service.suggesting import Suggesting
from services.coder.service.use_cases import UseCases
from services.coder.settings import QueueSettings
from services.coder.store import automation
from shared.contracts.messages import ChartReady
from tests.builders.charts import ENGINE_VERSION, ready_chart, suggestion
from tests.integration.coder.conftest import ANN, Desk, accept_all, under

LINE = "clinic"
POLICY = AutomationPolicy(confidence=0.9, blind_share=0.5)
CLEAR = suggestion(confidence=0.99, missing=(), entry="pneumonia|J18.9")
LEAD = "lee"


class Draws(Random):
    """Chance whose every draw is the same; 1 closes and seeds nothing, 0 keeps for people and seeds."""

    def __init__(self, value: float) -> None:
        super().__init__(1)
        self.value = value

    def random(self) -> float:
        """Draw."""
        return self.value


@asynccontextmanager
async def automated(
    desk: Desk, policy: AutomationPolicy = POLICY, *, draws: float = 1.0, findings: Sequence[dict[str, str]] = ()
) -> AsyncIterator[Desk]:
    """The same desk with automation under this policy."""
    answer = {"payer_id": "p", "is_sendable": True, "findings": list(findings)}
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, json=answer))
    async with httpx.AsyncClient(transport=transport, base_url="http://claims/") as client:
        cases = UseCases.over(
            desk.pool, QueueSettings(lease_seconds=600), edits=BillingEdits(client), automation=policy
        )
        cases = replace(cases, automating=replace(cases.automating, chance=Draws(draws)))
        suggesting = Suggesting(desk.pool, "engine@test", 60.0, seeding=policy.seed_share > 0)
        yield Desk(desk.pool, cases, suggesting, desk.offsets)


async def arrive(
    desk: Desk, *suggestions: Suggestion, version: EngineVersion = ENGINE_VERSION, **more: Any
) -> ChartReady:
    """A chart arrives, the engine answers, and the automation looks."""
    chart = ready_chart(**more)
    await desk.arrive(chart)
    leased = await desk.suggesting.lease_chart()
    assert leased is not None
    ready, _ = await desk.suggesting.read_chart(leased.lease)
    await desk.suggesting.store_answer(leased.lease, ready, Suggestions(version, suggestions or (CLEAR,)), 0.01)
    await desk.cases.automating.look()
    return chart


async def code(desk: Desk, *also: dict[str, object]) -> None:
    """A coder takes the next chart, accepts everything, decides what else is said, and completes it."""
    lease = await desk.lease(ANN)
    view, _ = await desk.cases.charts.read_chart(lease.chart_id)
    await desk.cases.deciding.decide(under(lease), accept_all(view))
    if also:
        await desk.cases.deciding.decide(under(lease), DecisionBatch.model_validate({"decisions": also}))
    await desk.cases.completing.complete(under(lease))


async def observe(desk: Desk, agreed: int, differing: int = 0) -> None:
    """Let coders code so many charts in shadow mode, those that agree first."""
    for number in range(agreed + differing):
        await arrive(desk)
        await code(desk, *([DIFFERENCE] if number >= agreed else []))


DIFFERENCE: dict[str, object] = {"action": "add", "code": {"system": "icd10cm", "code": "I10"}}


async def show_agreement(desk: Desk, charts: int = 150) -> None:
    """Have the trial under way show agreement, without coding all the charts of it."""
    await desk.pool.execute("update coder.automation_trial set observed = observed + $1, agreed = agreed + $1", charts)


async def begin_shadow(desk: Desk) -> None:
    """Bring a chart that no person is meant to touch, and turn its line to shadow mode."""
    await arrive(desk)
    await code(desk)
    await desk.cases.automating.change_mode(LEAD, LINE, Mode.SHADOW, "agreed in committee")


async def activate(desk: Desk) -> None:
    """Bring a line to active mode by the way that it takes."""
    await begin_shadow(desk)
    await observe(desk, 1)
    await show_agreement(desk)
    await desk.cases.automating.change_mode(LEAD, LINE, Mode.ACTIVE, "the bound allows it")


async def standing(desk: Desk, service_line: str = LINE) -> LineStanding:
    """How the line stands."""
    lines = {line.service_line: line for line in await automation.list_lines(desk.pool)}
    return lines[service_line]


async def verdicts(desk: Desk) -> list[str | None]:
    """What was found about all charts, in the order in which they came."""
    return [row["verdict"] for row in await desk.pool.fetch("select verdict from coder.screening order by asked_at")]
