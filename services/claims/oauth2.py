"""The access token of a lane, by OAuth 2.0 client credentials.

Place in the flow: the FHIR channel asks for a token before claims are taken, and again once when the payer says 401.
Invariants: a token is asked for once however many attempts wait for it; a token endpoint that does not answer is a
failure of the lane (ChannelDown) and of no claim; no secret, token or text of an answer leaves this module but in the
request it is meant for. Sources: RFC 6749, section 4.4; RFC 7523; SMART App Launch 2.2, Backend Services.
"""

import asyncio
import base64
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import quote, urlencode
from uuid import uuid4

import httpx
import jwt
from pydantic import BaseModel, Field, SecretStr, ValidationError

from services.claims.credentials import ClientCredentials
from services.claims.http_connections import HttpConnections
from services.claims.payer_channel import ChannelDown

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 300
_MARGIN_SECONDS = 30.0
"""A token is renewed so long before it ends; one that lives for less than twice that, at half its life."""


class _TokenAnswer(BaseModel):
    """RFC 6749, section 5.1."""

    access_token: SecretStr = Field(min_length=1)
    token_type: str = Field(pattern=r"(?i)^bearer$")
    expires_in: float = Field(default=300.0, gt=0)


class TokenSource:
    """The token of one lane, kept until shortly before it ends."""

    def __init__(
        self,
        connections: HttpConnections,
        credentials: ClientCredentials,
        *,
        secret: SecretStr,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connections = connections
        self._credentials = credentials
        self._secret = secret
        self._clock = clock
        self._asking = asyncio.Lock()
        self._token: SecretStr | None = None
        self._renew_at = 0.0

    async def get_token(self) -> SecretStr:
        """Return the token, asking for a new one where there is none or it ends soon; raises ChannelDown."""
        async with self._asking:
            if self._token is not None and self._clock() < self._renew_at:
                return self._token
            answer = await self._ask()
            self._token = answer.access_token
            self._renew_at = self._clock() + answer.expires_in - min(_MARGIN_SECONDS, answer.expires_in / 2)
            return self._token

    def drop_token(self, token: SecretStr) -> None:
        """The payer does not take this token: the next question brings another one."""
        if token is self._token:
            self._token = None

    async def _ask(self) -> _TokenAnswer:
        form, headers = self._make_request()
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        try:
            answer = await self._connections.post(str(self._credentials.token_url), urlencode(form).encode(), headers)
        except (httpx.TransportError, TimeoutError) as error:
            raise ChannelDown(f"token-{type(error).__name__}") from None
        if answer.status != httpx.codes.OK:
            raise ChannelDown(f"token-http-{answer.status}")
        with suppress(ValidationError):
            return _TokenAnswer.model_validate_json(answer.body or b"")
        raise ChannelDown("token-unreadable")

    def _make_request(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return form and headers."""
        form = {"grant_type": "client_credentials", "scope": self._credentials.scope}
        if self._credentials.private_key_file is not None:
            return form | {"client_assertion_type": _ASSERTION_TYPE, "client_assertion": self._sign_assertion()}, {}
        parts = (self._credentials.client_id, self._secret.get_secret_value())
        pair = ":".join(quote(part, safe="") for part in parts)
        return form, {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    def _sign_assertion(self) -> str:
        claims = {
            "iss": self._credentials.client_id,
            "sub": self._credentials.client_id,
            "aud": str(self._credentials.token_url),
            "exp": int(time.time()) + _ASSERTION_SECONDS,
            "jti": str(uuid4()),
        }
        headers = {"kid": self._credentials.key_id} if self._credentials.key_id else {}
        return jwt.encode(claims, self._secret.get_secret_value(), self._credentials.algorithm, headers)


def read_secret(credentials: ClientCredentials) -> SecretStr:
    """Return the client's secret, or its private key in PEM; raises OSError where its file cannot be read."""
    if credentials.client_secret is not None:
        return credentials.client_secret
    file = credentials.client_secret_file or credentials.private_key_file
    return SecretStr(file.read_text(encoding="utf-8").strip() if file else "")
