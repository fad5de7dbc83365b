"""Delivery to a real HTTP payer: final answers, retries with the same bytes, lanes that do not wait for one another."""

import asyncio
import json
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI, Request, Response

from services.claims.claim import PayerId, State
from services.claims.payer_channel import AttemptEnd
from services.claims.responses import read_answer
from services.claims.schedule import Outcome, ScheduleStep
from services.claims.store import AttemptReport
from services.simulators.payer_desk import Mode
from shared.contracts.errors import Conflict, NotFound
from shared.contracts.topics import Topic
from shared.fhir import systems
from tests.integration.claims.conftest import PATIENCE_SECONDS, Clinic, Payers, fhir_profile, serving
from tests.unit.claims.codings import coded_chart

HTTP = "http"
ONE_ATTEMPT = (ScheduleStep(until_age_seconds=1e9, wait_seconds=3600),)


async def test_an_accepted_claim_is_closed_by_the_answer(clinic: Clinic, payers: Payers) -> None:
    claim_id = await clinic.queue(coded_chart())
    await clinic.deliver(claim_id, HTTP, State.ACCEPTED)
    assert await clinic.attempts(claim_id) == [("answered", 1, 200, None)]
    assert payers.desk.count_received(HTTP)["effective_claims"] == 1
    view = await clinic.overview.get_claim(claim_id)
    assert view.next_attempt_at is None
    assert await clinic.pool.fetchval("select lease_expires_at from claims.claim") is None


async def test_a_denied_claim_keeps_the_reason(clinic: Clinic, payers: Payers) -> None:
    payers.desk.set_mode(Mode.DENY)
    claim_id = await clinic.queue(coded_chart())
    await clinic.deliver(claim_id, HTTP, State.DENIED)
    (code,) = (await clinic.overview.get_claim(claim_id)).codes
    assert code in {"16", "50", "97", "197"}


async def test_4xx_is_final_and_its_codes_are_kept(clinic: Clinic, payers: Payers) -> None:
    payers.desk.set_mode(Mode.REJECT)
    claim_id = await clinic.queue(coded_chart())
    await clinic.deliver(claim_id, HTTP, State.REJECTED)
    await clinic.make_due()
    assert await clinic.sending.take_due(PayerId(HTTP), 10) == []
    assert await clinic.attempts(claim_id) == [("refused", 1, 422, "http-422")]
    assert (await clinic.overview.get_claim(claim_id)).codes == ("business-rule", "not-eligible")
    assert payers.desk.count_received(HTTP)["bundles"] == 0


async def test_5xx_is_tried_again_until_the_payer_is_back(clinic: Clinic, payers: Payers) -> None:
    failed = ("failed", 1, 503, "http-503")
    payers.desk.set_mode(Mode.FAIL)
    claim_id = await clinic.queue(coded_chart())
    async with clinic.lane(HTTP):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await clinic.attempts(claim_id)).count(failed) < 3:
                await asyncio.sleep(0.02)
        payers.desk.set_mode(Mode.ACCEPT)
        await clinic.until(claim_id, State.ACCEPTED)
    attempts = await clinic.attempts(claim_id)
    assert attempts[:3] == [failed] * 3
    assert payers.desk.count_received(HTTP) == _counts(bundles=1)


@pytest.mark.parametrize(("mode", "reason"), [(Mode.TIMEOUT, "ReadTimeout"), (Mode.DROP_ANSWER, "RemoteProtocolError")])
async def test_an_uncertain_end_sends_the_same_again_and_counts_once(
    clinic: Clinic, payers: Payers, mode: Mode, reason: str
) -> None:
    payers.desk.set_mode(mode)
    claim_id = await clinic.queue(coded_chart())
    async with clinic.lane(HTTP):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await clinic.attempts(claim_id))[:1] != [("uncertain", 1, None, reason)]:
                await asyncio.sleep(0.02)
        payers.desk.set_mode(Mode.ACCEPT)
        await clinic.until(claim_id, State.ACCEPTED)
    counts = payers.desk.count_received(HTTP)
    assert counts == _counts(bundles=counts["bundles"])
    assert counts["resent"] >= 1


async def test_the_tries_of_one_attempt_are_on_one_record(clinic: Clinic, payers: Payers) -> None:
    endpoint = f"{payers.base}/patient/fhir"
    profiles = {HTTP: fhir_profile(endpoint, tries_per_attempt=3, schedule=ONE_ATTEMPT)}
    clinic = Clinic(clinic.pool, clinic.options.model_copy(update={"payers": profiles}))
    payers.desk.set_mode(Mode.FAIL)
    claim_id = await clinic.queue(coded_chart())
    await _attempt_once(clinic, claim_id)
    assert await clinic.attempts(claim_id) == [("failed", 3, 503, "http-503")]


async def test_a_dead_payer_delays_only_itself(clinic: Clinic) -> None:
    stuck = [coded_chart(payer_id="payer-dead") for _ in range(12)]
    await clinic.arrive(*stuck)
    dead_ids = [clinic.claim_id(coded, "dead") for coded in stuck]
    living = await clinic.arrive(coded_chart(), coded_chart())
    await clinic.preparation.prepare_claims()
    async with clinic.lane("dead"), clinic.lane(HTTP):
        for claim_id in living:
            await clinic.until(claim_id, State.ACCEPTED)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while ("failed", 1, None, "ConnectError") not in await clinic.attempts(dead_ids[0]):
                await asyncio.sleep(0.02)
    assert set(await clinic.states(*dead_ids)) == {State.QUEUED}
    assert ("failed", 1, None, "ConnectError") in await clinic.attempts(dead_ids[0])


async def test_a_crash_between_sending_and_recording_sends_the_same_again(clinic: Clinic, payers: Payers) -> None:
    claim_id = await clinic.queue(coded_chart())
    (taken,) = await clinic.sending.take_due(PayerId(HTTP), 10)
    payers.desk.take_in(taken.bundle, HTTP)  # The payer has it; the process dies before it can say so.
    assert await clinic.sending.take_due(PayerId(HTTP), 10) == []
    await clinic.make_due()
    await clinic.deliver(claim_id, HTTP, State.ACCEPTED)
    assert await clinic.attempts(claim_id) == [("lost", 0, None, None), ("answered", 1, 200, None)]
    assert payers.desk.count_received(HTTP) == _counts(bundles=2)


async def test_who_lost_the_lease_plans_nothing(clinic: Clinic) -> None:
    claim_id = await clinic.queue(coded_chart())
    (slow,) = await clinic.sending.take_due(PayerId(HTTP), 10)
    await clinic.make_due()
    (quick,) = await clinic.sending.take_due(PayerId(HTTP), 10)
    assert (slow.attempt, quick.attempt) == (1, 2)
    await clinic.report(slow, AttemptReport(Outcome.REFUSED, 1, 422, "http-422"))
    assert await clinic.state(claim_id) is State.QUEUED
    assert await clinic.pool.fetchval("select lease_expires_at from claims.claim") is not None
    await clinic.report(quick, AttemptReport(Outcome.REFUSED, 1, 422, "http-422"))
    assert await clinic.state(claim_id) is State.REJECTED


async def test_an_answer_outlives_the_failure_that_is_recorded_with_it(clinic: Clinic, payers: Payers) -> None:
    claim_id = await clinic.queue(coded_chart())
    (slow,) = await clinic.sending.take_due(PayerId(HTTP), 10)
    await clinic.make_due()
    (quick,) = await clinic.sending.take_due(PayerId(HTTP), 10)
    answer = read_answer(payers.desk.take_in(slow.bundle, HTTP))
    ends = [
        (slow, AttemptEnd(AttemptReport(Outcome.ANSWERED, 1, 200), answer)),
        (quick, AttemptEnd(AttemptReport(Outcome.FAILED, 1, 503, "http-503"))),
    ]
    await clinic.sending.record_attempts(PayerId(HTTP), ends)
    assert await clinic.state(claim_id) is State.ACCEPTED
    assert [outcome for outcome, *_ in await clinic.attempts(claim_id)] == ["answered", "failed"]


async def test_a_batch_records_each_attempt_for_itself(clinic: Clinic) -> None:
    claim_ids = await clinic.arrive(*(coded_chart() for _ in range(3)))
    await clinic.preparation.prepare_claims()
    taken = {claim.claim_id: claim for claim in await clinic.sending.take_due(PayerId(HTTP), 10)}
    reports = [
        AttemptReport(Outcome.REFUSED, 1, 422, "http-422", ("invalid",)),
        AttemptReport(Outcome.FAILED, 2, 503, "http-503"),
        AttemptReport(Outcome.DELIVERED, 1, 202, "no-answer-yet"),
    ]
    ends = [(taken[claim_id], AttemptEnd(report)) for claim_id, report in zip(claim_ids, reports, strict=True)]
    await clinic.sending.record_attempts(PayerId(HTTP), ends)
    assert await clinic.states(*claim_ids) == [State.REJECTED, State.QUEUED, State.SUBMITTED]
    views = [await clinic.overview.get_claim(claim_id) for claim_id in claim_ids]
    assert [(view.reason, view.codes) for view in views] == [
        ("http-422", ("invalid",)),
        ("http-503", ()),
        ("no-answer-yet", ()),
    ]
    assert [await clinic.attempts(claim_id) for claim_id in claim_ids] == [
        [("refused", 1, 422, "http-422")],
        [("failed", 2, 503, "http-503")],
        [("delivered", 1, 202, "no-answer-yet")],
    ]


async def test_a_living_lane_keeps_its_claim_however_slow_the_payer_is(clinic: Clinic, payers: Payers) -> None:
    profiles = {HTTP: fhir_profile(f"{payers.base}/http/fhir", answer_timeout_seconds=2 * PATIENCE_SECONDS)}
    clinic = Clinic(clinic.pool, clinic.options.model_copy(update={"payers": profiles, "lease_seconds": 6.0}))
    payers.desk.set_mode(Mode.TIMEOUT)
    claim_id = await clinic.queue(coded_chart())
    expiries: set[datetime | None] = set()
    async with clinic.lane(HTTP), asyncio.timeout(PATIENCE_SECONDS):
        while len(expiries - {None}) < 2:
            expiries.add(await clinic.pool.fetchval("select lease_expires_at from claims.claim"))
            await asyncio.sleep(0.05)
    assert [outcome for outcome, *_ in await clinic.attempts(claim_id)] == ["started"]
    await clinic.make_due()
    (taken,) = await clinic.sending.take_due(PayerId(HTTP), 10)
    assert taken.attempt == 2


async def test_retry_after_moves_the_next_attempt(clinic: Clinic) -> None:
    claim_id = await clinic.queue(coded_chart())
    (taken,) = await clinic.sending.take_due(PayerId(HTTP), 10)
    report = AttemptReport(Outcome.FAILED, 1, 429, "http-429")
    await clinic.report(taken, report, retry_after=timedelta(hours=2))
    waits = await clinic.pool.fetchval("select next_attempt_at - now() from claims.claim")
    assert timedelta(hours=1, minutes=59) < waits <= timedelta(hours=2)
    assert await clinic.state(claim_id) is State.QUEUED


async def test_after_the_deadline_an_operator_decides(clinic: Clinic, payers: Payers) -> None:
    payers.desk.set_mode(Mode.FAIL)
    claim_id = await clinic.queue(coded_chart())
    with pytest.raises(Conflict):
        await clinic.sending.requeue_claim(claim_id)
    await clinic.pool.execute("update claims.claim set deadline_at = now()")
    await clinic.deliver(claim_id, HTTP, State.UNDELIVERED)
    payers.desk.set_mode(Mode.ACCEPT)
    await clinic.sending.requeue_claim(claim_id)
    await clinic.deliver(claim_id, HTTP, State.ACCEPTED)
    with pytest.raises(NotFound):
        await clinic.sending.requeue_claim(coded_chart().chart_id)


async def test_a_redirect_is_not_followed(clinic: Clinic) -> None:
    app, seen = _scripted(Response(status_code=307, headers={"Location": "http://127.0.0.1:9/elsewhere"}))
    claim_id, redirected = await _against(clinic, app)
    assert await redirected.attempts(claim_id) == [("failed", 1, 307, "redirected")]
    assert len(seen) == 1


async def test_an_answer_to_another_claim_closes_nothing(clinic: Clinic) -> None:
    stranger = {
        "resourceType": "ClaimResponse",
        "status": "active",
        "use": "claim",
        "outcome": "complete",
        "request": {"identifier": {"system": systems.CLAIM_IDENTIFIER, "value": "another"}},
    }
    app, _ = _scripted(Response(json.dumps(stranger)))
    claim_id, confused = await _against(clinic, app)
    assert await confused.attempts(claim_id) == [("uncertain", 1, 200, "answer-to-another-claim")]
    assert await confused.state(claim_id) is State.QUEUED


@pytest.mark.parametrize(("body", "reason"), [("", "no-answer-yet"), ("<html>", "answer-unreadable")])
async def test_an_acknowledgement_without_answer_waits(clinic: Clinic, body: str, reason: str) -> None:
    app, seen = _scripted(Response(body, status_code=202))
    claim_id, waiting = await _against(clinic, app)
    assert await waiting.attempts(claim_id) == [("delivered", 1, 202, reason)]
    assert await waiting.state(claim_id) is State.SUBMITTED
    assert await waiting.pool.fetchval("select next_attempt_at > now() + interval '23 hours' from claims.claim")
    assert seen[0]["content-type"] == "application/fhir+json"


async def test_kafka_claims_go_through_the_outbox_once(clinic: Clinic) -> None:
    coded = coded_chart(payer_id="payer-topic")
    await clinic.arrive(coded)
    await clinic.preparation.prepare_claims()
    assert await clinic.sending.publish_due(PayerId("topic"), 10) == 1
    assert await clinic.sending.publish_due(PayerId("topic"), 10) == 0
    claim_id = clinic.claim_id(coded, "topic")
    assert await clinic.state(claim_id) is State.SUBMITTED
    (message,) = await clinic.published(Topic.CLAIM_BUNDLE)
    assert message["key"] == str(claim_id)
    assert json.loads(message["headers"])["payer-id"] == "topic"
    assert message["value"] == await clinic.pool.fetchval("select bundle from claims.claim")
    await clinic.make_due()
    assert await clinic.sending.publish_due(PayerId("topic"), 10) == 1
    first, second = await clinic.published(Topic.CLAIM_BUNDLE)
    assert first["value"] == second["value"]


def _counts(*, bundles: int) -> dict[str, int]:
    """One claim, taken in so many times, unaltered."""
    once = {"identifiers": 1, "effective_claims": 1, "altered": 0, "unusable": 0, "charts_billed_twice": 0}
    return {"bundles": bundles, **once, "resent": bundles - 1}


def _scripted(response: Response) -> tuple[FastAPI, list[dict[str, str]]]:
    """A payer that always answers the same; the headers of what it saw."""
    app, seen = FastAPI(), list[dict[str, str]]()

    @app.post("/fhir/Claim/$submit")
    async def submit(request: Request) -> Response:
        seen.append(dict(request.headers))
        return response

    return app, seen


async def _against(clinic: Clinic, app: FastAPI) -> tuple[UUID, Clinic]:
    """Make one attempt against a payer."""
    async with serving(app) as base:
        profiles = {HTTP: fhir_profile(f"{base}/fhir", schedule=ONE_ATTEMPT)}
        scripted = Clinic(clinic.pool, clinic.options.model_copy(update={"payers": profiles}))
        claim_id = await scripted.queue(coded_chart())
        await _attempt_once(scripted, claim_id)
        return claim_id, scripted


async def _attempt_once(clinic: Clinic, claim_id: UUID) -> None:
    """Run the lane until the first attempt is over."""
    async with clinic.lane(HTTP), asyncio.timeout(PATIENCE_SECONDS):
        while not await clinic.pool.fetchval(
            "select count(*) from claims.submission where claim_id = $1 and outcome <> 'started'", claim_id
        ):
            await asyncio.sleep(0.02)
