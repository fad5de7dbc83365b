"""A coder's day in the workbench: by keyboard alone, accessible, and leaving nothing behind in the browser."""

import os
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from services.coder.work_item import ChartId
from shared.contracts.envelope import Envelope
from shared.contracts.messages import ChartCoded
from tests.browser.conftest import TOKEN, Workbench
from tests.browser.synthetic import VISIT

_WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
FIRST_TIME = 60_000.0
"""Milliseconds of patience with the first search of a process, which reads the code sets."""
_PICTURES = os.environ.get("WORKBENCH_PICTURES")
"""A folder for the pictures of the documentation; without it none are made."""


async def sign_in(
    page: Page, workbench: Workbench, token: str = TOKEN, *, home: str = "Worklist", where: str = ""
) -> None:
    """Sign in by keyboard, and go on to the page that is named."""
    await page.goto(workbench.url)
    await expect(page.get_by_label("Access token")).to_be_focused()
    await page.keyboard.type(token)
    await page.keyboard.press("Enter")
    await expect(page).to_have_title(f"{home} · Chartline")
    if where:
        await page.goto(f"{workbench.url}{where}")


async def open_chart(page: Page, workbench: Workbench, visit: str = VISIT) -> ChartId:
    """Bring a chart, and take it from the worklist."""
    chart_id = await workbench.bring_chart(visit)
    await sign_in(page, workbench)
    await page.keyboard.press("n")
    await expect(page).to_have_title("Chart · Chartline")
    return chart_id


async def take_picture(page: Page, name: str) -> None:
    """Keep what the page looks like, when a folder for it is named."""
    if _PICTURES:
        await page.screenshot(path=Path(_PICTURES) / f"{name}.png")


@pytest.fixture
async def complaints(page: Page) -> list[str]:
    """What the browser says on its console: broken rules of the content security policy, and failed scripts."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


async def test_a_chart_is_coded_by_keyboard_alone(page: Page, workbench: Workbench, complaints: list[str]) -> None:
    chart_id = await open_chart(page, workbench)
    current = page.locator('[data-card][aria-current="true"]')
    await expect(current).to_contain_text("J18.9")
    await expect(page.locator(".lit.now")).to_have_text(["Community-acquired pneumonia", "Right lower lobe pneumonia"])

    await page.keyboard.press("a")
    await expect(current).to_contain_text("E11.65")
    await page.keyboard.press("c")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.type("e119")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Type 2 diabetes mellitus without complications")
    await page.keyboard.press("Tab")
    await page.keyboard.type("no hyperglycemia is documented")
    await page.keyboard.press("Enter")
    await expect(current).to_contain_text("I10")
    await page.keyboard.press("j")
    await expect(current).to_contain_text("R05.9")
    await page.keyboard.press("r")
    await page.keyboard.type("integral to the pneumonia")
    await page.keyboard.press("Enter")
    await expect(page.locator("#s4")).to_contain_text("Rejected: integral to the pneumonia")

    await page.keyboard.press("f")
    await expect(page.locator("[data-refusal]")).to_contain_text("I10")
    await expect(page.locator("[data-refusal]")).to_be_focused()
    await page.keyboard.press("k")
    await page.keyboard.press("k")
    await expect(current).to_contain_text("E11.9")
    await page.keyboard.press("j")
    await page.keyboard.press("a")
    await expect(page.locator("#decisions")).to_contain_text("0 to decide")

    await page.keyboard.press("n")
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.type("CPT")
    await page.keyboard.press("Tab")
    await page.keyboard.type("99213")
    await page.keyboard.press("Enter")
    await expect(current).to_contain_text("99213")
    await page.keyboard.press("f")
    await expect(page.get_by_text("The chart is coded and on its way to billing.")).to_be_visible()

    (event,) = await workbench.read_coded(chart_id)
    claim = Envelope[ChartCoded].decode(event).data.claim.body
    assert [code for code in ("J18.9", "E11.9", "I10", "99213", "E11.65", "R05.9") if f'"{code}"' in claim] == [
        "J18.9",
        "E11.9",
        "I10",
        "99213",
    ]
    await page.keyboard.press("l")
    await expect(page.locator("tbody tr")).to_have_count(6)
    assert [said for said in complaints if "422" not in said] == []


async def test_details_and_order_are_decided_by_keyboard_and_taken_back(page: Page, workbench: Workbench) -> None:
    await open_chart(page, workbench)
    rows = page.locator(".claim li")
    current = page.locator('[data-card][aria-current="true"]')
    await page.keyboard.press("a")
    await expect(current).to_contain_text("E11.65")
    await page.keyboard.press("a")
    await expect(current).to_contain_text("I10")
    await page.keyboard.press("k")
    await page.keyboard.press("p")
    await expect(rows.first).to_contain_text("E11.65")
    await page.locator("#s2").click()
    await page.keyboard.press("]")
    await expect(rows.first).to_contain_text("J18.9")

    await page.keyboard.press("n")
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.type("CPT")
    await page.keyboard.press("Tab")
    await page.keyboard.type("99213")
    await page.keyboard.press("Enter")
    await expect(current).to_contain_text("I10")  # the next one to decide
    await page.locator('[data-card="5"]').click(position={"x": 5, "y": 5})
    await page.keyboard.press("m")
    await page.keyboard.type("25")
    await page.keyboard.press("Tab")
    await page.keyboard.type("2")
    await page.keyboard.press("Tab")
    await page.keyboard.type("E11")
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(rows.nth(2)).to_contain_text("Line 1 99213-25 × 2 · for E11.65", use_inner_text=True)
    await page.keyboard.press("u")
    await expect(rows.nth(2)).not_to_contain_text("E11.65")
    await page.keyboard.press("u")
    await expect(rows).to_have_count(2)


async def test_a_code_is_found_by_its_words_while_it_is_typed(page: Page, workbench: Workbench) -> None:
    await open_chart(page, workbench)
    await page.keyboard.press("n")
    await page.keyboard.type("pneumonia organism unspecified")
    await expect(page.locator('#codes-found option[value="J18.9"]')).to_have_count(1, timeout=FIRST_TIME)


async def test_what_billing_would_say_is_shown_beside_the_codes(page: Page, workbench: Workbench) -> None:
    await open_chart(page, workbench)
    await page.keyboard.press("a")
    await expect(page.locator("#scrub")).to_contain_text("They are run again before the claim is sent.")


async def test_the_tabular_list_is_read_by_keyboard(page: Page, workbench: Workbench) -> None:
    await sign_in(page, workbench)
    await page.keyboard.press("b")
    await expect(page.locator("#words")).to_be_focused(timeout=FIRST_TIME)
    await page.keyboard.type("pneumonia streptococcus")
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="J13", exact=True).click(timeout=FIRST_TIME)
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Pneumonia due to Streptococcus pneumoniae")
    await expect(page.get_by_text("Can be reported as it stands.")).to_be_visible()
    await expect(page.get_by_role("heading", name="Excludes1")).to_have_count(1)
    await page.get_by_role("link", name="J09-J18 Influenza and pneumonia").click()
    await expect(page.get_by_text("Cannot be reported as it stands")).to_be_visible()
    assert "pneumonia" not in page.url


async def test_evidence_is_found_from_both_sides(page: Page, workbench: Workbench) -> None:
    await open_chart(page, workbench)
    await page.get_by_text("Hypertension", exact=True).first.click()
    await expect(page.locator('[aria-current="true"]')).to_contain_text("I10")
    await page.locator("#s1").click()
    await page.keyboard.press("e")
    await expect(page.locator(".lit", has_text="Right lower lobe pneumonia")).to_be_in_viewport()


async def test_the_documents_are_searched_by_keyboard(page: Page, workbench: Workbench) -> None:
    await open_chart(page, workbench)
    await page.keyboard.press("/")
    await page.keyboard.type("PNEUMONIA")
    await expect(page.locator("#find-count")).to_have_text("3 found")
    for place in ("1 of 3", "2 of 3", "3 of 3", "1 of 3"):
        await page.keyboard.press("Enter")
        await expect(page.locator("#find-count")).to_have_text(place)
    await page.keyboard.press("Escape")
    await page.keyboard.press("j")
    await expect(page.locator('[aria-current="true"]')).to_contain_text("E11.65")


async def test_a_place_far_down_a_long_chart_is_brought_into_view(page: Page, workbench: Workbench) -> None:
    await open_chart(page, workbench, VISIT + 60 * VISIT + "\nAddendum: sputum sent.\n")
    await page.keyboard.press("/")
    await page.keyboard.type("addendum: sputum")
    await expect(page.locator("#find-count")).to_have_text("1 found")
    await page.keyboard.press("Enter")
    place = "[...CSS.highlights.get('found-now')][0].getBoundingClientRect().top"
    await page.wait_for_function(f"() => {place} > 100 && {place} < innerHeight - 20")


async def test_single_keys_can_be_turned_off(page: Page, workbench: Workbench) -> None:
    await open_chart(page, workbench)
    await page.keyboard.press("?")
    await expect(page.locator("#help")).to_be_visible()
    await page.get_by_label("Single keys are on").uncheck()
    await page.keyboard.press("Escape")
    await page.keyboard.press("a")
    await page.reload()
    await expect(page.locator("#keys-on")).not_to_be_checked()
    await expect(page.locator("#decisions")).to_contain_text("4 to decide")


async def test_nothing_stays_in_the_browser_but_a_cookie_that_no_script_reads(
    page: Page, context: BrowserContext, workbench: Workbench
) -> None:
    chart_id = await open_chart(page, workbench)
    assert page.url == f"{workbench.url}charts/{chart_id}"
    (cookie,) = await context.cookies()
    assert cookie.get("httpOnly")
    assert cookie.get("sameSite") == "Strict"
    assert TOKEN not in str(cookie)
    stored = "JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])"
    assert await page.evaluate(stored) == '["",{},{}]'
    assert TOKEN not in await page.content()


async def test_a_chart_that_went_to_another_coder_is_shown_without_forms(page: Page, workbench: Workbench) -> None:
    await open_chart(page, workbench)
    await workbench.pool.execute("update coder.work_item set lease_holder = 'bob'")
    await page.keyboard.press("a")
    await expect(page.locator("[data-refusal]")).to_contain_text("the lease is not yours any more")
    await expect(page.locator("#decisions form")).to_have_count(0)


@pytest.fixture(params=["light", "dark"])
async def coloured(request: pytest.FixtureRequest, page: Page) -> Page:
    """The page in each colour scheme, without transitions, which would be measured half done."""
    await page.emulate_media(color_scheme=request.param, reduced_motion="reduce")
    return page


async def require_accessible(page: Page) -> None:
    await page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    results = await page.evaluate("options => axe.run(document, options)", _WCAG)
    assert results["passes"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in results["violations"]] == []


async def test_every_page_is_accessible_in_both_colour_schemes(coloured: Page, workbench: Workbench) -> None:
    page = coloured
    await page.goto(workbench.url)
    await require_accessible(page)
    scheme = "" if await page.evaluate("matchMedia('(prefers-color-scheme: light)').matches") else "-dark"
    for care in ("outpatient", "emergency", "inpatient", "outpatient", "emergency", "outpatient"):
        await workbench.bring_chart(care=care)
    await workbench.age_queue()
    await sign_in(page, workbench)
    await page.keyboard.press("n")
    await expect(page).to_have_title("Chart · Chartline")
    await require_accessible(page)
    await page.keyboard.press("a")
    await expect(page.locator("#s1")).to_contain_text("Accepted")
    await take_picture(page, f"chart{scheme}")
    await page.keyboard.press("r")
    await require_accessible(page)
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await require_accessible(page)
    await page.keyboard.press("Escape")
    await page.keyboard.press("f")
    await expect(page.locator("[data-refusal]")).to_be_visible()
    await require_accessible(page)
    await page.goto(workbench.url)
    await take_picture(page, f"worklist{scheme}")
    await require_accessible(page)
    await page.keyboard.press("l")
    await expect(page).to_have_title("Log · Chartline")
    await take_picture(page, f"log{scheme}")
    await require_accessible(page)
    await page.goto(f"{workbench.url}codes")
    await require_accessible(page)
    await page.goto(f"{workbench.url}codes/icd10cm/E11.65")
    await take_picture(page, f"code{scheme}")
    await require_accessible(page)
