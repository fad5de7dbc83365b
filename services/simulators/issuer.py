"""A tiny OpenID Connect provider for demos: people are chosen by a click, without a password.

Place in the flow: beside the local stack, in the place of a hospital's identity provider. Invariants: it listens on the
loopback only, and never beside a real provider; it gives codes only to an address on the loopback, against PKCE.
"""

import base64
import hashlib
import os
import secrets
import time
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict

from services.local.errors import LocalStackError
from shared.web.oidc.settings import LOOPBACK

AUDIENCE = "chartline"
CLIENT_ID = "chartline-workbench"
PROVIDER_VARIABLE = "CHARTLINE_WEB__OIDC"
_CODE_SECONDS, _TOKEN_SECONDS = 60, 12 * 60 * 60
_RETURN = "/workbench/sign-in/return"


class IssuerRefused(LocalStackError):
    """The issuer of demos must not run here."""

    code = "demo-issuer-refused"


class Person(BaseModel):
    """Somebody who can sign in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str
    name: str
    about: str
    roles: tuple[str, ...]
    clearances: tuple[str, ...] = ()

    def as_claims(self) -> dict[str, object]:
        """What tokens say of them."""
        return {
            "sub": self.subject,
            "name": self.name,
            "practitioner": f"Practitioner/{self.subject}",
            "roles": list(self.roles),
            "clearances": list(self.clearances),
            "facilities": ["*"],
            "lists": ["*"],
        }


class Grant(BaseModel):
    """A request for authorization, as RFC 6749 and RFC 7636 have it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    client_id: str
    redirect_uri: str
    state: str
    nonce: str
    code_challenge: str
    code_challenge_method: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether it comes from the workbench on this machine, and with PKCE."""
        back = urlsplit(self.redirect_uri)
        near = back.hostname in LOOPBACK and back.path == _RETURN
        return near and self.client_id == CLIENT_ID and self.code_challenge_method == "S256"


@dataclass(frozen=True, slots=True)
class _Code:
    grant: Grant
    person: Person
    given_at: float


def read_people() -> dict[str, Person]:
    """The people of the demo, by subject."""
    table = tomllib.loads((files(__package__) / "people.toml").read_text(encoding="utf-8"))
    people = [Person.model_validate(row) for row in table["person"]]
    return {person.subject: person for person in people}


def require_demo(host: str, environment: Mapping[str, str] = os.environ) -> None:
    """Raise IssuerRefused where others could reach it, or where a real provider is configured."""
    if host not in LOOPBACK:
        raise IssuerRefused("the issuer of demos asks for no password: let it listen on 127.0.0.1 only")
    if configured := [name for name in environment if name.upper().startswith(PROVIDER_VARIABLE)]:
        raise IssuerRefused(f"a real identity provider is configured ({configured[0]}); unset that for a demo")


BILLER = "biller"
"""The simulated lead who works denials, where there are simulated coders."""


class DemoIssuer:
    """Codes, keys and tokens of one run."""

    def __init__(self, url: str, coders: int = 0) -> None:
        """`coders` simulated coders get tokens of their own beside the people."""
        self.url = url
        self.people = read_people()
        numbers = range(1, coders + 1)
        self._machines = {
            f"coder-{n}": Person(subject=f"coder-{n}", name=f"Coder {n}", about="simulated", roles=("coder",))
            for n in numbers
        }
        if coders:
            self._machines[BILLER] = Person(subject=BILLER, name="Biller", about="simulated", roles=("lead",))
        self._key_id = secrets.token_hex(4)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._codes: dict[str, _Code] = {}

    def describe(self) -> dict[str, object]:
        """The discovery document."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def list_keys(self) -> dict[str, object]:
        """The public key as a JWK set."""
        key = jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": self._key_id, "use": "sig", "alg": "ES256"}]}

    def give_code(self, grant: Grant, person: Person) -> str:
        """Return the address that brings the browser back with a code."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = _Code(grant, person, time.monotonic())
        return f"{grant.redirect_uri}?{urlencode({'code': code, 'state': grant.state, 'iss': self.url})}"

    def redeem(self, form: Mapping[str, str]) -> dict[str, object] | None:
        """Return tokens for a code or for a simulated coder; None when it is neither."""
        if form.get("grant_type") == "client_credentials":
            machine = self._machines.get(form.get("client_id", ""))
            return self._make_tokens(machine) if machine else None
        given = self._codes.pop(form.get("code", ""), None)
        if given is None or time.monotonic() - given.given_at > _CODE_SECONDS:
            return None
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if proof != given.grant.code_challenge or form.get("redirect_uri") != given.grant.redirect_uri:
            return None
        now = int(time.time())
        claims = {"aud": CLIENT_ID, "nonce": given.grant.nonce, "auth_time": now}
        return {**self._make_tokens(given.person), "id_token": self._sign(given.person, claims)}

    def _make_tokens(self, person: Person) -> dict[str, object]:
        token = self._sign(person, {"aud": AUDIENCE})
        return {"access_token": token, "token_type": "Bearer", "expires_in": _TOKEN_SECONDS}

    def _sign(self, person: Person, claims: Mapping[str, object]) -> str:
        now = int(time.time())
        whole = {**person.as_claims(), "iss": self.url, "iat": now, "exp": now + _TOKEN_SECONDS, **claims}
        return jwt.encode(whole, self._key, algorithm="ES256", headers={"kid": self._key_id})


def create_issuer(issuer: DemoIssuer) -> FastAPI:
    """Serve it."""
    app = FastAPI(title="Demo issuer", openapi_url=None)

    @app.get("/.well-known/openid-configuration")
    async def discover() -> dict[str, object]:
        return issuer.describe()

    @app.get("/keys")
    async def list_keys() -> dict[str, object]:
        return issuer.list_keys()

    @app.get("/authorize")
    async def authorize(grant: Annotated[Grant, Query()], person: str = "") -> Response:
        if not grant.is_sound:
            return HTMLResponse("This is not a sign-in of the workbench on this machine.", status_code=400)
        if chosen := issuer.people.get(person):
            return RedirectResponse(issuer.give_code(grant, chosen), status_code=303)
        return HTMLResponse(_render_choice(issuer.people.values(), grant), headers=_HEADERS)

    @app.post("/token")
    async def redeem(request: Request) -> JSONResponse:
        tokens = issuer.redeem(dict(parse_qsl((await request.body()).decode())))
        headers = {"Cache-Control": "no-store"}
        return JSONResponse(tokens or {"error": "invalid_grant"}, status_code=200 if tokens else 400, headers=headers)

    return app


def run_issuer(host: str, port: int, coders: int) -> None:
    """Run it until a signal; raises IssuerRefused where it must not run."""
    require_demo(host)
    app = create_issuer(DemoIssuer(f"http://{host}:{port}", coders))
    uvicorn.run(app, host=host, port=port, log_config=None, access_log=False)


_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 26rem; margin: 12vh auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; } ul { list-style: none; padding: 0; }
a { display: block; padding: 0.6rem 0.9rem; margin: 0.4rem 0; border: 1px solid; border-radius: 0.4rem; color: inherit;
    text-decoration: none; } a:hover, a:focus { outline: 2px solid; } span { display: block; font-size: 0.9rem; }
"""
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
}


def _render_choice(people: Iterable[Person], grant: Grant) -> str:
    query = grant.model_dump()
    links = [
        f'<li><a href="/authorize?{escape(urlencode({**query, "person": person.subject}))}"'
        f"{'' if number else ' autofocus'}>{escape(person.name)}<span>{escape(person.about)}</span></a></li>"
        for number, person in enumerate(people)
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Who are you? · Demo</title>'
        f"<style>{_STYLE}</style></head><body><main><h1>Who are you today?</h1>"
        "<p>This is a demo: choose somebody, no password is asked.</p>"
        f"<ul>{''.join(links)}</ul></main></body></html>"
    )
