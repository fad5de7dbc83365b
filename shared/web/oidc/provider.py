"""The identity provider: where its endpoints are, and the keys that it signs with.

Invariants: the provider that answers is the configured one; keys are asked for once for all callers, again when an
unknown key id comes, and not more often than `refetch_seconds`, whatever key ids a stranger makes up; keys at hand stay
good while the provider is away.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.contracts.errors import Unauthenticated, Unavailable
from shared.web.oidc.settings import LOOPBACK, OidcSettings

_TIMEOUT_SECONDS = 5.0
_PATH = "/.well-known/openid-configuration"


class Endpoints(BaseModel):
    """What we need of the discovery document."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    issuer: str
    jwks_uri: str
    authorization_endpoint: str
    token_endpoint: str
    end_session_endpoint: str | None = None


class Provider:
    """One provider, shared by all requests of a process; `clock` gives seconds that never go back."""

    def __init__(
        self,
        settings: OidcSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._transport = transport
        self._clock = clock
        self._endpoints: Endpoints | None = None
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def find_endpoints(self) -> Endpoints:
        """Return the endpoints; raises Unavailable when the provider is away or another one answers."""
        if self._endpoints is None:
            document = await self._fetch(self.settings.issuer.rstrip("/") + _PATH)
            try:
                found = Endpoints.model_validate(document)
            except ValidationError as error:
                raise Unavailable("the identity provider's discovery document lacks an endpoint") from error
            if found.issuer != self.settings.issuer:
                raise Unavailable("the discovery document is of another issuer; compare CHARTLINE_WEB__OIDC__ISSUER")
            self._endpoints = found
        return self._endpoints

    async def find_key(self, key_id: str) -> jwt.PyJWK:
        """Return a key by its id; raises Unauthenticated when the provider has none, Unavailable when it is away."""
        if key_id in self._keys and self._age() <= self.settings.keys_fresh_seconds:
            return self._keys[key_id]
        async with self._fetching:
            if key_id not in self._keys or self._age() > self.settings.keys_fresh_seconds:
                await self._refresh(must=key_id not in self._keys)
        try:
            return self._keys[key_id]
        except KeyError:
            raise Unauthenticated("the token is signed with a key that the identity provider does not have") from None

    async def post_form(self, url: str, form: Mapping[str, str], auth: httpx.BasicAuth | None) -> Mapping[str, Any]:
        """Send a form to an endpoint and return its JSON object; raises Unauthenticated when it is refused."""
        try:
            async with self._open_client() as client:
                answer = await client.post(url, data=form, auth=auth)  # type: ignore[arg-type]  # None means no auth
                content = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable("the identity provider cannot be reached; try again") from error
        if answer.is_server_error:
            raise Unavailable("the identity provider fails; try again")
        if not answer.is_success or not isinstance(content, dict):
            raise Unauthenticated("the identity provider refused the sign-in; begin again")
        return content

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    async def _refresh(self, *, must: bool) -> None:
        if self._clock() - self._tried_at < self.settings.refetch_seconds:
            return
        self._tried_at = self._clock()
        try:
            document = await self._fetch((await self.find_endpoints()).jwks_uri)
        except Unavailable:
            if must:
                self._tried_at = float("-inf")
                raise
            return
        self._keys = {key.key_id: key for key in _read_keys(document) if key.key_id}
        self._fetched_at = self._clock()

    async def _fetch(self, url: str) -> Mapping[str, Any]:
        try:
            async with self._open_client() as client:
                answer = (await client.get(url)).raise_for_status()
                document = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable("the identity provider cannot be reached; try again") from error
        if not isinstance(document, dict):
            raise Unavailable("the identity provider answers with something else than a JSON object")
        return document

    def _open_client(self) -> httpx.AsyncClient:
        near = urlsplit(self.settings.issuer).hostname in LOOPBACK
        return httpx.AsyncClient(transport=self._transport, timeout=_TIMEOUT_SECONDS, trust_env=not near)


# Any: JSON Web Keys have members by their type; PyJWT reads them.
def _read_keys(document: Mapping[str, Any]) -> list[jwt.PyJWK]:
    """Read the signing keys; one of a kind that we do not know hurts none of the others."""
    found = []
    for key in document.get("keys", ()):
        if isinstance(key, dict) and key.get("use", "sig") == "sig":
            try:
                found.append(jwt.PyJWK.from_dict(key))
            except jwt.PyJWTError:
                continue
    return found
