"""An identity provider for tests: keys that rotate, answers that can be switched off, tokens of any claims."""

import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from shared.web.oidc.provider import Provider
from shared.web.oidc.settings import OidcSettings

ISSUER = "https://id.example"
SETTINGS = OidcSettings(issuer=ISSUER, audience="chartline", client_id="workbench")
_RSA = {"RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048)}


class Clock:
    """Seconds that pass when the test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class FakeProvider(httpx.AsyncBaseTransport):
    """Answers discovery and keys; `asked` counts the requests by path."""

    keys: dict[str, Any] = field(default_factory=dict)
    away: bool = False
    issuer: str = ISSUER
    asked: dict[str, int] = field(default_factory=dict)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked[path] = self.asked.get(path, 0) + 1
        if self.away:
            raise httpx.ConnectError("away")
        if path == "/.well-known/openid-configuration":
            names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            document = {name: f"{ISSUER}/{name}" for name in names}
            return httpx.Response(200, json={"issuer": self.issuer, **document})
        return httpx.Response(200, json={"keys": [{"kty": "strange"}, *self.keys.values()]})

    def add_key(self, key_id: str, algorithm: str = "ES256") -> Any:
        """Make a key and publish it; returns its private half."""
        if algorithm == "RS256":
            private: Any = _RSA["RS256"]
            public = jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
        else:
            private = ec.generate_private_key(ec.SECP256R1())
            public = jwt.algorithms.ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
        self.keys[key_id] = {**public, "kid": key_id, "use": "sig"}
        return private


def make_token(key: Any, key_id: str = "one", *, algorithm: str = "ES256", **claims: object) -> str:
    """Sign a token for the API that is good for five minutes, unless `claims` say otherwise; None leaves one out."""
    now = int(time.time())
    whole = {
        "iss": ISSUER,
        "aud": "chartline",
        "sub": "ann",
        "iat": now,
        "exp": now + 300,
        "roles": ["coder"],
        **claims,
    }
    present = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode(present, key, algorithm=algorithm, headers={"kid": key_id})


def open_provider(fake: FakeProvider, clock: Clock | None = None, **settings: object) -> Provider:
    """A provider client whose requests go to `fake`."""
    changed = OidcSettings.model_validate({**SETTINGS.model_dump(), **settings})
    return Provider(changed, transport=fake, clock=clock or Clock())
