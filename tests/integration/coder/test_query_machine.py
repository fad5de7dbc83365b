"""A Hypothesis state machine over the real store: the life of queries of one chart, in any order.

Invariants: a query moves only as docs/state-machines.md draws it; the chart is on hold exactly while a sent query holds
it; it is completed only without an open query; every message and every event is of a step that was taken.
"""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.coder.queries.life import QueryClosed, QueryId, QueryPolicy, QueryRefused, QueryState
from services.coder.queries.model import QueryContent
from services.coder.query_models import QueryRequest, ReassignRequest
from services.coder.service.query_follow_up import QueryFollowUp
from services.coder.work_item import ChartId, ChartNotComplete, State
from shared.contracts.topics import Topic
from tests.builders.charts import ready_chart, suggestion
from tests.builders.queries import query
from tests.integration.coder.conftest import Desk, accept_all, under
from tests.integration.coder.test_queries import LEAD, LEADING, WRITER, answer

ResultT = TypeVar("ResultT")
POLICY = QueryPolicy(answer_days=7, remind_days=2, escalate_after=1)
OPEN = (QueryState.DRAFT, QueryState.SENT)


class QueryMachine(RuleBasedStateMachine):
    """Runs in a thread of its own; the use cases run on the test's event loop."""

    desk: Desk
    loop: asyncio.AbstractEventLoop

    queries = Bundle("queries")

    def run(self, action: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Run a use case and wait for it."""
        return asyncio.run_coroutine_threadsafe(action, self.loop).result()

    @initialize(target=queries)
    def begin(self) -> UUID:
        """One chart, about which a clinician is asked."""
        self.run(self.desk.pool.execute("truncate coder.chart, coder.inbox, coder.outbox cascade"))
        self.chart_id = ChartId(self.run(self.desk.open_chart(suggestion())).chart_id)
        self.version = 1
        self.states: dict[UUID, QueryState] = {}
        self.leading: set[UUID] = set()
        self.holding: set[UUID] = set()
        self.completed = False
        return self._ask()

    @rule(target=queries, leading=st.booleans())
    def write(self, leading: bool) -> UUID:
        """Somebody writes a draft that keeps the rules, or does not."""
        return self._write(leading=leading)

    def _write(self, *, leading: bool) -> UUID:
        content: QueryContent = LEADING if leading else query()
        request = QueryRequest(content=content, addressee="Practitioner/dr-1")
        view = self.run(self.desk.cases.queries.write(WRITER, self.chart_id, request))
        self.states[view.query_id] = QueryState.DRAFT
        self.leading |= {view.query_id} if leading else set()
        return view.query_id

    @precondition(lambda self: not self.completed)
    @rule(target=queries)
    def ask(self) -> UUID:
        """A query that keeps the rules is written and sent at once."""
        return self._ask()

    def _ask(self) -> UUID:
        query_id = self._write(leading=False)
        self._send(query_id, overrides=False)
        return query_id

    @rule(query_id=queries, overrides=st.booleans())
    def send(self, query_id: UUID, overrides: bool) -> None:
        """It is sent once, as it should be or by a lead's reason."""
        if not self.completed:
            self._send(query_id, overrides=overrides)

    def _send(self, query_id: UUID, *, overrides: bool) -> None:
        sending = self.desk.cases.queries.send(LEAD, QueryId(query_id), "agreed" if overrides else None)
        if self.states[query_id] is not QueryState.DRAFT:
            with pytest.raises(QueryClosed):
                self.run(sending)
        elif query_id in self.leading and not overrides:
            with pytest.raises(QueryRefused):
                self.run(sending)
        else:
            self.run(sending)
            self.states[query_id] = QueryState.SENT
            self.holding.add(query_id)

    @rule(query_id=queries)
    def withdraw(self, query_id: UUID) -> None:
        """It is taken back while it is open."""
        self._change(query_id, OPEN, self.desk.cases.queries.withdraw(WRITER, QueryId(query_id), "settled"))
        if self.states[query_id] in OPEN:
            self._close(query_id, QueryState.WITHDRAWN)

    @rule(query_id=queries)
    def reassign(self, query_id: UUID) -> None:
        """Another clinician is asked, of a sent query alone."""
        request = ReassignRequest(addressee="Practitioner/dr-2", reason="on leave")
        action = self.desk.cases.queries.reassign(WRITER, QueryId(query_id), request)
        self._change(query_id, (QueryState.SENT,), action)

    @rule(query_id=queries, words=st.sampled_from(["Gram-negative", "I cannot tell"]))
    def answer(self, query_id: UUID, words: str) -> None:
        """The clinician answers, whenever."""
        self.run(self.desk.cases.query_answers.take_in([answer(self.desk, query_id, words=words)]))
        if self.states[query_id] in (QueryState.SENT, QueryState.UNANSWERED):
            self._close(query_id, QueryState.ANSWERED)

    @rule(days=st.sampled_from([0.5, 2.5, 8.0]))
    def let_time_pass(self, days: float) -> None:
        """Somebody looks after so many days; beyond the due date queries are given up."""
        self.run(QueryFollowUp(self.desk.pool, POLICY).look(datetime.now(UTC) + timedelta(days=days)))
        if days > POLICY.answer_days:
            for query_id in [each for each, state in self.states.items() if state is QueryState.SENT]:
                self._close(query_id, QueryState.UNANSWERED)

    @rule()
    def bring_a_late_document(self) -> None:
        """A newer chart version ends every hold; queries stay what they are."""
        self.version += 1
        self.run(self.desk.open_chart(suggestion(), chart=ready_chart(self.chart_id, self.version)))
        self.holding.clear()
        self.completed = False

    @rule()
    def complete(self) -> None:
        """A coder finishes the chart where no query is open."""
        lease = self.run(self.desk.cases.queue.lease_next("ann"))
        if lease is None:
            assert self.holding or self.completed
            return
        view, _ = self.run(self.desk.cases.charts.read_chart(self.chart_id))
        if view.undecided:
            self.run(self.desk.cases.deciding.decide(under(lease), accept_all(view)))
        if any(state in OPEN for state in self.states.values()):
            with pytest.raises(ChartNotComplete):
                self.run(self.desk.cases.completing.complete(under(lease)))
            self.run(self.desk.cases.queue.release(lease.work_item_id, lease.token, "ann"))
        else:
            self.run(self.desk.cases.completing.complete(under(lease)))
            self.completed = True

    @invariant()
    def the_store_agrees(self) -> None:
        """Each query is where it should be, and the chart on hold exactly while one holds it."""
        if not hasattr(self, "chart_id"):
            return
        views = self.run(self.desk.cases.queries.list_of_chart(self.chart_id))
        assert {view.query_id: view.state for view in views} == self.states
        state = self.run(self.desk.state(self.chart_id))
        assert (state is State.ON_HOLD) is bool(self.holding)
        sent = [event for view in views for event in view.record if event.event in ("sent", "reminded", "escalated")]
        published = self.run(self.desk.published(Topic.QUERY_REQUEST))
        assert len(published) >= len(sent)

    def _change(self, query_id: UUID, states: tuple[QueryState, ...], action: Coroutine[Any, Any, object]) -> None:
        if self.states[query_id] in states:
            self.run(action)
        else:
            with pytest.raises(QueryClosed):
                self.run(action)

    def _close(self, query_id: UUID, state: QueryState) -> None:
        self.states[query_id] = state
        self.holding.discard(query_id)


async def test_queries_keep_their_life_whatever_happens_in_which_order(desk: Desk) -> None:
    machine = type("Machine", (QueryMachine,), {"desk": desk, "loop": asyncio.get_running_loop()})
    limits = settings(
        max_examples=20,
        stateful_step_count=15,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
    )
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=limits)
