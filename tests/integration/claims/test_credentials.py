"""How we prove to a payer who we are, against real servers: mutual TLS, and tokens by OAuth 2.0 client credentials."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI, Request, Response
from pydantic import AnyHttpUrl, SecretStr

from services.claims.breaker import BreakerState, BreakerTerms
from services.claims.claim import PayerId, State
from services.claims.credentials import ClientCertificate, ClientCredentials
from services.claims.fhir_channel import open_fhir_channel
from services.claims.payer_channel import AttemptEnd, ChannelDown
from services.claims.payers import PayerProfile
from services.claims.schedule import Outcome
from services.claims.store import TakenClaim, Terms
from tests.builders import as_bytes, claim_response
from tests.builders.certificates import Authority, make_authority, print_key
from tests.integration.claims.conftest import PATIENCE_SECONDS, Clinic, fhir_profile, serving
from tests.unit.claims.codings import coded_chart

HTTP = "http"
SECRET = "s3cr:t/"
QUICK = BreakerTerms(failures_to_open=2, open_seconds=0.1, longest_open_seconds=0.2)


@dataclass
class Guarded:
    """A payer that answers who has a living token, and its token endpoint."""

    forms: list[dict[str, str]] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    living: set[str] = field(default_factory=set)
    seen: list[str | None] = field(default_factory=list)
    expires_in: float = 3600.0
    token_status: int = 200
    body: bytes | None = None

    def app(self) -> FastAPI:
        """The two endpoints."""
        app = FastAPI()

        @app.post("/token")
        async def token(request: Request) -> Response:
            form = await request.body()
            self.forms.append(dict(pair.split("=", 1) for pair in form.decode().split("&")))
            self.authorizations.append(request.headers.get("authorization", ""))
            if self.token_status != 200:
                return Response(b"not content for logs", self.token_status)
            self.living.add(f"Bearer token-{len(self.forms)}")
            answer = {"access_token": f"token-{len(self.forms)}", "token_type": "bearer", "expires_in": self.expires_in}
            return Response(self.body or as_bytes(answer))

        @app.post("/fhir/Claim/$submit")
        async def submit(request: Request) -> Response:
            self.seen.append(request.headers.get("authorization"))
            if self.seen[-1] not in self.living:
                return Response(status_code=401)
            return Response(as_bytes(claim_response()), media_type="application/fhir+json")

        return app


def taken(base: str) -> TakenClaim:
    """A claim whose row names this payer."""
    now = datetime.now(UTC)
    url = f"{base}/fhir/Claim/$submit"
    return TakenClaim(UUID(int=1), PayerId(HTTP), url, b"{}", 1, Terms(State.QUEUED, now, now, now))


def with_secret(base: str, **more: Any) -> ClientCredentials:
    """Credentials with a secret."""
    token_url = AnyHttpUrl(f"{base}/token")
    return ClientCredentials(token_url=token_url, client_id="chart:line", client_secret=SecretStr(SECRET), **more)


@asynccontextmanager
async def submitting(profile: PayerProfile, base: str) -> AsyncIterator[Callable[[], Awaitable[AttemptEnd]]]:
    """Open the way to a payer; each call is one attempt."""
    async with open_fhir_channel(profile) as channel:

        async def attempt() -> AttemptEnd:
            await channel.make_ready()
            return await channel.submit(taken(base))

        yield attempt


@asynccontextmanager
async def knocking(payer: Guarded) -> AsyncIterator[Callable[[], Awaitable[AttemptEnd]]]:
    """Serve a guarded payer and open the way to it."""
    async with serving(payer.app()) as base:
        profile = fhir_profile(f"{base}/fhir", oauth2=with_secret(base))
        async with submitting(profile, base) as attempt:
            yield attempt


async def test_a_secret_brings_a_token_that_is_kept() -> None:
    payer = Guarded()
    async with knocking(payer) as attempt:
        ends = [await attempt() for _ in range(3)]
    assert [end.report.outcome for end in ends] == [Outcome.ANSWERED] * 3
    assert payer.forms == [{"grant_type": "client_credentials", "scope": "system%2FClaim.cruds"}]
    scheme, _, pair = payer.authorizations[0].partition(" ")
    assert (scheme, base64.b64decode(pair)) == ("Basic", b"chart%3Aline:s3cr%3At%2F")


async def test_a_token_that_ends_soon_is_renewed_once_for_all_that_wait() -> None:
    payer = Guarded(expires_in=1e-6)
    async with knocking(payer) as attempt:
        await attempt()
        payer.expires_in = 3600.0
        asked, answered = len(payer.forms), len(payer.seen)
        await asyncio.gather(*(attempt() for _ in range(4)))
    assert len(payer.forms) == asked + 1
    assert payer.seen[answered:] == [f"Bearer token-{asked + 1}"] * 4


async def test_a_private_key_signs_an_assertion(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    (tmp_path / "key.pem").write_bytes(print_key(key))
    payer = Guarded()
    async with serving(payer.app()) as base:
        credentials = ClientCredentials(
            token_url=AnyHttpUrl(f"{base}/token"),
            client_id="chartline",
            private_key_file=tmp_path / "key.pem",
            key_id="key-1",
            algorithm="ES384",
        )
        async with submitting(fhir_profile(f"{base}/fhir", oauth2=credentials), base) as attempt:
            assert (await attempt()).report.outcome is Outcome.ANSWERED
    (form,) = payer.forms
    assert form["client_assertion_type"].endswith("jwt-bearer")
    assertion = form["client_assertion"]
    assert jwt.get_unverified_header(assertion) == {"alg": "ES384", "typ": "JWT", "kid": "key-1"}
    claims = jwt.decode(assertion, key.public_key(), algorithms=["ES384"], audience=f"{base}/token")
    assert (claims["iss"], claims["sub"]) == ("chartline", "chartline")
    assert 0 < claims["exp"] - datetime.now(UTC).timestamp() <= 300


async def test_a_401_brings_one_new_token_and_one_more_post() -> None:
    payer = Guarded()
    async with knocking(payer) as attempt:
        await attempt()
        payer.living.clear()
        assert (await attempt()).report.outcome is Outcome.ANSWERED
        assert len(payer.forms) == 2
        payer.living.clear()
        payer.token_status = 503
        end = await attempt()
    assert (end.report.outcome, end.report.reason) == (Outcome.FAILED, "token-http-503")


async def test_a_payer_that_knows_no_token_of_ours_rejects_no_claim() -> None:
    payer = Guarded()
    async with serving(payer.app()) as base:
        profile = fhir_profile(f"{base}/fhir", bearer_token=SecretStr("stale"), tries_per_attempt=3)
        async with submitting(profile, base) as attempt:
            end = await attempt()
    assert (end.report.outcome, end.report.reason, end.report.tries) == (Outcome.FAILED, "http-401", 1)


async def test_no_token_goes_to_another_origin_than_the_profiles() -> None:
    now, before = Guarded(), Guarded()
    async with serving(now.app()) as base, serving(before.app()) as old:
        profile = fhir_profile(f"{base}/fhir", oauth2=with_secret(base))
        async with submitting(profile, old) as attempt:
            await attempt()
    assert (before.seen, now.seen) == ([None], [])


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (503, None, "token-http-503"),
        (401, None, "token-http-401"),
        (200, b"{}", "token-unreadable"),
        (200, b'{"access_token":"t","token_type":"mac"}', "token-unreadable"),
    ],
)
async def test_a_token_endpoint_that_fails_stops_the_way_and_says_why(
    status: int, body: bytes | None, reason: str
) -> None:
    payer = Guarded(token_status=status, body=body)
    async with knocking(payer) as attempt:
        with pytest.raises(ChannelDown) as caught:
            await attempt()
    assert caught.value.reason == reason
    assert payer.seen == []


async def test_a_token_endpoint_that_is_down_is_no_failure_of_a_claim(clinic: Clinic) -> None:
    payer = Guarded(token_status=503)
    async with serving(payer.app()) as base:
        profiles = {HTTP: fhir_profile(f"{base}/fhir", oauth2=with_secret(base), breaker=QUICK)}
        clinic = Clinic(clinic.pool, clinic.options.model_copy(update={"payers": profiles}))
        claim_id = await clinic.queue(coded_chart())
        async with clinic.lane(HTTP), asyncio.timeout(PATIENCE_SECONDS):
            while len(payer.forms) < 3:
                await asyncio.sleep(0.02)
            (lane,) = (await clinic.overview.count_claims()).breakers
            assert lane.breaker.state is not BreakerState.CLOSED
            assert lane.breaker.reason == "token-http-503"
            assert await clinic.attempts(claim_id) == []
            payer.token_status = 200
            await clinic.until(claim_id, State.ACCEPTED)
    assert await clinic.attempts(claim_id) == [("answered", 1, 200, None)]


@asynccontextmanager
async def serving_tls(authority: Authority, *, wants_certificate: bool) -> AsyncIterator[str]:
    """A payer behind TLS that answers everybody whom it lets in."""
    app, server = FastAPI(), authority.issue("server")

    @app.post("/fhir/Claim/$submit")
    async def submit() -> Response:
        return Response(as_bytes(claim_response()))

    tls: dict[str, Any] = {
        "ssl_certfile": str(server.certificate),
        "ssl_keyfile": str(server.private_key),
        "ssl_ca_certs": str(authority.file),
        "ssl_cert_reqs": ssl.CERT_REQUIRED if wants_certificate else ssl.CERT_NONE,
    }
    async with serving(app, **tls) as base:
        yield base


async def test_mutual_tls_with_an_encrypted_key(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    client = authority.issue("client", password=b"open")
    certificate = ClientCertificate(
        certificate_file=client.certificate,
        private_key_file=client.private_key,
        private_key_password=SecretStr("open"),
    )
    async with serving_tls(authority, wants_certificate=True) as base:
        known = fhir_profile(f"{base}/fhir", authorities_file=authority.file, client_certificate=certificate)
        async with submitting(known, base) as attempt:
            assert (await attempt()).report.outcome is Outcome.ANSWERED
        unknown = fhir_profile(f"{base}/fhir", authorities_file=authority.file)
        async with submitting(unknown, base) as attempt:
            assert (await attempt()).report.outcome in (Outcome.FAILED, Outcome.UNCERTAIN)


async def test_a_server_that_no_authority_of_ours_vouches_for_gets_nothing(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    theirs, ours = make_authority(tmp_path), make_authority(tmp_path / "other")
    async with serving_tls(theirs, wants_certificate=False) as base:
        for authorities in (None, ours.file):
            async with submitting(fhir_profile(f"{base}/fhir", authorities_file=authorities), base) as attempt:
                report = (await attempt()).report
                assert (report.outcome, report.reason) == (Outcome.FAILED, "ConnectError")
        async with submitting(fhir_profile(f"{base}/fhir", authorities_file=theirs.file), base) as attempt:
            assert (await attempt()).report.outcome is Outcome.ANSWERED


def test_no_secret_is_printed() -> None:
    profile = fhir_profile("https://payer.example/fhir", oauth2=with_secret("https://payer.example"))
    assert SECRET not in f"{profile!r} {profile.model_dump_json()} {profile.oauth2!r}"
