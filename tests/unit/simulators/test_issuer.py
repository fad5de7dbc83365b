"""The issuer of demos: only here, only for the workbench on this machine, and never beside a real one."""

import httpx
import pytest

from services.simulators.issuer import CLIENT_ID, DemoIssuer, IssuerRefused, create_issuer, require_demo

GRANT = {
    "client_id": CLIENT_ID,
    "redirect_uri": "http://127.0.0.1:8080/workbench/sign-in/return",
    "state": "s",
    "nonce": "n",
    "code_challenge": "c",
    "code_challenge_method": "S256",
}


@pytest.fixture
def http() -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=create_issuer(DemoIssuer("http://127.0.0.1:9", coders=1)))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:9")


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.7", "::", "id.example"])  # noqa: S104 - what must be refused
def test_it_does_not_start_where_others_reach_it(host: str) -> None:
    with pytest.raises(IssuerRefused, match=r"127\.0\.0\.1"):
        require_demo(host, {})


@pytest.mark.parametrize("name", ["CHARTLINE_WEB__OIDC", "CHARTLINE_WEB__OIDC__ISSUER", "chartline_web__oidc__issuer"])
def test_it_does_not_start_beside_a_real_provider(name: str) -> None:
    require_demo("127.0.0.1", {"CHARTLINE_WEB__PORT": "1"})
    with pytest.raises(IssuerRefused, match="real identity provider"):
        require_demo("127.0.0.1", {name: "https://id.example"})


async def test_people_are_chosen_by_a_link(http: httpx.AsyncClient) -> None:
    page = (await http.get("/authorize", params=GRANT)).text
    assert page.count("<li>") == 6
    assert page.count("autofocus") == 1


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uri": "https://evil.example/workbench/sign-in/return"},
        {"redirect_uri": "http://127.0.0.1:8080/elsewhere"},
        {"client_id": "another"},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": ""},
    ],
)
async def test_a_code_goes_only_to_the_workbench_and_with_pkce(http: httpx.AsyncClient, change: dict[str, str]) -> None:
    answer = await http.get("/authorize", params={**GRANT, **change, "person": "cora"})
    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_a_code_needs_its_verifier(http: httpx.AsyncClient) -> None:
    answer = await http.get("/authorize", params={**GRANT, "person": "cora"})
    code = answer.headers["location"].partition("code=")[2].partition("&")[0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": GRANT["redirect_uri"]}
    assert (await http.post("/token", data={**form, "code_verifier": "wrong"})).status_code == 400


async def test_only_simulated_coders_get_a_token_without_a_person(http: httpx.AsyncClient) -> None:
    form = {"grant_type": "client_credentials"}
    assert (await http.post("/token", data={**form, "client_id": "coder-1"})).status_code == 200
    for name in ("coder-2", "lea", ""):
        assert (await http.post("/token", data={**form, "client_id": name})).status_code == 400
