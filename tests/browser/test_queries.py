"""Queries and second opinions in the workbench: by keyboard, linted while one writes, accessible."""

import json

import pytest
from playwright.async_api import Page, expect

from shared.contracts.topics import Topic
from tests.browser.conftest import Workbench
from tests.browser.test_workbench import coloured, complaints, open_chart, require_accessible, take_picture

__all__ = ["coloured", "complaints"]


async def write_over(page: Page, words: str) -> None:
    """Replace what the focused field has."""
    await page.keyboard.press("Control+A")
    await page.keyboard.type(words)


async def test_a_query_that_the_linter_refuses_is_mended_and_sent_by_keyboard(
    page: Page, workbench: Workbench, complaints: list[str]
) -> None:
    chart_id = await open_chart(page, workbench)
    await page.keyboard.press("q")
    await expect(page).to_have_title("Query · Chartline")
    title = page.get_by_label("Title")
    await expect(title).to_be_focused()
    findings = page.locator("#findings")
    await expect(findings).to_contain_text("Keeps every rule")
    await expect(page.locator(".indicators-offered li").first).to_contain_text("Community-acquired pneumonia")

    await write_over(page, "Sepsis due to gram-negative pneumonia")
    await expect(findings).to_contain_text("title-undocumented")
    await expect(findings).to_contain_text("AHIMA/ACDIS")
    await page.keyboard.press("Tab")
    await write_over(page, "Please document the organism.")
    await expect(findings).to_contain_text("not-leading")
    await take_picture(page, "query")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[data-refusal]")).to_contain_text("Not sent")
    await expect(page.locator("[data-refusal]")).to_be_focused()
    assert await workbench.pool.fetchval("select count(*) from coder.outbox where topic = $1", Topic.QUERY_REQUEST) == 0

    await page.keyboard.press("Tab")
    while not await title.evaluate("field => field === document.activeElement"):
        await page.keyboard.press("Tab")
    await write_over(page, "Clarification of the lung findings")
    await page.keyboard.press("Tab")
    await write_over(page, "Can the organism be specified, in your clinical judgement?")
    await expect(findings).to_contain_text("Keeps every rule")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("The query is sent")).to_be_visible()
    await expect(page.locator("tbody tr")).to_contain_text("sent")

    sent = await workbench.pool.fetchval("select value from coder.outbox where topic = $1", Topic.QUERY_REQUEST)
    task = json.loads(sent)["entry"][0]["resource"]
    assert task["description"] == "Clarification of the lung findings"
    assert await workbench.pool.fetchval("select state from coder.work_item where chart_id = $1", chart_id) == "on-hold"
    assert [said for said in complaints if "422" not in said] == []


async def test_words_of_the_chart_are_cited_and_answers_supported(page: Page, workbench: Workbench) -> None:
    chart_id = await open_chart(page, workbench)
    await page.goto(f"{workbench.url}charts/{chart_id}/queries/new")
    findings = page.locator("#findings")
    await expect(findings).to_contain_text("there is no title")
    await page.get_by_label("Quote").fill("Crackles over the lower right lung")
    await page.keyboard.press("Enter")
    cited = page.locator(".indicators-offered li", has_text="Crackles")
    await expect(cited.get_by_role("checkbox")).to_be_checked()
    await page.get_by_label("Title").fill("Clarification of the lung findings")
    await page.get_by_label("Question").fill("Which organism, in your clinical judgement?")
    await page.get_by_label("Answers", exact=True).select_option("choice")
    await page.get_by_label("Answer 1", exact=True).fill("Bacterial pneumonia")
    await expect(findings).to_contain_text("options-supported")
    await page.get_by_label("Indicators that support answer 1").fill("1")
    await expect(findings).to_contain_text("no cited indicator supports")
    await page.get_by_label("Indicators that support answer 1").fill("1 2")
    await page.locator("#cite-1").check()
    await expect(findings).to_contain_text("it has no date")
    await page.get_by_label("Documented or measured on").fill("2026-09-01")
    await page.get_by_label("Answer 2", exact=True).fill("Other")
    await expect(findings).to_contain_text("unable to determine")
    await page.get_by_role("button", name="Check").click()
    await page.get_by_label("Answer 3", exact=True).fill("Unable to determine")
    await expect(findings).to_contain_text("Keeps every rule")
    await page.get_by_role("button", name="Keep as draft").click()
    await expect(page.locator("tbody tr")).to_contain_text("draft")
    await page.get_by_role("link", name="Clarification of the lung findings").click()
    await expect(page.get_by_label("Answer 3", exact=True)).to_have_value("Unable to determine")


async def test_a_colleague_is_asked_and_what_is_a_query_is_refused(page: Page, workbench: Workbench) -> None:
    await open_chart(page, workbench)
    await page.keyboard.press("t")
    await expect(page).to_have_title("Second opinions · Chartline")
    await page.get_by_label("Name").fill("bob")
    await page.get_by_label("About the words").fill("Type 2 diabetes, glucose 214")
    await page.get_by_label("Note").fill("Dr. Welby, is it hyperglycemia?")
    await page.get_by_role("button", name="Ask").click()
    await expect(page.locator("[data-refusal]")).to_contain_text("Write a query")
    await expect(page.get_by_label("Name")).to_have_value("bob")
    await page.get_by_label("Note").fill("Is one value enough for E11.65?")
    await page.get_by_role("button", name="Ask").click()
    await expect(page.locator("blockquote")).to_have_text("Type 2 diabetes, glucose 214")
    await page.get_by_label("Answer").fill("The plan treats it.")
    await page.get_by_role("button", name="Answer").click()
    await expect(page.locator(".thread li")).to_have_count(2)
    await page.get_by_role("button", name="Close").click()
    await expect(page.locator(".thread")).to_contain_text("closed")


@pytest.mark.parametrize("where", ["queries", "queries/new", "queries/new?template=cause", "threads"])
async def test_the_pages_of_questions_are_accessible(coloured: Page, workbench: Workbench, where: str) -> None:
    page = coloured
    chart_id = await open_chart(page, workbench)
    await page.goto(f"{workbench.url}charts/{chart_id}/{where}")
    await require_accessible(page)


async def test_a_sent_query_and_its_thread_are_accessible_and_show_their_record(
    coloured: Page, workbench: Workbench
) -> None:
    page = coloured
    chart_id = await open_chart(page, workbench)
    await page.keyboard.press("q")
    await expect(page.get_by_label("Title")).to_be_focused()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("The query is sent")).to_be_visible()
    await require_accessible(page)
    await page.locator("tbody a").click()
    await expect(page.locator("tbody")).to_contain_text("sent")
    await require_accessible(page)
    await page.goto(f"{workbench.url}charts/{chart_id}")
    await expect(page.locator("#decisions")).to_contain_text("waits for the clinician")
    await require_accessible(page)
