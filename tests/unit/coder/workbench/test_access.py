"""Who gets in, what the browser is told, and which requests are refused whatever cookie they carry."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from services.coder.workbench import install_workbench
from services.coder.workbench.routing import COOKIE
from services.coder.workbench.sessions import Sessions
from shared.web.errors import install_error_handlers
from shared.web.security import BearerTokens, Principal, Role, guard_nothing, hash_token

ANNS = "ann-token"
OWN = {"Origin": "https://coder.example"}
ANN = Principal(subject="ann", practitioner="Practitioner/ann", roles=frozenset({Role.CODER}))
EVE = Principal(subject="eve", practitioner="Practitioner/eve", roles=frozenset({Role.ADMIN}))


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A browser before the workbench; there are no use cases behind it."""
    app = FastAPI()
    app.state.tokens = BearerTokens({hash_token("ann-token"): ANN, hash_token("eve-token"): EVE})
    app.state.use_cases = None
    app.state.provider = None
    app.state.guard = guard_nothing
    install_error_handlers(app)
    install_workbench(app)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://coder.example/workbench") as client:
        yield client


async def sign_in(http: httpx.AsyncClient, token: str = ANNS) -> httpx.Response:
    return await http.post("/sign-in", data={"token": token}, headers=OWN)


async def test_signing_in_gives_a_cookie_for_this_site_and_no_script(http: httpx.AsyncClient) -> None:
    answer = await sign_in(http)
    assert (answer.status_code, answer.headers["location"]) == (303, "/workbench/")
    cookie = answer.headers["set-cookie"].lower()
    for part in ("httponly", "samesite=strict", "secure", "path=/workbench"):
        assert part in cookie
    assert "ann-token" not in cookie


@pytest.mark.parametrize(("token", "status"), [("", 401), ("bob-token", 401), ("eve-token", 403)])
async def test_others_do_not_get_in(http: httpx.AsyncClient, token: str, status: int) -> None:
    answer = await sign_in(http, token)
    assert answer.status_code == status
    assert COOKIE not in http.cookies
    assert not token or token not in answer.text


@pytest.mark.parametrize("page", ["/", "/log", "/charts/7c2a0a52-6d51-5a0e-9d0a-0d8f0f1c9b11"])
async def test_without_a_session_every_page_leads_to_the_sign_in(http: httpx.AsyncClient, page: str) -> None:
    answer = await http.get(page)
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/workbench/sign-in")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://coder.example", "Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
@pytest.mark.parametrize("form", ["/sign-in", "/sign-out", "/lease-next"])
async def test_what_another_site_sends_is_refused(http: httpx.AsyncClient, headers: dict[str, str], form: str) -> None:
    answer = await http.post(form, data={"token": "ann-token"}, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_the_browser_is_told_to_keep_nothing_and_run_nothing_foreign(http: httpx.AsyncClient) -> None:
    for answer in (await http.get("/sign-in"), await http.get("/"), await sign_in(http, "bob-token")):
        assert answer.headers["cache-control"] == "no-store"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


async def test_signing_out_ends_the_session(http: httpx.AsyncClient) -> None:
    await sign_in(http)
    session_id = http.cookies[COOKIE]
    await http.post("/sign-out", headers=OWN)
    answer = await http.get("/", headers={"Cookie": f"{COOKIE}={session_id}"})
    assert answer.headers["location"].startswith("/workbench/sign-in?")


async def test_an_asset_is_served_only_under_its_fingerprint(http: httpx.AsyncClient) -> None:
    page = (await http.get("/sign-in")).text
    path = page.partition('href="/workbench')[2].partition('"')[0]
    assert "immutable" in (await http.get(path)).headers["cache-control"]
    assert (await http.get("/assets/000000000000/icon.svg")).status_code == 404
    assert (await http.get("/assets/000000000000/passwd")).status_code == 404


@pytest.mark.parametrize("header", [{"Chartline-Unattended": "true"}, {"Accept": "text/event-stream"}, {}])
async def test_a_page_that_asks_by_itself_is_no_activity(http: httpx.AsyncClient, header: dict[str, str]) -> None:
    await sign_in(http)
    sessions: Sessions = http._transport.app.state.sessions  # type: ignore[attr-defined]  # the app under test
    (session,) = sessions._by_id.values()
    seen_at = session.seen_at
    assert (await http.get("/session", headers=header)).status_code == 204
    assert (session.seen_at > seen_at) is (not header)
