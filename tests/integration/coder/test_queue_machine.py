"""A Hypothesis state machine over the real store: what coders, engine, billing and time may do, in any order.

Invariants: a chart has at most one owner; only the owner's writes count; no decision is ever lost; every completed
coding is published exactly once.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.coder.decision_models import DecisionBatch
from services.coder.hold import HoldEnded, HoldId, HoldReason, NewHold
from services.coder.reach import UNLIMITED
from services.coder.service.assigning import LeadRequest
from services.coder.service.deciding import Coder
from services.coder.work_item import ChartId, ChartNotComplete, Lease, LeaseLost, State, WorkItemId, WrongState
from tests.builders.charts import ready_chart, suggestion, withdrawn_chart
from tests.integration.coder.conftest import ANN, BOB, Desk, accept_all, under

ResultT = TypeVar("ResultT")
Held = tuple[Lease, Coder]
MOST_CHARTS = 2
"""Few, so that what is done meets on the same chart."""
REVIEW = date(2099, 1, 1)
ADD = DecisionBatch.model_validate({"decisions": [{"action": "add", "code": {"system": "icd10cm", "code": "I10"}}]})


@dataclass
class Expected:
    """What the model knows of a chart; `decisions` and `codings` count over all its versions."""

    version: int = 1
    state: State = State.OPEN
    owner: tuple[UUID, str] | None = None
    decided: bool = False
    decisions: int = 0
    codings: int = 0
    holds: set[HoldId] = field(default_factory=set)
    assigned_to: str | None = None

    def move(self, state: State, owner: tuple[UUID, str] | None = None) -> None:
        """Put the chart into a state; no other state than on-hold has holds."""
        self.state, self.owner = state, owner
        self.holds = self.holds if state is State.ON_HOLD else set()


class QueueMachine(RuleBasedStateMachine):
    """Runs in a thread of its own; the use cases run on the test's event loop."""

    desk: Desk
    loop: asyncio.AbstractEventLoop

    charts = Bundle("charts")
    leases = Bundle("leases")
    holds = Bundle("holds")

    def __init__(self) -> None:
        super().__init__()
        self.expected: dict[UUID, Expected] = {}

    def run(self, action: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Run a use case and wait for it."""
        return asyncio.run_coroutine_threadsafe(action, self.loop).result()

    @initialize()
    def empty(self) -> None:
        """Begin each run with empty tables."""
        self.run(self.desk.pool.execute("truncate coder.chart, coder.inbox, coder.outbox cascade"))

    @precondition(lambda self: len(self.expected) < MOST_CHARTS)
    @rule(target=charts)
    def arrive(self) -> UUID:
        """A chart arrives and the engine answers."""
        chart = self.run(self.desk.open_chart(suggestion()))
        self.expected[chart.chart_id] = Expected()
        return chart.chart_id

    @rule(chart_id=charts)
    def amend(self, chart_id: UUID) -> None:
        """A newer version arrives and the engine answers, whoever has the chart."""
        chart = self.expected[chart_id]
        chart.version += 1
        self.run(self.desk.open_chart(suggestion(), chart=ready_chart(chart_id, chart.version)))
        chart.move(State.OPEN)
        chart.decided = False

    @rule(chart_id=charts)
    def withdraw(self, chart_id: UUID) -> None:
        """The encounter turns out to be void."""
        chart = self.expected[chart_id]
        chart.version += 1
        self.run(self.desk.arrive(withdrawn_chart(chart_id, chart.version)))
        chart.move(State.WITHDRAWN)
        chart.decided = False

    @rule(chart_id=charts)
    def return_coding(self, chart_id: UUID) -> None:
        """Billing sends the latest coding back."""
        chart = self.expected[chart_id]
        self.run(self.desk.cases.intake.take_in([self.desk.returned_record(chart_id, max(1, chart.codings))]))
        if chart.state is State.COMPLETED:
            chart.move(State.OPEN)

    @rule(target=leases, coder=st.sampled_from([ANN, BOB]))
    def lease_next(self, coder: Coder) -> MultipleResults[Held]:
        """A coder asks for the next chart and gets one exactly when one is open."""
        lease = self.run(self.desk.cases.queue.lease_next(coder.subject))
        if lease is None:
            mine = [chart for chart in self.expected.values() if chart.assigned_to in {None, coder.subject}]
            assert State.OPEN not in {chart.state for chart in mine}
            return multiple()
        chart = self.expected[lease.chart_id]
        assert (chart.state, chart.version) == (State.OPEN, lease.chart_version)
        assert chart.assigned_to in {None, coder.subject}
        chart.move(State.LEASED, (lease.token, coder.subject))
        return multiple((lease, coder))

    @rule(held=leases, adds=st.booleans())
    def decide(self, held: Held, adds: bool) -> None:
        """A coder decides under some lease they once got."""
        lease, coder = held
        chart = self.expected[lease.chart_id]
        view, _ = self.run(self.desk.cases.charts.read_chart(lease.chart_id))
        batch = ADD if adds or not view.undecided else accept_all(view)
        request = self.desk.cases.deciding.decide(under(lease, coder), batch)
        if chart.owner == (lease.token, coder.subject):
            stored = self.run(request)
            chart.decisions += len(batch.decisions)
            chart.decided = not stored.undecided
        else:
            with pytest.raises(LeaseLost):
                self.run(request)

    @rule(held=leases)
    def complete(self, held: Held) -> None:
        """A coder completes under some lease they once got."""
        lease, coder = held
        chart = self.expected[lease.chart_id]
        request = self.desk.cases.completing.complete(under(lease, coder))
        if chart.owner != (lease.token, coder.subject):
            with pytest.raises(LeaseLost):
                self.run(request)
        elif not chart.decided:
            with pytest.raises(ChartNotComplete):
                self.run(request)
        else:
            chart.codings += 1
            assert self.run(request).coding_version == chart.codings
            chart.move(State.COMPLETED)
            chart.assigned_to = None

    @rule(held=leases)
    def release(self, held: Held) -> None:
        """A coder gives some lease back they once got."""
        lease, coder = held
        chart = self.expected[lease.chart_id]
        request = self.desk.cases.queue.release(lease.work_item_id, lease.token, coder.subject)
        if chart.owner == (lease.token, coder.subject):
            self.run(request)
            chart.move(State.OPEN)
        else:
            with pytest.raises(LeaseLost):
                self.run(request)

    @rule(target=holds, held=leases, reason=st.sampled_from(HoldReason))
    def place_hold(self, held: Held, reason: HoldReason) -> MultipleResults[tuple[UUID, HoldId]]:
        """A coder puts a chart on hold under some lease they once got."""
        lease, coder = held
        chart = self.expected[lease.chart_id]
        request = self.desk.cases.holding.place(under(lease, coder), NewHold(reason, REVIEW))
        if chart.owner != (lease.token, coder.subject):
            with pytest.raises(LeaseLost):
                self.run(request)
            return multiple()
        return multiple((lease.chart_id, self.note_hold(chart, self.run(request).hold_id)))

    @rule(target=holds, chart_id=charts)
    def place_hold_as_lead(self, chart_id: UUID) -> MultipleResults[tuple[UUID, HoldId]]:
        """A lead puts a chart on hold, whoever has it."""
        chart = self.expected[chart_id]
        new = NewHold(HoldReason.REGISTRATION_PROBLEM, REVIEW)
        request = self.desk.cases.holding.place_without_lease("liz", ChartId(chart_id), new)
        if chart.state not in {State.OPEN, State.LEASED, State.ON_HOLD}:
            with pytest.raises(WrongState):
                self.run(request)
            return multiple()
        return multiple((chart_id, self.note_hold(chart, self.run(request).hold_id)))

    def note_hold(self, chart: Expected, hold_id: UUID) -> HoldId:
        """Expect the chart to be on hold."""
        chart.move(State.ON_HOLD)
        chart.holds.add(HoldId(hold_id))
        return HoldId(hold_id)

    @rule(placed=holds, coder=st.sampled_from([ANN, BOB]))
    def lift_hold(self, placed: tuple[UUID, HoldId], coder: Coder) -> None:
        """Somebody lifts some hold that was once placed."""
        chart_id, hold_id = placed
        chart = self.expected[chart_id]
        request = self.desk.cases.holding.lift(coder.subject, hold_id)
        if hold_id not in chart.holds:
            with pytest.raises(HoldEnded):
                self.run(request)
            return
        self.run(request)
        chart.holds.remove(hold_id)
        if not chart.holds:
            chart.move(State.OPEN)

    @rule(chart_id=charts, assignee=st.sampled_from([None, ANN, BOB]))
    def assign(self, chart_id: UUID, assignee: Coder | None) -> None:
        """A lead says whose chart it is; somebody else's lease on it ends."""
        chart = self.expected[chart_id]
        subject = assignee.subject if assignee else None
        find = self.desk.pool.fetchval("select work_item_id from coder.work_item where chart_id = $1", chart_id)
        request = LeadRequest("liz", UNLIMITED, WorkItemId(self.run(find)))
        assign = self.desk.cases.assigning.assign(request, subject)
        if chart.state in {State.COMPLETED, State.WITHDRAWN}:
            with pytest.raises(WrongState):
                self.run(assign)
            return
        self.run(assign)
        chart.assigned_to = subject
        if chart.owner and chart.owner[1] != subject:
            chart.move(State.OPEN)

    @rule(held=leases)
    def expire(self, held: Held) -> None:
        """The time of a lease passes."""
        lease, coder = held
        if self.expected[lease.chart_id].owner == (lease.token, coder.subject):
            self.run(self.desk.expire(lease))
            self.expected[lease.chart_id].move(State.OPEN)

    @rule()
    def tidy(self) -> None:
        """Expired leases go back."""
        self.run(self.desk.cases.queue.tidy())

    @invariant()
    def nothing_is_lost(self) -> None:
        """States, decisions and published codings are those of the model."""
        assert self.run(self.desk.standing()) == {
            chart_id: (chart.state, chart.decisions, chart.codings) for chart_id, chart in self.expected.items()
        }


async def test_the_queue_keeps_its_promises_in_any_order(desk: Desk) -> None:
    machine = type("Machine", (QueueMachine,), {"desk": desk, "loop": asyncio.get_running_loop()})
    # A step is a few round trips on a machine that may be busy: time says nothing here, and making a failure of thirty
    # steps shorter takes longer than reading it.
    limits = settings(
        max_examples=30,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
    )
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=limits)
