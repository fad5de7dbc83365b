"""Signing in at the demo's issuer in a real browser: two keys from an address to the page behind it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import uvicorn
from playwright.async_api import Page, expect

from services.coder import MIGRATION_PACKAGES, SCHEMA
from services.coder.app import create_app
from services.coder.service.use_cases import UseCases
from services.coder.settings import CoderSettings, QueueSettings
from services.local.process import pick_free_port
from services.simulators.issuer import AUDIENCE, CLIENT_ID, DemoIssuer, create_issuer
from shared.web.oidc.settings import OidcSettings
from shared.web.settings import WebSettings
from tests.browser.conftest import _serving
from tests.conftest import PoolFor


@pytest.fixture
async def home(pool_for: PoolFor) -> AsyncIterator[str]:
    """A workbench whose people sign in at the demo's issuer; its address."""
    port = pick_free_port()
    issuer = f"http://127.0.0.1:{port}"
    oidc = OidcSettings(issuer=issuer, audience=AUDIENCE, client_id=CLIENT_ID)
    app = create_app(CoderSettings(web=WebSettings(oidc=oidc)))
    app.state.use_cases = UseCases.over(await pool_for(SCHEMA, MIGRATION_PACKAGES), QueueSettings())
    configs = [(create_issuer(DemoIssuer(issuer)), port), (app, 0)]
    servers = [
        uvicorn.Server(uvicorn.Config(each, host="127.0.0.1", port=at, lifespan="off", log_config=None))
        for each, at in configs
    ]
    async with AsyncExitStack() as running:
        for server in servers:
            await running.enter_async_context(_serving(server))
        yield f"http://127.0.0.1:{servers[1].servers[0].sockets[0].getsockname()[1]}"


async def test_a_person_is_chosen_and_the_browser_keeps_no_token(page: Page, home: str) -> None:
    await page.goto(f"{home}/workbench/log")
    await expect(page.get_by_role("link", name="Cora Berg")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{home}/workbench/log")
    await expect(page.locator(".who")).to_have_text("cora")
    cookies = await page.context.cookies()
    assert [(cookie["name"], cookie["httpOnly"], cookie["sameSite"]) for cookie in cookies] == [
        ("chartline_session", True, "Strict")
    ]
    assert await page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0


async def test_signing_out_ends_here_and_coming_back_takes_a_sign_in(page: Page, home: str) -> None:
    await page.goto(f"{home}/workbench/log")
    await page.get_by_role("link", name="Lea Novak").click()
    await expect(page.get_by_role("link", name="Opened charts")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("link", name="Sign in with your organisation")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Who are you today?")).to_be_visible()
