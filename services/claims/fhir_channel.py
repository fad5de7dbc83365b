"""Posts a Bundle to a payer's `Claim/$submit` and says what became of it.

Place in the flow: a FHIR lane calls it under a lease. One attempt is a few tries with a short backoff (full jitter,
Retry-After honoured); every try sends the same bytes with the same identifier.
Invariants: no redirect is followed, so a claim goes to the host of its stored row and nowhere else; no error, log or
report carries content of a request or an answer. 4XX is final but for 408 and 429; 5XX, timeouts and refused
connections are tried again. Source: Da Vinci PAS 2.2, error handling; RFC 9110, sections 10.2.3 and 15.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_result, stop_after_attempt, wait_random_exponential

from services.claims.payer_channel import AttemptEnd
from services.claims.payers import PayerProfile
from services.claims.responses import read_answer, read_issue_codes
from services.claims.schedule import Outcome
from services.claims.store import AttemptReport, TakenClaim
from shared.contracts.errors import InvalidContent
from shared.web.errors import FHIR_JSON

MAX_ANSWER_BYTES = 8 * 1024 * 1024
_NOT_FINAL = frozenset({httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS})
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_WORTH_ANOTHER_TRY = frozenset({Outcome.FAILED, Outcome.UNCERTAIN})


class _AnswerTooLarge(Exception):
    """The payer's answer is longer than any ClaimResponse."""


class FhirChannel:
    """The way to one payer."""

    def __init__(self, client: httpx.AsyncClient, profile: PayerProfile) -> None:
        self._client = client
        self._profile = profile

    async def make_ready(self) -> None:
        """Connections are opened when they are needed."""

    async def submit(self, claim: TakenClaim) -> AttemptEnd:
        """Try to deliver one claim; never raises for what the network or the payer does."""
        retrying = AsyncRetrying(
            retry=retry_if_result(self._is_worth_another_try),
            stop=stop_after_attempt(self._profile.tries_per_attempt),
            wait=self._wait,
            retry_error_callback=_last_end,
        )
        end: AttemptEnd = await retrying(self._try_once, claim)
        tries = retrying.statistics["attempt_number"]
        return replace(end, report=replace(end.report, tries=tries))

    async def _try_once(self, claim: TakenClaim) -> AttemptEnd:
        try:
            status, headers, body = await self._post(claim)
        except _NOT_SENT as error:
            return _ended(Outcome.FAILED, reason=_name(error))
        except httpx.TransportError as error:
            return _ended(Outcome.UNCERTAIN, reason=_name(error))
        except _AnswerTooLarge:
            return _ended(Outcome.DELIVERED, reason="answer-too-large")
        if httpx.codes.is_success(status):
            return _read_success(claim, status, body)
        return _read_failure(status, headers, body)

    async def _post(self, claim: TakenClaim) -> tuple[int, httpx.Headers, bytes]:
        async with self._client.stream("POST", claim.endpoint or "", content=claim.bundle) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise _AnswerTooLarge
            return response.status_code, response.headers, bytes(body)

    def _is_worth_another_try(self, end: AttemptEnd) -> bool:
        soon = end.retry_after.total_seconds() <= self._profile.longest_short_wait_seconds
        return end.report.outcome in _WORTH_ANOTHER_TRY and soon

    def _wait(self, state: RetryCallState) -> float:
        jittered = wait_random_exponential(multiplier=0.2, max=self._profile.longest_short_wait_seconds)(state)
        return max(jittered, _last_end(state).retry_after.total_seconds())


@asynccontextmanager
async def open_fhir_channel(profile: PayerProfile) -> AsyncIterator[FhirChannel]:
    """Open the connections to one payer; environment proxies and netrc are left out of it."""
    token = profile.bearer_token
    headers = {"Content-Type": FHIR_JSON, "Accept": FHIR_JSON}
    if token is not None:
        headers["Authorization"] = f"Bearer {token.get_secret_value()}"
    async with httpx.AsyncClient(
        headers=headers,
        timeout=httpx.Timeout(profile.answer_timeout_seconds, connect=profile.connect_timeout_seconds),
        limits=httpx.Limits(max_connections=profile.limits.max_in_flight),
        follow_redirects=False,
        trust_env=False,
    ) as client:
        yield FhirChannel(client, profile)


def _read_success(claim: TakenClaim, status: int, body: bytes) -> AttemptEnd:
    try:
        answer = read_answer(body)
    except InvalidContent:
        reason = "answer-unreadable" if body.strip() else "no-answer-yet"
        return _ended(Outcome.DELIVERED, status, reason=reason)
    if answer.request not in (None, str(claim.claim_id)):
        return _ended(Outcome.UNCERTAIN, status, reason="answer-to-another-claim")
    return AttemptEnd(AttemptReport(Outcome.ANSWERED, 1, status, None, answer.codes), answer)


def _read_failure(status: int, headers: httpx.Headers, body: bytes) -> AttemptEnd:
    final = httpx.codes.is_client_error(status) and status not in _NOT_FINAL
    report = AttemptReport(
        outcome=Outcome.REFUSED if final else Outcome.FAILED,
        tries=1,
        status_code=status,
        reason="redirected" if httpx.codes.is_redirect(status) else f"http-{status}",
        issue_codes=read_issue_codes(body),
    )
    return AttemptEnd(report, retry_after=timedelta(0) if final else read_retry_after(headers.get("Retry-After")))


def read_retry_after(value: str | None) -> timedelta:
    """Read a Retry-After header, seconds or a date; zero when there is none, or none that can be read."""
    if not value:
        return timedelta(0)
    if value.strip().isdigit():
        return timedelta(seconds=min(int(value), 7 * 86_400))
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return timedelta(0)
    return max(timedelta(0), until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC))


def _ended(outcome: Outcome, status: int | None = None, *, reason: str) -> AttemptEnd:
    return AttemptEnd(AttemptReport(outcome, 1, status, reason))


def _last_end(state: RetryCallState) -> AttemptEnd:
    if state.outcome is None:
        raise RuntimeError("tenacity asks only after a try")
    end: AttemptEnd = state.outcome.result()
    return end


def _name(error: httpx.TransportError) -> str:
    return type(error).__name__
