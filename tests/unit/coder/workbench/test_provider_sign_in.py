"""Signing in at a provider: with PKCE, state and nonce, back to where one was, and no token in the browser."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI

from services.coder.app import create_app
from services.coder.settings import CoderSettings
from services.coder.workbench.routing import COOKIE
from services.simulators.issuer import AUDIENCE, CLIENT_ID, DemoIssuer, create_issuer
from shared.audit.event import AuditedAction
from shared.web.oidc.login import Logins, challenge
from shared.web.oidc.provider import Provider
from shared.web.oidc.settings import OidcSettings
from shared.web.settings import WebSettings

ISSUER = "http://127.0.0.1:9"
HOME = "http://127.0.0.1:8080"
CHART = "/workbench/charts/7c2a0a52-6d51-5a0e-9d0a-0d8f0f1c9b11"


@dataclass
class Scene:
    """A browser, the workbench and the issuer, without sockets."""

    browser: httpx.AsyncClient
    issuer: httpx.AsyncClient
    app: FastAPI
    recorded: list[AuditedAction]

    async def ask(self, goal: str = CHART) -> httpx.Response:
        """Open a page without a session, up to where the provider shows its choice; returns the redirect there."""
        first = await self.browser.get(goal)
        assert first.headers["location"].startswith("/workbench/sign-in?")
        return await self.browser.get(first.headers["location"])

    async def choose(self, asked: httpx.Response, person: str) -> str:
        """Choose a person there; returns the address that leads back."""
        chosen = await self.issuer.get(f"{asked.headers['location']}&person={person}")
        return chosen.headers["location"]


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    oidc = OidcSettings(issuer=ISSUER, audience=AUDIENCE, client_id=CLIENT_ID)
    app = create_app(CoderSettings(web=WebSettings(oidc=oidc)))
    at_issuer = httpx.ASGITransport(app=create_issuer(DemoIssuer(ISSUER)))
    app.state.use_cases = None
    app.state.provider = Provider(oidc, transport=at_issuer)
    app.state.logins = Logins(app.state.provider)
    recorded: list[AuditedAction] = []

    async def keep(done: AuditedAction) -> None:
        recorded.append(done)

    app.state.keep_event = keep
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=HOME) as browser,
        httpx.AsyncClient(transport=at_issuer, base_url=ISSUER) as issuer,
    ):
        yield Scene(browser, issuer, app, recorded)


async def test_a_sign_in_leads_back_to_the_page_that_was_asked_for(scene: Scene) -> None:
    back = await scene.choose(await scene.ask(), "cora")
    landed = await scene.browser.get(back)
    assert landed.status_code == 200
    assert f'content="0;url={CHART}"' in landed.text
    cookie = next(value for value in landed.headers.get_list("set-cookie") if value.startswith(COOKIE)).lower()
    for part in ("httponly", "samesite=strict", "path=/workbench"):
        assert part in cookie
    assert scene.app.state.sessions.find(scene.browser.cookies[COOKIE]).subject == "cora"
    assert [(done.operation, done.actor.subject) for done in scene.recorded] == [("finish-sign-in", "cora")]


async def test_what_goes_to_the_provider_has_state_nonce_and_challenge_and_no_secret(scene: Scene) -> None:
    asked = await scene.ask()
    query = parse_qs(urlsplit(asked.headers["location"]).query)
    assert query["code_challenge_method"] == ["S256"]
    (attempt,) = scene.app.state.logins._attempts.values()
    assert query["code_challenge"] == [challenge(attempt.verifier)]
    assert query["nonce"] == [attempt.nonce]
    assert query["redirect_uri"] == [f"{HOME}/workbench/sign-in/return"]
    everything = json.dumps([asked.headers["location"], asked.headers["set-cookie"], asked.text])
    assert attempt.verifier not in everything
    assert "samesite=lax" in asked.headers["set-cookie"].lower()


async def test_no_token_reaches_the_browser(scene: Scene) -> None:
    back = await scene.choose(await scene.ask(), "cora")
    landed = await scene.browser.get(back)
    assert "eyJ" not in landed.text + str(landed.headers)


async def test_a_code_serves_once(scene: Scene) -> None:
    back = await scene.choose(await scene.ask(), "cora")
    await scene.browser.get(back)
    scene.browser.cookies.clear()
    assert (await scene.browser.get(back)).status_code == 401
    assert COOKIE not in scene.browser.cookies


async def test_a_sign_in_that_another_browser_began_is_refused(scene: Scene) -> None:
    back = await scene.choose(await scene.ask(), "cora")
    scene.browser.cookies.clear()
    assert (await scene.browser.get(back)).status_code == 401
    assert COOKIE not in scene.browser.cookies


@pytest.mark.parametrize(
    "change", [{"state": "made-up"}, {"iss": "https://evil.example"}, {"error": "access_denied", "code": ""}]
)
async def test_an_answer_that_does_not_fit_is_refused(scene: Scene, change: dict[str, str]) -> None:
    back = await scene.choose(await scene.ask(), "cora")
    query = httpx.QueryParams(urlsplit(back).query).merge(change)
    answer = await scene.browser.get("/workbench/sign-in/return", params=query)
    assert answer.status_code == 401
    assert COOKIE not in scene.browser.cookies


async def test_who_has_no_page_here_is_told_so(scene: Scene) -> None:
    answer = await scene.browser.get(await scene.choose(await scene.ask(), "amir"))
    assert answer.status_code == 403
    assert COOKIE not in scene.browser.cookies
    assert [done.outcome for done in scene.recorded] == ["4"]


async def test_nobody_is_led_to_another_site(scene: Scene) -> None:
    for goal in ("https://evil.example/", "//evil.example/", "/workbench/\\evil", "/v1/charts"):
        asked = await scene.browser.get("/workbench/sign-in", params={"goal": goal})
        landed = await scene.browser.get(await scene.choose(asked, "cora"))
        assert 'content="0;url=/workbench/"' in landed.text


async def test_after_a_session_has_ended_the_provider_asks_again(scene: Scene) -> None:
    scene.browser.cookies.set(COOKIE, "a-session-that-is-over", path="/workbench")
    ended = await scene.browser.get(CHART)
    page = await scene.browser.get(ended.headers["location"])
    assert "Your session has ended" in page.text
    link = page.text.partition('href="/workbench/sign-in?')[2].partition('"')[0].replace("&amp;", "&")
    asked = await scene.browser.get(f"/workbench/sign-in?{link}")
    assert parse_qs(urlsplit(asked.headers["location"]).query)["max_age"] == ["0"]
    assert CHART in (await scene.browser.get(await scene.choose(asked, "cora"))).text


async def test_signing_out_leads_to_a_page_and_not_straight_in_again(scene: Scene) -> None:
    answer = await scene.browser.get("/workbench/sign-in")
    assert answer.status_code == 200
    assert "Sign in with your organisation" in answer.text


async def test_a_typed_token_opens_nothing_beside_a_provider(scene: Scene) -> None:
    answer = await scene.browser.post("/workbench/sign-in", data={"token": "any"}, headers={"Origin": HOME})
    assert answer.status_code == 403
