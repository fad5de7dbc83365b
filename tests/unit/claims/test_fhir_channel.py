"""What an attempt makes of statuses, headers and failures; the network itself is in the integration tests."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import UUID

import httpx
import pytest
from pydantic import AnyHttpUrl

from services.claims.claim import Channel, PayerId, State
from services.claims.fhir_channel import FhirChannel
from services.claims.http_connections import HttpConnections, PostLimits
from services.claims.http_outcome import read_retry_after
from services.claims.payer_channel import AttemptEnd
from services.claims.payers import PayerLimits, PayerProfile
from services.claims.schedule import Outcome
from services.claims.store import TakenClaim, Terms
from tests.builders import as_bytes, claim_response

NOW = datetime(2026, 9, 2, tzinfo=UTC)
CLAIM = TakenClaim(
    UUID(int=1), PayerId("p"), "https://payer.test/Claim/$submit", b"{}", 1, Terms(State.QUEUED, NOW, NOW, NOW)
)
PROFILE = PayerProfile(
    channel=Channel.FHIR,
    endpoint=AnyHttpUrl("https://payer.test"),
    tries_per_attempt=3,
    longest_short_wait_seconds=0.001,
)
Handler = Callable[[httpx.Request], httpx.Response]


async def submit(handler: Handler, profile: PayerProfile = PROFILE) -> AttemptEnd:
    """Make one attempt against a scripted transport."""
    limits = PostLimits(0.1, profile.answer_timeout_seconds, profile.limits.max_answer_bytes)
    connections = HttpConnections(lambda: httpx.MockTransport(handler), limits)
    return await FhirChannel(connections, profile).submit(CLAIM)


def answering(status: int, **headers: str) -> Handler:
    """Answer always the same."""
    return lambda _request: httpx.Response(status, headers=headers)


@pytest.mark.parametrize(
    ("status", "outcome", "tries"),
    [
        (400, Outcome.REFUSED, 1),
        (401, Outcome.FAILED, 1),
        (403, Outcome.FAILED, 1),
        (404, Outcome.REFUSED, 1),
        (422, Outcome.REFUSED, 1),
        (408, Outcome.FAILED, 3),
        (429, Outcome.FAILED, 3),
        (500, Outcome.FAILED, 3),
        (503, Outcome.FAILED, 3),
        (302, Outcome.FAILED, 3),
        (200, Outcome.DELIVERED, 1),
    ],
)
async def test_statuses(status: int, outcome: Outcome, tries: int) -> None:
    report = (await submit(answering(status))).report
    assert (report.outcome, report.tries, report.status_code) == (outcome, tries, status)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (httpx.ConnectError, Outcome.FAILED),
        (httpx.ConnectTimeout, Outcome.FAILED),
        (httpx.ReadTimeout, Outcome.UNCERTAIN),
        (httpx.WriteError, Outcome.UNCERTAIN),
        (httpx.RemoteProtocolError, Outcome.UNCERTAIN),
    ],
)
async def test_failures_of_the_network(error: type[httpx.TransportError], outcome: Outcome) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("payload of the request", request=request)

    report = (await submit(fail)).report
    assert (report.outcome, report.tries, report.reason) == (outcome, 3, error.__name__)


async def test_a_try_that_works_ends_the_attempt() -> None:
    bodies: list[bytes] = []

    def second_time_lucky(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        return httpx.Response(503) if len(bodies) == 1 else httpx.Response(200, content=as_bytes(claim_response()))

    end = await submit(second_time_lucky)
    assert (end.report.outcome, end.report.tries) == (Outcome.ANSWERED, 2)
    assert end.answer is not None
    assert bodies == [CLAIM.bundle, CLAIM.bundle]


async def test_a_short_retry_after_is_waited_for_within_the_attempt() -> None:
    profile = PROFILE.model_copy(update={"longest_short_wait_seconds": 1.0, "tries_per_attempt": 2})
    times: list[float] = []

    def busy(_request: httpx.Request) -> httpx.Response:
        times.append(asyncio.get_running_loop().time())
        return httpx.Response(429, headers={"Retry-After": "1"})

    await submit(busy, profile)
    assert len(times) == 2
    assert times[1] - times[0] >= 0.99


async def test_every_request_keeps_the_payers_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def skip(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("services.claims.fhir_channel.asyncio.sleep", skip)
    limits = PayerLimits(max_per_second=0.001)
    await submit(answering(503), PROFILE.model_copy(update={"limits": limits, "longest_short_wait_seconds": 0.0}))
    paced = [wait for wait in waits if wait]
    assert [round(wait, -2) for wait in paced] == [1000, 2000]


async def test_a_long_retry_after_ends_the_attempt() -> None:
    end = await submit(answering(503, **{"Retry-After": "120"}))
    assert (end.report.tries, end.retry_after) == (1, timedelta(seconds=120))


@pytest.mark.parametrize(("status", "outcome"), [(200, Outcome.DELIVERED), (422, Outcome.REFUSED)])
async def test_an_endless_answer_is_cut_off_and_its_status_counts(status: int, outcome: Outcome) -> None:
    profile = PROFILE.model_copy(update={"limits": PayerLimits(max_answer_bytes=10)})
    end = await submit(lambda _request: httpx.Response(status, content=b"x" * 11), profile)
    assert (end.report.outcome, end.report.status_code) == (outcome, status)


async def test_an_answer_that_drips_for_ever_ends_the_try() -> None:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0)

    profile = PROFILE.model_copy(update={"answer_timeout_seconds": 0.01, "tries_per_attempt": 1})
    report = (await submit(lambda _request: httpx.Response(200, content=drip()), profile)).report
    assert (report.outcome, report.reason) == (Outcome.UNCERTAIN, "TimeoutError")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(None, 0), ("", 0), ("7", 7), (" 30 ", 30), ("-5", 0), ("soon", 0), ("99999999999", 7 * 86_400)],
)
def test_retry_after_in_seconds(value: str | None, seconds: int) -> None:
    assert read_retry_after(value) == timedelta(seconds=seconds)


def test_retry_after_as_a_date() -> None:
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert timedelta(minutes=59) < read_retry_after(in_an_hour) <= timedelta(hours=1)
    assert read_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == timedelta(0)
