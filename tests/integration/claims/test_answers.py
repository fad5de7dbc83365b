"""Answers by both ways, repeated, late, unmatched; and replacements, which wait for them."""

import json
from typing import Any
from uuid import UUID, uuid4

from services.claims.claim import PayerId, State
from services.simulators.payer_desk import Mode
from shared.contracts.topics import Topic
from shared.fhir import systems
from shared.kafka.record import Record
from tests.builders import as_bytes, bundle, claim_response
from tests.integration.claims.conftest import Clinic, Payers
from tests.unit.claims.codings import coded_chart

DENIED = {
    "category": {"coding": [{"system": systems.ADJUDICATION, "code": "benefit"}]},
    "reason": {"coding": [{"system": systems.CARC, "code": "50"}]},
    "amount": {"value": 0, "currency": "USD"},
}


def _response(clinic: Clinic, claim_id: UUID | str, **more: Any) -> Record:
    request = {"identifier": {"system": systems.CLAIM_IDENTIFIER, "value": str(claim_id)}}
    return clinic.record(Topic.CLAIM_RESPONSE, as_bytes(claim_response(request=request, **more)))


async def _sent(clinic: Clinic, chart_id: UUID | None = None, coding_version: int = 1) -> UUID:
    """Bring a claim to the payer that reads the topic."""
    coded = coded_chart(chart_id, coding_version=coding_version, payer_id="payer-topic")
    await clinic.arrive(coded)
    await clinic.preparation.prepare_claims()
    await clinic.sending.publish_due(PayerId("topic"), 10)
    return clinic.claim_id(coded, "topic")


async def test_an_answer_on_the_topic_closes_its_claim(clinic: Clinic) -> None:
    claim_id = await _sent(clinic)
    await clinic.answers.receive_responses([_response(clinic, claim_id)])
    view = await clinic.overview.get_claim(claim_id)
    assert (view.state, view.next_attempt_at) == (State.ACCEPTED, None)
    await clinic.make_due()
    assert await clinic.sending.publish_due(PayerId("topic"), 10) == 0


async def test_a_repeated_answer_is_a_duplicate_even_in_one_batch(clinic: Clinic) -> None:
    claim_id = await _sent(clinic)
    await clinic.answers.receive_responses([_response(clinic, claim_id), _response(clinic, claim_id)])
    await clinic.answers.receive_responses([_response(clinic, claim_id)])
    outcomes = [outcome for outcome, _ in await clinic.outcomes()]
    assert outcomes == ["applied", "applied", "duplicate", "duplicate"]
    assert await clinic.pool.fetchval("select count(*) from claims.response") == 1


async def test_a_redelivered_record_is_not_counted_again(clinic: Clinic) -> None:
    record = _response(clinic, await _sent(clinic))
    await clinic.answers.receive_responses([record])
    await clinic.answers.receive_responses([record])
    assert [outcome for outcome, _ in await clinic.outcomes()] == ["applied", "applied"]


async def test_an_answer_may_come_in_a_bundle_and_be_matched_by_its_key(clinic: Clinic) -> None:
    claim_id = await _sent(clinic)
    answer = as_bytes(bundle(claim_response(request={"reference": "Claim/claim-1"})))
    await clinic.answers.receive_responses([clinic.record(Topic.CLAIM_RESPONSE, answer, str(claim_id).encode())])
    assert await clinic.state(claim_id) is State.ACCEPTED


async def test_an_answer_that_names_nothing_of_ours_is_matched_by_the_payers_own_number(clinic: Clinic) -> None:
    claim_id, other = await _sent(clinic), await _sent(clinic)
    await clinic.answers.receive_responses(
        [
            _response(clinic, claim_id, outcome="queued", identifier=[{"use": "official", "value": "ICN1"}]),
            _response(clinic, other, outcome="queued", identifier=[{"value": "ICN2"}]),
        ]
    )
    renumbered = [{"use": "official", "value": "ICN9"}, {"use": "old", "value": "ICN1"}]
    decided = claim_response(request={"reference": "Claim/theirs"}, identifier=renumbered)
    await clinic.answers.receive_responses([clinic.record(Topic.CLAIM_RESPONSE, as_bytes(decided), b"theirs")])
    assert await clinic.states(claim_id, other) == [State.ACCEPTED, State.PENDED]
    paid = claim_response(identifier=[{"value": "ICN9"}], payment={"amount": {"value": 80, "currency": "USD"}})
    await clinic.answers.receive_responses([clinic.record(Topic.CLAIM_RESPONSE, as_bytes(paid), b"")])
    assert await clinic.states(claim_id, other) == [State.PAID, State.PENDED]


async def test_our_identifier_is_believed_before_the_payers_number(clinic: Clinic) -> None:
    claim_id, other = await _sent(clinic), await _sent(clinic)
    pended = _response(clinic, claim_id, outcome="queued", identifier=[{"value": "ICN1"}])
    await clinic.answers.receive_responses([pended])
    await clinic.answers.receive_responses([_response(clinic, other, identifier=[{"value": "ICN1"}])])
    assert await clinic.states(claim_id, other) == [State.PENDED, State.ACCEPTED]


async def test_a_number_that_two_payers_gave_names_neither_claim(clinic: Clinic) -> None:
    claim_id = await _sent(clinic)
    elsewhere = await clinic.queue(coded_chart())
    await clinic.sending.take_due(PayerId("http"), 1)
    for each in (claim_id, elsewhere):
        pended = _response(clinic, each, outcome="queued", identifier=[{"value": "ICN1"}])
        await clinic.answers.receive_responses([pended])
    nameless = as_bytes(claim_response(identifier=[{"value": "ICN1"}]))
    await clinic.answers.receive_responses([clinic.record(Topic.CLAIM_RESPONSE, nameless)])
    assert await clinic.states(claim_id, elsewhere) == [State.PENDED, State.PENDED]
    assert (await clinic.outcomes())[-1] == ("quarantined", "unmatched-response")


async def test_what_matches_nothing_is_parked(clinic: Clinic) -> None:
    never_sent = await clinic.queue(coded_chart())
    strangers = [_response(clinic, uuid4()), _response(clinic, "7"), _response(clinic, never_sent)]
    broken = [clinic.record(Topic.CLAIM_RESPONSE, value) for value in (b"{}", None, b"[", b"\xff")]
    await clinic.answers.receive_responses([*strangers, *broken])
    outcomes = await clinic.outcomes()
    assert outcomes[1:4] == [("quarantined", "unmatched-response")] * 3
    assert outcomes[4:] == [("quarantined", "invalid-content")] * 4
    assert await clinic.state(never_sent) is State.QUEUED


async def test_a_pended_claim_waits_for_the_decision_and_keeps_it(clinic: Clinic) -> None:
    claim_id = await _sent(clinic)
    await clinic.answers.receive_responses([_response(clinic, claim_id, outcome="queued")])
    assert await clinic.state(claim_id) is State.PENDED
    denied = _response(clinic, claim_id, item=[{"itemSequence": 1, "adjudication": [DENIED]}])
    await clinic.answers.receive_responses([denied])
    await clinic.answers.receive_responses([_response(clinic, claim_id, outcome="queued", disposition="late")])
    view = await clinic.overview.get_claim(claim_id)
    assert view.state is State.DENIED
    assert await clinic.pool.fetchval("select count(*) from claims.response") == 3


async def test_an_answer_on_the_topic_ends_the_retries_of_a_silent_http_payer(clinic: Clinic, payers: Payers) -> None:
    payers.desk.set_mode(Mode.TIMEOUT)
    claim_id = await clinic.queue(coded_chart())
    (taken,) = await clinic.sending.take_due(PayerId("http"), 10)
    await clinic.answers.receive_responses([_response(clinic, taken.claim_id)])
    assert await clinic.state(claim_id) is State.ACCEPTED
    await clinic.make_due()
    assert await clinic.sending.take_due(PayerId("http"), 10) == []


async def test_a_recoding_before_the_first_attempt_voids_the_claim(clinic: Clinic, payers: Payers) -> None:
    chart_id = uuid4()
    first = await clinic.queue(coded_chart(chart_id))
    second = await clinic.queue(coded_chart(chart_id, coding_version=2, diagnoses=("I10",)))
    await clinic.deliver(second, "http", State.ACCEPTED)
    view = await clinic.overview.get_claim(first)
    assert (view.state, view.superseded_by, view.attempts) == (State.VOIDED, second, 0)
    assert payers.desk.count_received()["identifiers"] == 1


async def test_a_replacement_waits_for_the_answer_and_names_the_original(clinic: Clinic) -> None:
    chart_id = uuid4()
    first = await _sent(clinic, chart_id)
    second = await _sent(clinic, chart_id, coding_version=2)
    assert await clinic.states(first, second) == [State.SUBMITTED, State.READY]

    await clinic.answers.receive_responses([_response(clinic, first)])
    assert await clinic.preparation.prepare_claims() == 1
    await clinic.sending.publish_due(PayerId("topic"), 10)
    assert await clinic.states(first, second) == [State.ACCEPTED, State.SUBMITTED]
    _, message = await clinic.published(Topic.CLAIM_BUNDLE)
    related = json.loads(message["value"])["entry"][0]["resource"]["related"]
    assert related[0]["claim"]["identifier"]["value"] == str(first)

    await clinic.answers.receive_responses([_response(clinic, second)])
    assert await clinic.states(first, second) == [State.REPLACED, State.ACCEPTED]
    assert (await clinic.overview.get_claim(second)).replaces == first
    assert (await clinic.overview.count_claims()).unbalanced_charts == ()


async def test_after_a_denial_the_claim_is_a_new_one(clinic: Clinic) -> None:
    chart_id = uuid4()
    first = await _sent(clinic, chart_id)
    denied = _response(clinic, first, item=[{"itemSequence": 1, "adjudication": [DENIED]}])
    await clinic.answers.receive_responses([denied])
    second = await _sent(clinic, chart_id, coding_version=2)
    await clinic.answers.receive_responses([_response(clinic, second)])
    assert await clinic.states(first, second) == [State.DENIED, State.ACCEPTED]
    assert (await clinic.overview.get_claim(second)).replaces is None


async def test_a_rejected_replacement_leaves_the_original_in_force(clinic: Clinic) -> None:
    chart_id = uuid4()
    first = await _sent(clinic, chart_id)
    await clinic.answers.receive_responses([_response(clinic, first)])
    second = await _sent(clinic, chart_id, coding_version=2)
    await clinic.answers.receive_responses([_response(clinic, second, outcome="error")])
    assert await clinic.states(first, second) == [State.ACCEPTED, State.REJECTED]
    third = await _sent(clinic, chart_id, coding_version=3)
    assert (await clinic.overview.get_claim(third)).replaces == first
    await clinic.answers.receive_responses([_response(clinic, third)])
    assert await clinic.states(first, second, third) == [State.REPLACED, State.REJECTED, State.ACCEPTED]


async def test_a_payer_over_http_sees_one_effective_claim_of_a_chart_coded_twice(
    clinic: Clinic, payers: Payers
) -> None:
    chart_id = uuid4()
    first = await clinic.queue(coded_chart(chart_id))
    await clinic.deliver(first, "http", State.ACCEPTED)
    second = await clinic.queue(coded_chart(chart_id, coding_version=2, diagnoses=("I10", "J18.9")))
    await clinic.deliver(second, "http", State.ACCEPTED)
    counts = payers.desk.count_received("http")
    assert (counts["identifiers"], counts["effective_claims"], counts["charts_billed_twice"]) == (2, 1, 0)
    assert await clinic.states(first, second) == [State.REPLACED, State.ACCEPTED]
