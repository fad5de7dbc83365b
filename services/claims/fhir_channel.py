"""Posts a Bundle to a payer's `Claim/$submit` and says what became of it; asks for decisions that are owed.

Place in the flow: a FHIR lane calls it under a lease. One attempt is a few tries with a short backoff (full jitter,
Retry-After honoured); every try sends the same bytes with the same identifier.
Invariants: a claim goes to the address of its stored row and nowhere else, and our credentials only to the origin that
the profile names now; no error, log or report carries content of a request or an answer.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import httpx
from pydantic import SecretStr
from tenacity import AsyncRetrying, RetryCallState, retry_if_result, stop_after_attempt, wait_random_exponential

from services.claims.http_connections import HttpAnswer, HttpConnections, PostLimits, open_connections
from services.claims.http_outcome import ended, read_end
from services.claims.oauth2 import TokenSource, read_secret
from services.claims.pace import Pace
from services.claims.payer_channel import AttemptEnd, ChannelDown
from services.claims.payers import PayerProfile
from services.claims.responses import Answer, read_search
from services.claims.schedule import Outcome
from services.claims.store import TakenClaim
from shared.contracts.errors import InvalidContent
from shared.fhir import systems
from shared.web.errors import FHIR_JSON

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol)
_WORTH_ANOTHER_TRY = frozenset({Outcome.FAILED, Outcome.UNCERTAIN})
_HEADERS = {"Content-Type": FHIR_JSON, "Accept": FHIR_JSON, "Accept-Encoding": "identity"}


class FhirChannel:
    """The way to one payer."""

    def __init__(self, connections: HttpConnections, profile: PayerProfile, tokens: TokenSource | None = None) -> None:
        self._connections = connections
        self._profile = profile
        self._tokens = tokens
        self._pace = Pace(profile.limits.max_per_second)
        self._submit_url = profile.submit_url or ""

    async def make_ready(self) -> None:
        """Have a token where the payer wants one; raises ChannelDown."""
        if self._tokens is not None:
            await self._tokens.get_token()

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

    async def inquire(self, claim_id: UUID) -> Answer | None:
        """Ask what became of a claim; None while there is no answer that can be used."""
        named = f"{systems.CLAIM_IDENTIFIER}|{claim_id}"
        search = {"request:identifier": named, "_sort": "-created", "_count": "1"}
        await asyncio.sleep(self._pace.reserve(asyncio.get_running_loop().time()))
        try:
            token = await self._choose_token(self._profile.inquiry_url)
            answer = await self._connections.get(self._profile.inquiry_url, search, _with_token(token))
            if answer.status != httpx.codes.OK or answer.body is None:
                return None
            found = read_search(answer.body)
        except (ChannelDown, httpx.TransportError, TimeoutError, InvalidContent):
            return None
        return found if found and found.request in (None, str(claim_id)) else None

    async def _try_once(self, claim: TakenClaim) -> AttemptEnd:
        await asyncio.sleep(self._pace.reserve(asyncio.get_running_loop().time()))
        try:
            answer = await self._post(claim)
        except ChannelDown as down:
            return ended(Outcome.FAILED, down.reason)
        except _NOT_SENT as error:
            return ended(Outcome.FAILED, type(error).__name__)
        except (httpx.TransportError, TimeoutError) as error:
            return ended(Outcome.UNCERTAIN, type(error).__name__)
        return read_end(claim.claim_id, answer.status, answer.body, answer.headers.get("Retry-After"))

    async def _post(self, claim: TakenClaim) -> HttpAnswer:
        """Post, and once more with a new token where the payer does not take the one that we have."""
        url = claim.endpoint or ""
        token = await self._choose_token(url)
        answer = await self._connections.post(url, claim.bundle, _with_token(token))
        if answer.status == httpx.codes.UNAUTHORIZED and token is not None and self._tokens is not None:
            self._tokens.drop_token(token)
            token = await self._choose_token(url)
            answer = await self._connections.post(url, claim.bundle, _with_token(token))
        return answer

    async def _choose_token(self, url: str) -> SecretStr | None:
        if url != self._submit_url and _origin_of(url) != _origin_of(self._submit_url):
            return None
        return await self._tokens.get_token() if self._tokens is not None else self._profile.bearer_token

    def _is_worth_another_try(self, end: AttemptEnd) -> bool:
        soon = end.retry_after.total_seconds() <= self._profile.longest_short_wait_seconds
        known = end.report.status_code not in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)
        return end.report.outcome in _WORTH_ANOTHER_TRY and soon and known

    def _wait(self, state: RetryCallState) -> float:
        jittered = wait_random_exponential(multiplier=0.2, max=self._profile.longest_short_wait_seconds)(state)
        return max(jittered, _last_end(state).retry_after.total_seconds())


@asynccontextmanager
async def open_fhir_channel(profile: PayerProfile) -> AsyncIterator[FhirChannel]:
    """Open the connections to one payer and to its token endpoint; raises OSError where a file is missing."""
    limits = PostLimits(
        profile.connect_timeout_seconds, profile.answer_timeout_seconds, profile.limits.max_answer_bytes
    )
    async with open_connections(limits, profile.client_certificate, profile.authorities_file) as connections:
        oauth2 = profile.oauth2
        tokens = TokenSource(connections, oauth2, secret=read_secret(oauth2)) if oauth2 else None
        yield FhirChannel(connections, profile, tokens)


def _origin_of(url: str) -> tuple[str, str, int | None]:
    parsed = httpx.URL(url)
    return parsed.scheme, parsed.host, parsed.port


def _with_token(token: SecretStr | None) -> dict[str, str]:
    return _HEADERS | ({"Authorization": f"Bearer {token.get_secret_value()}"} if token is not None else {})


def _last_end(state: RetryCallState) -> AttemptEnd:
    if state.outcome is None:
        raise RuntimeError("tenacity asks only after a try")
    end: AttemptEnd = state.outcome.result()
    return end
