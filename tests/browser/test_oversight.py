"""Audits, differences, figures, automation and a physician's page: by keyboard, accessible, each to whom it is for."""

import pytest
from playwright.async_api import Page, expect

from services.coder.automation.modes import Mode
from services.coder.queries.life import QueryId
from services.coder.queries.templates import load_templates
from services.coder.query_models import QueryRequest
from services.coder.service.deciding import Coder
from services.coder.service.queries import Writer
from services.coder.work_item import ChartId
from tests.browser.conftest import Workbench
from tests.browser.test_workbench import coloured, complaints, require_accessible, sign_in, take_picture

__all__ = ["coloured", "complaints"]

LEA, ADA, PAUL = (f"{name}-token-for-tests" for name in ("lea", "ada", "paul"))


async def sign_out(page: Page) -> None:
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Access token")).to_be_visible()


async def scheme_of(page: Page) -> str:
    """What the names of pictures end with."""
    return "" if await page.evaluate("matchMedia('(prefers-color-scheme: light)').matches") else "-dark"


async def draw(page: Page, *, blind: bool = False) -> None:
    """Draw an audit of everything and open its first chart."""
    await page.get_by_label("Name").fill("Autumn")
    if blind:
        await page.get_by_label("Blind").check()
    await page.get_by_role("button", name="Draw").click()
    await expect(page).to_have_title("Audit · Chartline")


async def open_first(page: Page) -> None:
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(page).to_have_title("Review · Chartline")


async def ask(workbench: Workbench, chart_id: ChartId) -> None:
    """Let ann ask paul about a chart."""
    ann = Writer(Coder("ann", "Practitioner/ann"), is_lead=True)
    template = next(iter(name for name in load_templates() if name == "lung-organism"))
    content = await workbench.cases.queries.propose(chart_id, template, None)
    request = QueryRequest(content=content, addressee="Practitioner/paul")
    written = await workbench.cases.queries.write(ann, chart_id, request)
    await workbench.cases.queries.send(ann, QueryId(written.query_id), "for a test")


async def test_a_chart_is_reviewed_rebutted_and_closed(
    coloured: Page, workbench: Workbench, complaints: list[str]
) -> None:
    page = coloured
    await workbench.finish_chart()
    await sign_in(page, workbench, ADA, where="audits")
    scheme = await scheme_of(page)
    await require_accessible(page)
    await take_picture(page, f"audits{scheme}")
    await draw(page)
    await require_accessible(page)
    await open_first(page)
    await expect(page.locator("[data-card='1']")).to_have_attribute("aria-current", "true")
    await expect(page.locator(".lit.now")).to_have_count(2)
    await require_accessible(page)
    await page.locator("#code-2").fill("e119")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="What differs")).to_be_visible()
    await expect(page.locator("fieldset")).to_contain_text("E11.9")
    await expect(page.get_by_label("Why")).to_be_focused()
    await page.keyboard.press("Escape")
    await page.keyboard.press("f")
    await expect(page.locator("[data-refusal]")).to_contain_text("Write why")
    await page.get_by_label("Why").fill("A glucose value is no hyperglycemia before the physician says so.")
    await page.get_by_label("Guideline").fill("III.B")
    await require_accessible(page)
    await take_picture(page, f"review{scheme}")
    await page.get_by_role("button", name="Keep the review").click()
    await expect(page.get_by_text("The review is kept.")).to_be_visible()
    await take_picture(page, f"audit{scheme}")
    await open_first(page)
    await expect(page.locator("#decisions")).to_contain_text("by ada")
    await require_accessible(page)
    await sign_out(page)

    await sign_in(page, workbench, where="differences")
    await page.get_by_role("button", name="I disagree").press("Enter")
    await expect(page.locator("[data-refusal]")).to_contain_text("Say why")
    await page.get_by_label("What you say of E11.65").fill(
        "The physician put the value beside the disease in the assessment."
    )
    await require_accessible(page)
    await take_picture(page, f"differences{scheme}")
    await page.get_by_role("button", name="I disagree").press("Enter")
    await expect(page.locator("tbody")).to_contain_text("Rebutted")
    await sign_out(page)

    await sign_in(page, workbench, LEA, where="differences")
    await expect(page.locator("tbody")).to_contain_text("The physician put the value beside the disease")
    await page.get_by_label("Why, about E11.65").fill("Open to both readings: it should have been a query.")
    await require_accessible(page)
    await page.get_by_role("button", name="Withdraw it").press("Enter")
    await expect(page.get_by_role("heading", name="To close")).to_be_visible()
    await expect(page.get_by_role("button", name="Withdraw it")).to_have_count(0)
    await page.goto(f"{workbench.url}figures")
    await expect(page.get_by_role("region", name="Accuracy")).to_contain_text("100 %")
    assert [said for said in complaints if "422" not in said] == []


async def test_a_blind_reviewer_sees_no_code_before_coding(page: Page, workbench: Workbench) -> None:
    await workbench.finish_chart(care="inpatient")
    await sign_in(page, workbench, ADA, where="audits")
    await draw(page, blind=True)
    await expect(page.locator("tbody")).to_contain_text("hidden")
    await open_first(page)
    await expect(page.locator(".lit")).to_have_count(0)
    assert "E11.65" not in await page.content()
    await page.locator("#code-1").fill("J18.9")
    await page.locator("#code-2").fill("nonsense")
    await page.get_by_role("button", name="Keep, and compare").click()
    await expect(page.locator("[data-refusal]")).to_contain_text("Row 2")
    await page.locator("#code-2").fill("i10")
    await page.get_by_role("button", name="Keep, and compare").click()
    await expect(page.locator("#decisions")).to_contain_text("coded by ann")
    await expect(page.locator("fieldset").first).to_contain_text("E11.65")
    await page.get_by_role("button", name="More rows").click()
    await expect(page.locator("#code-1")).to_have_value("J18.9")


async def test_figures_and_automation_are_a_leads(coloured: Page, workbench: Workbench) -> None:
    page = coloured
    for care, minutes in (("outpatient", 4), ("inpatient", 25), ("emergency", 9)):
        await workbench.finish_chart(care=care, minutes=minutes)
    for line in ("inpatient", "clinic"):
        await workbench.cases.automating.change_mode("lea", line, Mode.SHADOW, "agreed in the coding committee")
    await sign_in(page, workbench, LEA, where="figures")
    scheme = await scheme_of(page)
    await expect(page.get_by_role("region", name="Productivity")).to_contain_text("norm 2–3")
    await require_accessible(page)
    await take_picture(page, f"figures{scheme}")
    await page.get_by_label("by", exact=True).select_option("day")
    await page.get_by_role("button", name="Show").click()
    async with page.expect_download() as started:
        await page.get_by_role("link", name="Download as CSV").click()
    assert (await started.value).suggested_filename.endswith(".csv")
    await page.goto(f"{workbench.url}automation")
    await require_accessible(page)
    await page.get_by_label("Reason").first.fill("a new code set is coming")
    await page.get_by_role("button", name="Turn off").first.click()
    await page.locator("summary", has_text="History").first.click()
    await expect(page.locator(".line").first).to_contain_text("a new code set is coming")
    await require_accessible(page)
    await take_picture(page, f"automation{scheme}")
    refused = page.get_by_label("Reason").nth(1)
    await refused.fill("now")
    await expect(page.get_by_role("button", name="Make active")).to_have_count(0)


async def test_a_coder_sees_their_own_figures_and_no_page_of_others(page: Page, workbench: Workbench) -> None:
    await workbench.finish_chart()
    await sign_in(page, workbench, where="figures")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your figures")
    await expect(page.locator("#go-audits, #go-automation, #go-reviews")).to_have_count(0)
    await page.goto(f"{workbench.url}automation")
    await expect(page.get_by_role("heading", level=1)).to_have_text("This is not possible")


async def test_a_physician_answers_and_sees_no_code(coloured: Page, workbench: Workbench) -> None:
    page = coloured
    await ask(workbench, await workbench.bring_chart())
    await sign_in(page, workbench, PAUL, home="Queries to you")
    scheme = await scheme_of(page)
    await expect(page.get_by_role("navigation").get_by_role("link")).to_have_text(["Queries to you"])
    await require_accessible(page)
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(page).to_have_title("Query to you · Chartline")
    await require_accessible(page)
    await take_picture(page, f"physician{scheme}")
    for word in ("J18", "DRG", "E11.65", "ICD"):
        assert word not in await page.content()
    await page.get_by_role("radio").last.check()
    await page.get_by_role("button", name="Answer").click()
    await expect(page.get_by_role("status").first).to_contain_text("Thank you")
    await expect(page.get_by_text("answered")).to_be_visible()
    assert await workbench.pool.fetchval("select state from coder.query") == "answered"
    await page.goto(f"{workbench.url}codes")
    await expect(page.get_by_role("heading", level=1)).to_have_text("This is not possible")


@pytest.mark.parametrize("where", ["log", "differences", "figures", "changes"])
async def test_empty_pages_are_accessible(page: Page, workbench: Workbench, where: str) -> None:
    await sign_in(page, workbench, where=where)
    await require_accessible(page)
