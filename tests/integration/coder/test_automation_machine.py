"""A Hypothesis state machine over the real store: people, charts, coders and new engines, in any order.

Invariants: a chart is closed without touch only in active mode, and only when its draw says so; a line is active only
by a person's decision, taken while the bound allowed it; the machine alone suspends a line, as soon as the bound or the
drift test says so; every new version begins in shadow mode with nothing observed.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.coder.automation.modes import BY_PEOPLE, Mode, ModeRefused, Trial, assess_trial
from services.coder.automation.policy import AutomationPolicy
from services.coder.engine.model import EngineVersion
from services.coder.work_item import State
from tests.builders.charts import ENGINE_VERSION
from tests.integration.coder.automation_desk import DIFFERENCE, LEAD, LINE, Draws, arrive, automated, code, standing
from tests.integration.coder.conftest import Desk

ResultT = TypeVar("ResultT")
POLICY = AutomationPolicy(
    confidence=0.9, blind_share=0.5, standard=0.6, alpha=0.4, drift_run_length=20.0, drift_window=10
)
"""Loose enough for a few charts to show something."""


class AutomationMachine(RuleBasedStateMachine):
    """Runs in a thread of its own; the use cases run on the test's event loop."""

    desk: Desk
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.mode = Mode.OFF
        self.version = ENGINE_VERSION
        self.trial: EngineVersion | None = None
        self.seen: list[bool] = []
        self.attempts: dict[EngineVersion, int] = {}

    def run(self, action: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Run a use case and wait for it."""
        return asyncio.run_coroutine_threadsafe(action, self.loop).result()

    @initialize()
    def empty(self) -> None:
        """Begin with empty tables, and one chart that gives the line its name."""
        tables = "chart, inbox, outbox, automation_line, automation_trial, automation_change"
        self.run(
            self.desk.pool.execute(f"truncate {', '.join(f'coder.{each}' for each in tables.split(', '))} cascade")
        )
        self.run(arrive(self.desk))
        self.run(code(self.desk))
        self.change_mode(Mode.SHADOW)

    def allows_closing(self) -> bool:
        """Whether the observations of the trial under way allow a line to be active."""
        if self.trial is None:
            return False
        trial = Trial(0, None, self.attempts[self.trial], len(self.seen), sum(self.seen))  # type: ignore[arg-type]
        return assess_trial(trial, self.seen, POLICY).allows_closing

    @precondition(lambda self: self.mode is Mode.SHADOW and self.allows_closing())
    @rule()
    def go_ahead(self) -> None:
        """A person makes the line active as soon as that is allowed."""
        self.change_mode(Mode.ACTIVE)

    @rule(wanted=st.sampled_from([Mode.OFF, Mode.SHADOW, Mode.ACTIVE]), rarely=st.integers(0, 3))
    def ask_for_mode(self, wanted: Mode, rarely: int) -> None:
        """A person asks for any mode."""
        if rarely == 0:
            self.change_mode(wanted)

    def change_mode(self, wanted: Mode) -> None:
        """A person's request is done exactly when it is allowed."""
        change = self.desk.cases.automating.change_mode(LEAD, LINE, wanted, "because")
        if wanted is self.mode:
            self.run(change)
            return
        if wanted not in BY_PEOPLE[self.mode] or (wanted is Mode.ACTIVE and not self.allows_closing()):
            with pytest.raises(ModeRefused):
                self.run(change)
            return
        self.run(change)
        self.mode = wanted
        if wanted is not Mode.ACTIVE:
            self.trial, self.seen = None, []

    @precondition(lambda self: len(self.attempts) < 3)
    @rule()
    def install_engine(self) -> None:
        """Another version of the engine answers from now on."""
        self.version = replace(ENGINE_VERSION, engine=f"test-engine {len(self.attempts) + 2}")

    @rule(agrees=st.sampled_from([True, True, True, False]), closes=st.booleans(), charts=st.integers(2, 4))
    def bring_charts(self, *, agrees: bool, closes: bool, charts: int) -> None:
        """Charts come that qualify; what is not closed a coder codes, alike or not."""
        chance = self.desk.cases.automating.chance
        assert isinstance(chance, Draws)
        chance.value = 1.0 if closes else 0.0
        for _ in range(charts):
            closing = self.mode is Mode.ACTIVE and self.trial == self.version and closes
            chart = self.run(arrive(self.desk, version=self.version))
            self.expect_trial()
            assert (self.run(self.desk.state(chart.chart_id)) is State.COMPLETED) == closing
            if not closing:
                self.run(code(self.desk, *([] if agrees else [DIFFERENCE])))
                self.expect_observation(agrees=agrees)

    def expect_trial(self) -> None:
        """A qualifying chart of a line that asks begins a trial where there is none about its version."""
        if self.mode in (Mode.SHADOW, Mode.ACTIVE) and self.trial != self.version:
            self.trial, self.seen, self.mode = self.version, [], Mode.SHADOW
            self.attempts[self.version] = self.attempts.get(self.version, 0) + 1

    def expect_observation(self, *, agrees: bool) -> None:
        """A coding that was compared counts, and may end it."""
        if self.mode in (Mode.SHADOW, Mode.ACTIVE):
            self.seen.append(agrees)
            if self.mode is Mode.ACTIVE and not self.allows_closing():
                self.mode = Mode.SUSPENDED

    @invariant()
    def stands_as_expected(self) -> None:
        """Mode, counts and who changed it."""
        line = self.run(standing(self.desk))
        assert line.mode is self.mode
        assert line.mode is not Mode.ACTIVE or line.changed_by == LEAD
        assert line.mode is not Mode.SUSPENDED or line.changed_by == "automation"
        if line.trial:
            assert (line.trial.observed, line.trial.agreed) == (len(self.seen), sum(self.seen))
            assert line.trial.version.engine == (self.trial.engine if self.trial else None)


async def test_modes_hold_whatever_happens(desk: Desk) -> None:
    async with automated(desk, POLICY) as on:
        machine = type("Machine", (AutomationMachine,), {"desk": on, "loop": asyncio.get_running_loop()})
        limits = settings(
            max_examples=8,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.generate),
        )
        await asyncio.to_thread(run_state_machine_as_test, machine, settings=limits)
