"""What is taken back: a withdrawn chart, a chart that goes to another payer, a void that meets nothing."""

import json
from typing import Any
from uuid import UUID, uuid4

from services.claims.claim import PayerId, State, identify_void
from services.claims.schedule import Outcome
from services.claims.store import AttemptReport
from shared.contracts.topics import Topic
from shared.fhir import systems
from shared.fhir.issues import errors_of
from shared.fhir.validation import validate
from shared.proof.seal import read_seal
from tests.builders import as_bytes, claim_response
from tests.integration.claims.conftest import Clinic, Payers
from tests.unit.claims.codings import coded_chart

OTHER = "Organization/payer-topic"


async def _accepted(clinic: Clinic, chart_id: UUID) -> UUID:
    claim_id = await clinic.queue(coded_chart(chart_id))
    await clinic.deliver(claim_id, "http", State.ACCEPTED)
    return claim_id


async def _answer(clinic: Clinic, claim_id: UUID, **more: Any) -> None:
    request = {"identifier": {"system": systems.CLAIM_IDENTIFIER, "value": str(claim_id)}}
    body = as_bytes(claim_response(request=request, **more))
    await clinic.answers.receive_responses([clinic.record(Topic.CLAIM_RESPONSE, body)])


async def test_a_withdrawn_chart_is_void_at_the_payer_that_has_it(clinic: Clinic, payers: Payers) -> None:
    chart_id = uuid4()
    claim_id = await _accepted(clinic, chart_id)
    await clinic.withdraw(chart_id, 1)
    void_id = identify_void(chart_id, 1, "http")
    assert await clinic.preparation.prepare_claims() == 1
    await clinic.deliver(void_id, "http", State.ACCEPTED)
    assert await clinic.state(claim_id) is State.VOIDED
    void = await clinic.overview.get_claim(void_id)
    assert (void.is_void, void.replaces) == (True, claim_id)
    assert payers.desk.count_received("http")["effective_claims"] == 0
    assert (await clinic.overview.count_claims()).unbalanced_charts == ()


async def test_a_void_is_what_was_sent_cancelled_and_names_it(clinic: Clinic) -> None:
    chart_id = uuid4()
    claim_id = await _accepted(clinic, chart_id)
    await clinic.withdraw(chart_id, 1)
    await clinic.preparation.prepare_claims()
    rows = await clinic.pool.fetch("select is_void, bundle from claims.claim order by is_void")
    original, void = (json.loads(row["bundle"]) for row in rows)
    before, after = original["entry"][0]["resource"], void["entry"][0]["resource"]
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert changed == {"status", "identifier", "related"}
    assert after["status"] == "cancelled"
    assert after["related"][0]["claim"]["identifier"]["value"] == str(claim_id)
    assert len(after["identifier"]) == len(before["identifier"])
    assert void["identifier"]["value"] == str(identify_void(chart_id, 1, "http"))
    assert void["entry"][1:] == original["entry"][1:]
    assert read_seal(void) is None
    assert errors_of(validate(json.dumps(after))) == ()


async def test_what_was_never_sent_is_dropped_and_nobody_is_told(clinic: Clinic) -> None:
    chart_id = uuid4()
    claim_id = await clinic.queue(coded_chart(chart_id))
    await clinic.withdraw(chart_id, 1)
    view = await clinic.overview.get_claim(claim_id)
    assert (view.state, view.next_attempt_at, view.superseded_by) == (State.VOIDED, None, None)
    assert await clinic.preparation.prepare_claims() == 0
    assert (await clinic.overview.count_claims()).unbalanced_charts == ()


async def test_a_void_waits_for_the_answer_and_is_dropped_when_the_payer_denied(clinic: Clinic) -> None:
    chart_id = uuid4()
    claim_id = await clinic.queue(coded_chart(chart_id))
    (taken,) = await clinic.sending.take_due(PayerId("http"), 1)
    await clinic.report(taken, AttemptReport(Outcome.DELIVERED, 1, 202))
    await clinic.withdraw(chart_id, 1)
    assert await clinic.preparation.prepare_claims() == 0
    await _answer(clinic, claim_id, outcome="error")
    assert await clinic.preparation.prepare_claims() == 1
    states = await clinic.states(claim_id, identify_void(chart_id, 1, "http"))
    assert states == [State.REJECTED, State.VOIDED]


async def test_a_recoded_chart_of_another_payer_is_void_at_the_former_one(clinic: Clinic, payers: Payers) -> None:
    chart_id = uuid4()
    first = await _accepted(clinic, chart_id)
    moved = coded_chart(chart_id, coding_version=2, payer_id="payer-topic")
    await clinic.arrive(moved)
    void_id = identify_void(chart_id, 2, "http")
    assert await clinic.preparation.prepare_claims() == 2
    await clinic.deliver(void_id, "http", State.ACCEPTED)
    assert await clinic.states(first, clinic.claim_id(moved, "topic")) == [State.VOIDED, State.QUEUED]
    assert payers.desk.count_received("http")["effective_claims"] == 0
    assert (await clinic.overview.get_claim(clinic.claim_id(moved, "topic"))).replaces is None


async def test_a_chart_that_comes_back_before_the_void_left_is_replaced_instead(clinic: Clinic, payers: Payers) -> None:
    chart_id = uuid4()
    first = await _accepted(clinic, chart_id)
    await clinic.withdraw(chart_id, 1)
    second = await clinic.queue(coded_chart(chart_id, coding_version=2))
    await clinic.deliver(second, "http", State.ACCEPTED)
    void_id = identify_void(chart_id, 1, "http")
    assert await clinic.states(first, void_id, second) == [State.REPLACED, State.VOIDED, State.ACCEPTED]
    assert payers.desk.count_received("http")["effective_claims"] == 1


async def test_a_coding_that_comes_after_its_withdrawal_is_never_billed(clinic: Clinic) -> None:
    chart_id = uuid4()
    await clinic.withdraw(chart_id, 1)
    await clinic.arrive(coded_chart(chart_id))
    await clinic.withdraw(chart_id, 1)
    await clinic.arrive(coded_chart(chart_id, coding_version=2))
    await clinic.withdraw(chart_id, 1)
    outcomes = [outcome for outcome, _ in await clinic.outcomes()]
    assert outcomes == ["applied", "stale", "duplicate", "applied", "stale"]
    assert await clinic.pool.fetchval("select count(*) from claims.claim") == 1
    assert (await clinic.overview.count_claims()).unbalanced_charts == ()


async def test_a_withdrawal_that_cannot_be_read_is_held(clinic: Clinic) -> None:
    await clinic.withdrawals.receive_withdrawals([clinic.record(Topic.CHART_WITHDRAWN, b"{}")])
    assert await clinic.outcomes() == [("quarantined", "invalid-content")]


async def test_a_payment_closes_a_claim_as_paid_and_outlives_a_late_acceptance(clinic: Clinic) -> None:
    claim_id = await _accepted(clinic, uuid4())
    await _answer(clinic, claim_id, payment={"amount": {"value": 80.25, "currency": "USD"}})
    assert await clinic.state(claim_id) is State.PAID
    await _answer(clinic, claim_id, disposition="late")
    assert await clinic.state(claim_id) is State.PAID


async def test_a_void_stays_when_the_chart_is_coded_again_for_its_new_payer(clinic: Clinic) -> None:
    chart_id = uuid4()
    first = await _accepted(clinic, chart_id)
    for version in (2, 3):
        await clinic.arrive(coded_chart(chart_id, coding_version=version, payer_id="payer-topic"))
    await clinic.preparation.prepare_claims()
    await clinic.deliver(identify_void(chart_id, 2, "http"), "http", State.ACCEPTED)
    assert await clinic.state(first) is State.VOIDED
