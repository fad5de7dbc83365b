"""A chart that is coded again and again, over a network that loses everything now and then, against a sane payer.

Whatever happens in whatever order: the newest coding has exactly one effective claim, the payer never has two claims of
the chart in force, a claim that goes again is the same to the byte, and in the end every claim is settled.
"""

import asyncio
import json
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from pydantic import SecretStr

from services.claims import MIGRATION_PACKAGES, SCHEMA
from services.claims.claim import ANSWERED, CLOSED, PayerId, State
from services.claims.responses import read_answer
from services.claims.schedule import Outcome
from services.claims.settings import ClaimsOptions
from services.claims.store import AttemptReport, TakenClaim
from services.simulators.payer_desk import Mode, PayerDesk
from shared import audit
from shared.contracts.topics import Topic
from shared.fhir import systems
from shared.postgres.migrate import migrate
from shared.postgres.pool import open_pool
from shared.postgres.settings import PostgresSettings
from tests.builders import as_bytes, claim, claim_response
from tests.integration.claims.conftest import Clinic, fhir_profile
from tests.unit.claims.codings import coded_chart

DIAGNOSES = ("I10", "E11.9", "E78.5")
PAYERS = PayerId("http"), PayerId("other")
LOST = (Outcome.FAILED, Outcome.UNCERTAIN)


class LifeOfAClaim(RuleBasedStateMachine):
    """One chart, one payer, and a network between them."""

    dsn: str

    def __init__(self) -> None:
        """Open the clinic in a loop of its own, since the rules are not coroutines."""
        super().__init__()
        self.runner = asyncio.Runner()
        self.opened = open_pool(PostgresSettings(dsn=SecretStr(self.dsn), pool_min_size=1), application_name="life")
        pool = self.runner.run(self.opened.__aenter__())
        profiles = {
            payer: fhir_profile("http://127.0.0.1:9/fhir", payors=(f"Organization/{payer}",)) for payer in PAYERS
        }
        options = ClaimsOptions(payers=profiles, default_payer=PAYERS[0])
        self.clinic = Clinic(pool, options)
        self.runner.run(_empty(self.clinic))
        self.payer = PayerDesk(denial_percent=30)
        self.chart_id = uuid4()
        self.versions = count(1)
        self.newest = 0
        self.withdrawn = 0
        self.insurer = PAYERS[0]
        self.in_flight: list[TakenClaim] = []
        self.heard: dict[str, bytes] = {}
        self.voids: set[str] = set()

    def teardown(self) -> None:
        """Let everything heal, see that all claims are settled, and close."""
        try:
            self.runner.run(self._heal())
        finally:
            self.runner.run(self.opened.__aexit__(None, None, None))
            self.runner.close()

    @rule(insurer=st.sampled_from(PAYERS))
    def code_the_chart(self, insurer: PayerId) -> None:
        """A coder completes the chart, for the first time or again; it may be another payer's now."""
        self.newest, self.insurer = next(self.versions), insurer
        chart = [{"system": systems.CHART_IDENTIFIER, "value": str(self.chart_id)}]
        final = claim(f"claim-{self.newest}", diagnoses=DIAGNOSES[: self.newest], identifier=chart, payer_id=insurer)
        coded = coded_chart(
            self.chart_id, coding_version=self.newest, payer_id=insurer, patient_id="pt-1", final_claim=final
        )
        self.runner.run(self.clinic.arrive(coded))

    @rule()
    def withdraw_the_chart(self) -> None:
        """The encounter is void, or its discharge; the news may come twice, or before its coding."""
        self.withdrawn = self.newest
        if self.newest:
            self.runner.run(self.clinic.withdraw(self.chart_id, self.newest))

    @rule()
    def prepare(self) -> None:
        """The preparation runs."""
        self.runner.run(self.clinic.preparation.prepare_claims())

    @rule()
    def take_due(self) -> None:
        """The lanes lease what is due."""
        for payer in PAYERS:
            self.in_flight += self.runner.run(self.clinic.sending.take_due(payer, 10))

    @precondition(lambda self: self.in_flight)
    @rule(arrives=st.booleans(), outcome=st.sampled_from(LOST))
    def lose_an_attempt(self, arrives: bool, outcome: Outcome) -> None:
        """The Bundle may arrive; of the answer nothing is heard."""
        taken = self.in_flight.pop(0)
        if arrives:
            self._send(taken)
        self._report(taken, AttemptReport(Outcome.UNCERTAIN if arrives else outcome, 1, None, "lost"))

    @precondition(lambda self: self.in_flight)
    @rule(arrives=st.booleans())
    def die_in_an_attempt(self, arrives: bool) -> None:
        """The process dies before it can record the attempt."""
        taken = self.in_flight.pop(0)
        if arrives:
            self._send(taken)

    @precondition(lambda self: self.in_flight)
    @rule()
    def be_acknowledged(self) -> None:
        """The payer takes the claim and says nothing yet."""
        taken = self.in_flight.pop(0)
        self._send(taken)
        self._report(taken, AttemptReport(Outcome.DELIVERED, 1, 202, "no-answer-yet"))

    @precondition(lambda self: self.in_flight)
    @rule()
    def be_answered(self) -> None:
        """The payer takes the claim and answers."""
        taken = self.in_flight.pop(0)
        answer = read_answer(self._send(taken))
        self._report(taken, AttemptReport(Outcome.ANSWERED, 1, 200), answer=answer)

    @precondition(lambda self: self.in_flight)
    @rule()
    def be_refused(self) -> None:
        """The payer refuses a claim; a sane one does so only with what it has not taken before, and with no void."""
        taken = self.in_flight[0]
        if str(taken.claim_id) not in self.heard and not _is_void(taken.bundle):
            self.in_flight.pop(0)
            self._report(taken, AttemptReport(Outcome.REFUSED, 1, 422, "http-422"))

    @precondition(lambda self: self.heard)
    @rule(choice=st.integers(min_value=0), pended=st.booleans())
    def hear_on_the_topic(self, choice: int, pended: bool) -> None:
        """The payer answers any claim that it has on the topic, again or for the first time."""
        identifier = list(self.heard)[choice % len(self.heard)]
        body = _pend(identifier) if pended else self.heard[identifier]
        record = self.clinic.record(Topic.CLAIM_RESPONSE, body, identifier.encode())
        self.runner.run(self.clinic.answers.receive_responses([record]))

    @precondition(lambda self: self.heard)
    @rule(choice=st.integers(min_value=0))
    def be_paid(self, choice: int) -> None:
        """The payer tells what it pays for a claim that it accepted; for a void nobody pays."""
        identifier = list(self.heard)[choice % len(self.heard)]
        if identifier not in self.voids:
            paid = {**json.loads(self.heard[identifier]), "payment": {"amount": {"value": 80, "currency": "USD"}}}
            record = self.clinic.record(Topic.CLAIM_RESPONSE, json.dumps(paid).encode(), identifier.encode())
            self.runner.run(self.clinic.answers.receive_responses([record]))

    @rule()
    def let_time_pass(self) -> None:
        """What waits is due, leases are over."""
        self.runner.run(self.clinic.make_due())

    @rule()
    def let_the_deadline_pass(self) -> None:
        """Nothing more is tried without an operator."""
        statement = "update claims.claim set deadline_at = queued_at where state in ('queued', 'submitted')"
        self.runner.run(self.clinic.pool.execute(statement))

    @rule()
    def sit_out_behind_an_open_breaker(self) -> None:
        """Nothing is sent; what is overdue waits no longer."""
        for payer in PAYERS:
            self.runner.run(self.clinic.sending.end_overdue(payer))

    @rule()
    def change_the_payers_mind(self) -> None:
        """From now on the payer denies what it would have accepted, or the other way round."""
        denies = self.payer.mode_of(PAYERS[0]) is Mode.DENY
        self.payer.set_mode(Mode.ACCEPT if denies else Mode.DENY)

    @invariant()
    def the_newest_coding_has_the_one_effective_claim(self) -> None:
        """The ledger's question."""
        statement = "select coding_version from claims.claim where superseded_by is null and not is_void"
        rows = self.runner.run(self.clinic.pool.fetch(statement))
        if self.newest > self.withdrawn:
            assert [row["coding_version"] for row in rows] == [self.newest]
        assert self.runner.run(self.clinic.overview.count_claims()).unbalanced_charts == ()

    @invariant()
    def nothing_is_billed_twice(self) -> None:
        """Each payer's view."""
        for payer in PAYERS:
            counts = self.payer.count_received(payer)
            assert (counts["charts_billed_twice"], counts["altered"], counts["unusable"]) == (0, 0, 0)

    @invariant()
    def what_is_refused_is_on_the_worklist_and_what_is_taken_is_not(self) -> None:
        """A biller's view: every claim that was not taken has a denial, and none that was taken has an open one."""
        statement = """
            select claim_id, state
            from claims.claim
            where state in ('rejected', 'denied', 'partially_denied')
              and not exists (select from claims.denial where denial.claim_id = claim.claim_id)
            union all
            select claim_id, state
            from claims.claim
            join claims.denial using (claim_id)
            where state in ('accepted', 'paid') and denial.status = 'open'
        """
        assert self.runner.run(self.clinic.pool.fetch(statement)) == []

    def _send(self, taken: TakenClaim) -> bytes:
        answer = self.payer.take_in(taken.bundle, taken.payer_id)
        self.heard[str(taken.claim_id)] = answer
        self.voids |= {str(taken.claim_id)} if _is_void(taken.bundle) else set()
        return answer

    def _report(self, taken: TakenClaim, report: AttemptReport, **more: Any) -> None:
        self.runner.run(self.clinic.report(taken, report, **more))

    async def _heal(self) -> None:
        for _ in range(6 * self.newest + 6):
            later = "update claims.claim set deadline_at = now() + interval '1 day' where deadline_at is not null"
            await self.clinic.pool.execute(later)
            for row in await self.clinic.pool.fetch("select claim_id from claims.claim where state = 'undelivered'"):
                await self.clinic.sending.requeue_claim(row["claim_id"])
            for row in await self.clinic.pool.fetch("select claim_id from claims.claim where state = 'submitted'"):
                record = self.clinic.record(Topic.CLAIM_RESPONSE, self.heard[str(row["claim_id"])])
                await self.clinic.answers.receive_responses([record])
            await self.clinic.make_due()
            await self.clinic.preparation.prepare_claims()
            for taken in [each for payer in PAYERS for each in await self.clinic.sending.take_due(payer, 10)]:
                answer = read_answer(self._send(taken))
                await self.clinic.report(taken, AttemptReport(Outcome.ANSWERED, 1, 200), answer=answer)
        rows = await self.clinic.pool.fetch("select state from claims.claim")
        assert {State(row["state"]) for row in rows} <= ANSWERED | CLOSED
        assert self.payer.count_received()["charts_billed_twice"] == 0
        for payer in PAYERS:
            if payer != self.insurer or self.withdrawn == self.newest:
                assert self.payer.count_received(payer)["effective_claims"] == 0


def _is_void(bundle: bytes) -> bool:
    return str(json.loads(bundle)["entry"][0]["resource"]["status"]) == "cancelled"


async def _empty(clinic: Clinic) -> None:
    await clinic.pool.execute(
        "truncate claims.chart, claims.coding, claims.claim, claims.submission, claims.response, claims.inbox, "
        "claims.inbox_progress, claims.outbox, claims.quarantine cascade"
    )


def _pend(identifier: str) -> bytes:
    request = {"identifier": {"system": systems.CLAIM_IDENTIFIER, "value": identifier}}
    return as_bytes(claim_response(request=request, outcome="queued"))


@pytest.fixture
async def migrated_dsn(postgres_dsn: str) -> str:
    """The address of a database with the claims schema."""
    async with open_pool(PostgresSettings(dsn=SecretStr(postgres_dsn)), application_name="migrate") as pool:
        await migrate(pool, schema=audit.SCHEMA, packages=audit.MIGRATION_PACKAGES)
        await migrate(pool, schema=SCHEMA, packages=MIGRATION_PACKAGES)
    return postgres_dsn


def test_whatever_happens_no_claim_is_lost_and_none_is_billed_twice(migrated_dsn: str) -> None:
    machine = type("Life", (LifeOfAClaim,), {"dsn": migrated_dsn})
    limits = settings(
        max_examples=15,
        stateful_step_count=30,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    run_state_machine_as_test(machine, settings=limits)
