"""Tokens of a provider: what is let in, what is refused, and how its keys are kept."""

import base64
import hmac
import json
import time
from typing import Any

import pytest
from pydantic import ValidationError

from shared.contracts.errors import Unauthenticated, Unavailable
from shared.web.oidc.claims import read_principal
from shared.web.oidc.identify import make_identify
from shared.web.oidc.settings import OidcSettings
from shared.web.oidc.tokens import check_access_token, check_id_token
from shared.web.security import EVERYWHERE, BearerTokens, Principal, Role, hash_token
from shared.web.settings import WebSettings
from tests.unit.web.providers import ISSUER, SETTINGS, Clock, FakeProvider, make_token, open_provider

NOW = int(time.time())


@pytest.fixture
def fake() -> FakeProvider:
    return FakeProvider()


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
async def test_a_token_of_the_provider_is_let_in(fake: FakeProvider, algorithm: str) -> None:
    key = fake.add_key("one", algorithm)
    identify = make_identify(BearerTokens({}), open_provider(fake))
    principal = await identify(make_token(key, algorithm=algorithm, facilities=["Organization/north"]))
    assert (principal.subject, principal.roles) == ("ann", frozenset({Role.CODER}))
    assert principal.facilities == {"Organization/north"}


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"aud": "another-service"},
        {"aud": None},
        {"exp": NOW - 31},
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"nbf": NOW + 36_000},
        {"iat": NOW + 36_000},
        {"practitioner": "Patient/7"},
    ],
)
async def test_a_token_that_does_not_fit_is_refused(fake: FakeProvider, claims: dict[str, Any]) -> None:
    key = fake.add_key("one")
    identify = make_identify(BearerTokens({}), open_provider(fake))
    with pytest.raises(Unauthenticated):
        await identify(make_token(key, **claims))


async def test_clocks_may_be_a_little_apart(fake: FakeProvider) -> None:
    key = fake.add_key("one")
    assert await check_access_token(
        open_provider(fake), make_token(key, exp=int(time.time()) - 5, iat=int(time.time()) + 5)
    )


def forge(header: dict[str, str], claims: dict[str, object], secret: str = "") -> str:
    """What a stranger can make: unsigned, or with the public key as the secret of an HMAC."""
    said = b".".join(_encode(json.dumps(part).encode()) for part in (header, claims))
    signature = hmac.digest(secret.encode(), said, "sha256") if secret else b""
    return (said + b"." + _encode(signature)).decode()


def _encode(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


async def test_no_trick_with_the_algorithm_works(fake: FakeProvider) -> None:
    key = fake.add_key("one", "RS256")
    provider = open_provider(fake)
    public = json.dumps(fake.keys["one"])
    claims = {"iss": ISSUER, "aud": "chartline", "sub": "ann", "iat": NOW, "exp": NOW + 36_000}
    unsigned = forge({"alg": "none", "kid": "one"}, claims)
    by_public_key = forge({"alg": "HS256", "kid": "one"}, claims, public)
    not_listed = make_token(key, algorithm="RS512")
    for token in (unsigned, by_public_key, not_listed, "a.b.c", "..", "Jane Roe"):
        with pytest.raises(Unauthenticated) as refusal:
            await check_access_token(provider, token)
        assert token not in str(refusal.value)


async def test_a_key_serves_its_own_algorithm_only(fake: FakeProvider) -> None:
    key = fake.add_key("elliptic")
    fake.keys["rsa"] = {**fake.keys["elliptic"], "kid": "rsa"}
    fake.add_key("rsa", "RS256")
    with pytest.raises(Unauthenticated):
        await check_access_token(open_provider(fake), make_token(key, "rsa"))


async def test_keys_are_asked_for_once(fake: FakeProvider) -> None:
    key = fake.add_key("one")
    provider = open_provider(fake)
    for _ in range(5):
        await check_access_token(provider, make_token(key))
    assert fake.asked == {"/.well-known/openid-configuration": 1, "/jwks_uri": 1}


async def test_a_new_key_is_found_and_a_withdrawn_one_forgotten(fake: FakeProvider) -> None:
    clock = Clock()
    old = fake.add_key("old")
    provider = open_provider(fake, clock)
    await check_access_token(provider, make_token(old, "old"))
    fake.keys.clear()
    new = fake.add_key("new")
    clock.now += 11
    await check_access_token(provider, make_token(new, "new"))
    with pytest.raises(Unauthenticated):
        await check_access_token(provider, make_token(old, "old"))


async def test_made_up_key_ids_do_not_make_us_ask_again_and_again(fake: FakeProvider) -> None:
    key = fake.add_key("one")
    provider = open_provider(fake)
    for number in range(20):
        with pytest.raises(Unauthenticated):
            await check_access_token(provider, make_token(key, f"made-up-{number}"))
    assert fake.asked["/jwks_uri"] == 1


async def test_keys_at_hand_stay_good_while_the_provider_is_away(fake: FakeProvider) -> None:
    clock = Clock()
    key = fake.add_key("one")
    provider = open_provider(fake, clock)
    await check_access_token(provider, make_token(key))
    fake.away, clock.now = True, clock.now + 7200
    assert await check_access_token(provider, make_token(key))


async def test_without_any_key_the_answer_is_to_try_again(fake: FakeProvider) -> None:
    key = fake.add_key("one")
    fake.away = True
    provider = open_provider(fake)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await check_access_token(provider, make_token(key))
    fake.away = False
    assert await check_access_token(provider, make_token(key))


async def test_another_issuer_at_the_address_is_refused(fake: FakeProvider) -> None:
    key = fake.add_key("one")
    fake.issuer = "https://evil.example"
    with pytest.raises(Unavailable, match="another issuer"):
        await check_access_token(open_provider(fake), make_token(key))


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "chartline"},
        {"aud": ["workbench", "others"]},
        {"azp": "others"},
    ],
)
async def test_an_id_token_answers_to_its_sign_in(fake: FakeProvider, claims: dict[str, Any]) -> None:
    key = fake.add_key("one")
    provider = open_provider(fake)
    good: dict[str, Any] = {"aud": "workbench", "nonce": "n"}
    assert await check_id_token(provider, make_token(key, **good), nonce="n")
    with pytest.raises(Unauthenticated):
        await check_id_token(provider, make_token(key, **{**good, **claims}), nonce="n")


def test_what_the_claims_do_not_say_is_not_granted() -> None:
    principal = read_principal({"sub": "ann"}, SETTINGS)
    assert principal == Principal(
        subject="ann", practitioner="Practitioner/ann", facilities=frozenset(), lists=frozenset()
    )


def test_claims_and_roles_go_by_the_provider_s_names() -> None:
    settings = OidcSettings.model_validate(
        {
            **SETTINGS.model_dump(),
            "claims": {"roles": "realm_access.roles", "practitioner": "fhirUser"},
            "role_names": {"HIM-Supervisors": "lead"},
            "unlimited": True,
        }
    )
    claims = {"sub": "x/1", "fhirUser": "Practitioner/7", "realm_access": {"roles": ["HIM-Supervisors", "offline"]}}
    principal = read_principal(claims, settings)
    assert (principal.practitioner, principal.roles) == ("Practitioner/7", frozenset({Role.LEAD}))
    assert principal.facilities == principal.lists == {EVERYWHERE}


def test_beside_a_provider_tokens_are_for_services_only() -> None:
    relay = Principal(subject="relay", practitioner="Practitioner/none", roles=frozenset({Role.INTEGRATION}))
    ann = Principal(subject="ann", practitioner="Practitioner/ann", roles=frozenset({Role.CODER}))
    WebSettings(oidc=SETTINGS, tokens={hash_token("t"): relay})
    with pytest.raises(ValidationError, match="people sign in at the provider"):
        WebSettings(oidc=SETTINGS, tokens={hash_token("t"): ann})


def test_an_issuer_is_reached_by_https_unless_it_is_here() -> None:
    OidcSettings(issuer="http://127.0.0.1:9", audience="a", client_id="c")
    with pytest.raises(ValidationError, match="https"):
        OidcSettings(issuer="http://id.example", audience="a", client_id="c")
