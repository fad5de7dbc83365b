"""Signing in through the browser: authorization code with PKCE, state and nonce.

Invariants: the code verifier, the nonce and the tokens never reach the browser; an attempt serves once, within ten
minutes, and only the browser that began it; how many attempts are remembered is bounded.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx

from shared.contracts.errors import Unauthenticated
from shared.web.oidc.claims import read_principal
from shared.web.oidc.provider import Provider
from shared.web.oidc.tokens import Claims, check_id_token
from shared.web.security import Principal

ATTEMPT_SECONDS = 600
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that was begun: where it shall lead, and what the answer must fit to."""

    goal: str
    redirect_uri: str
    nonce: str
    verifier: str
    afresh: bool
    began_at: float


class Logins:
    """The attempts of this process; `clock` gives seconds since 1970, as tokens do."""

    def __init__(self, provider: Provider, clock: Callable[[], float] = time.time) -> None:
        self._provider = provider
        self._clock = clock
        self._attempts: dict[str, Attempt] = {}

    async def begin(self, *, goal: str, redirect_uri: str, afresh: bool = False) -> tuple[str, str]:
        """Return the state that the browser keeps, and the provider's address; `afresh` has it ask who is there."""
        endpoints = await self._provider.find_endpoints()
        settings = self._provider.settings
        state = secrets.token_urlsafe(32)
        attempt = Attempt(
            goal, redirect_uri, secrets.token_urlsafe(32), secrets.token_urlsafe(48), afresh, self._clock()
        )
        self._remember(state, attempt)
        query = {
            "response_type": "code",
            "client_id": settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(settings.scopes),
            "state": state,
            "nonce": attempt.nonce,
            "code_challenge": challenge(attempt.verifier),
            "code_challenge_method": "S256",
            **({"max_age": "0"} if afresh else {}),
        }
        separator = "&" if "?" in endpoints.authorization_endpoint else "?"
        return state, f"{endpoints.authorization_endpoint}{separator}{urlencode(query)}"

    async def finish(self, *, state: str, kept_state: str, code: str, issuer: str | None) -> tuple[Principal, str]:
        """Return who signed in and where they wanted to go; raises Unauthenticated, or Unavailable."""
        settings = self._provider.settings
        known = secrets.compare_digest(state.encode(), kept_state.encode())
        attempt = self._attempts.pop(state, None) if known else None
        if attempt is None or self._clock() - attempt.began_at > ATTEMPT_SECONDS:
            raise Unauthenticated("this sign-in was not begun here, or too long ago; begin again")
        if issuer is not None and issuer != settings.issuer:
            raise Unauthenticated("another identity provider answered; begin again")
        token = await self._redeem(code, attempt)
        claims = await check_id_token(self._provider, token, nonce=attempt.nonce)
        if attempt.afresh and not _proved_since(claims, attempt.began_at - settings.leeway_seconds):
            raise Unauthenticated("the identity provider did not ask again who you are; begin again")
        return read_principal(claims, settings), attempt.goal

    async def _redeem(self, code: str, attempt: Attempt) -> str:
        settings = self._provider.settings
        secret = settings.client_secret
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": attempt.redirect_uri,
            "client_id": settings.client_id,
            "code_verifier": attempt.verifier,
        }
        auth = httpx.BasicAuth(settings.client_id, secret.get_secret_value()) if secret else None
        endpoints = await self._provider.find_endpoints()
        answer = await self._provider.post_form(endpoints.token_endpoint, form, auth)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise Unauthenticated("the identity provider sent no ID token; ask for the scope openid")
        return token

    def _remember(self, state: str, attempt: Attempt) -> None:
        oldest = attempt.began_at - ATTEMPT_SECONDS
        self._attempts = {key: each for key, each in self._attempts.items() if each.began_at >= oldest}
        if len(self._attempts) >= _REMEMBERED:
            self._attempts.pop(next(iter(self._attempts)))
        self._attempts[state] = attempt


def _proved_since(claims: Claims, moment: float) -> bool:
    proved_at = claims.get("auth_time")
    return isinstance(proved_at, int | float) and proved_at >= moment


def challenge(verifier: str) -> str:
    """The S256 code challenge of RFC 7636."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
