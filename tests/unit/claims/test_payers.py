"""Which payer a coding goes to, and what a profile must have."""

from typing import Any

import pytest
from pydantic import AnyHttpUrl, SecretStr, ValidationError

from services.claims.claim import Channel
from services.claims.credentials import ClientCredentials
from services.claims.payers import PayerProfile, choose_payer
from services.claims.settings import ClaimsOptions, ClaimsSettings
from tests.builders import claim, coverage, organization
from tests.unit.claims.codings import coded_chart, supporting

PAYERS = {
    "medicare": PayerProfile(payors=("Organization/payer-1",)),
    "blue": PayerProfile(payors=("urn:naic|54771",)),
    "other": PayerProfile(),
}


def _with_coverage(**elements: Any) -> list[dict[str, Any]]:
    others = [each for each in supporting() if each["resourceType"] != "Coverage"]
    return [*others, coverage(**elements)]


def test_the_payor_reference_chooses() -> None:
    assert choose_payer(coded_chart(), PAYERS, "other") == "medicare"


def test_the_payors_identifier_chooses() -> None:
    by_identifier = [{"identifier": {"system": "urn:naic", "value": "54771"}}]
    assert choose_payer(coded_chart(resources=_with_coverage(payor=by_identifier)), PAYERS, "other") == "blue"


def test_the_identifier_of_the_payors_organization_chooses() -> None:
    blue = organization("payer-9", identifier=[{"system": "urn:naic", "value": "54771"}])
    coded = coded_chart(resources=[*_with_coverage(payer_id="payer-9"), blue])
    assert choose_payer(coded, PAYERS, "other") == "blue"


def test_only_the_focal_coverage_counts() -> None:
    insurance = [{"sequence": 1, "focal": False, "coverage": {"reference": "Coverage/cov-1"}}]
    assert choose_payer(coded_chart(final_claim=claim(insurance=insurance)), PAYERS, "other") == "other"


@pytest.mark.parametrize(
    "resources", [_with_coverage(payer_id="unknown"), _with_coverage(payor="nonsense"), [supporting()[0]]]
)
def test_without_a_match_the_default_takes_it(resources: list[dict[str, Any]]) -> None:
    assert choose_payer(coded_chart(resources=resources), PAYERS, "other") == "other"


def test_a_profile_has_what_its_channel_needs() -> None:
    with pytest.raises(ValidationError, match="needs an endpoint"):
        PayerProfile(channel=Channel.FHIR)
    with pytest.raises(ValidationError, match="needs an endpoint"):
        PayerProfile(endpoint=AnyHttpUrl("https://payer.example/fhir"))


@pytest.mark.parametrize("host", ["https://payer.example", "http://127.0.0.1:9", "http://[::1]:9", "http://localhost"])
def test_a_secret_goes_over_https_or_the_loopback(host: str) -> None:
    _with_token(f"{host}/fhir")
    _with_oauth2(f"{host}/fhir", f"{host}/token")


def test_a_secret_never_goes_over_plain_http() -> None:
    with pytest.raises(ValidationError, match="over https only"):
        _with_token("http://payer.example/fhir")
    with pytest.raises(ValidationError, match="over https only"):
        _with_oauth2("https://payer.example/fhir", "http://payer.example/token")


def test_a_payer_is_told_one_secret() -> None:
    oauth2 = {"token_url": "https://payer.example/token", "client_id": "us"}
    with pytest.raises(ValidationError, match="give one of"):
        ClientCredentials.model_validate(oauth2)
    with pytest.raises(ValidationError, match="give one of"):
        ClientCredentials.model_validate({**oauth2, "client_secret": "s", "private_key_file": "key.pem"})
    both = {"channel": "fhir", "endpoint": "https://payer.example", "bearer_token": "t"}
    with pytest.raises(ValidationError, match="not both"):
        PayerProfile.model_validate({**both, "oauth2": {**oauth2, "client_secret": "s"}})


def _with_token(endpoint: str) -> PayerProfile:
    return PayerProfile(channel=Channel.FHIR, endpoint=AnyHttpUrl(endpoint), bearer_token=SecretStr("t"))


def _with_oauth2(endpoint: str, token_url: str) -> PayerProfile:
    oauth2 = ClientCredentials(token_url=AnyHttpUrl(token_url), client_id="us", client_secret=SecretStr("s"))
    return PayerProfile(channel=Channel.FHIR, endpoint=AnyHttpUrl(endpoint), oauth2=oauth2)


@pytest.mark.parametrize("base", ["https://payer.example/fhir", "https://payer.example/fhir/"])
def test_claims_are_posted_to_the_operation(base: str) -> None:
    profile = PayerProfile(channel=Channel.FHIR, endpoint=AnyHttpUrl(base))
    assert profile.submit_url == "https://payer.example/fhir/Claim/$submit"


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    payer = (
        '{"payers": {"blue": {"channel": "fhir", "endpoint": "https://payer.example/fhir"}}, "default_payer": "blue"}'
    )
    monkeypatch.setenv("CHARTLINE_CLAIMS", payer)
    monkeypatch.setenv("CHARTLINE_CLAIMS__IDLE_SECONDS", "2")
    options = ClaimsSettings().claims
    assert options.payers["blue"].channel is Channel.FHIR
    assert options.idle_seconds == 2.0


def test_settings_must_make_sense() -> None:
    with pytest.raises(ValidationError, match="default_payer"):
        ClaimsOptions(default_payer="nobody")
    twice = {"a": PayerProfile(payors=("Organization/1",)), "b": PayerProfile(payors=("Organization/1",))}
    with pytest.raises(ValidationError, match="one payer only"):
        ClaimsOptions(payers=twice, default_payer="a")
    with pytest.raises(ValidationError):
        ClaimsOptions(payers={"Not a name": PayerProfile()}, default_payer="Not a name")
