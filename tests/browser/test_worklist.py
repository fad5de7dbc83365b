"""The worklist by keyboard: lists, holds, and charts that arrive while somebody looks at it."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from services.coder.queue_models import WorklistRequest
from services.coder.work_item import State
from tests.browser.conftest import Workbench
from tests.browser.test_workbench import complaints, open_chart, require_accessible, sign_in

__all__ = ["complaints"]


async def state_of(workbench: Workbench) -> State:
    return State(await workbench.pool.fetchval("select state from coder.work_item"))


async def hold_by_keyboard(page: Page) -> None:
    """Put the chart that is open on hold until tomorrow."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    await page.keyboard.press("h")
    await expect(page.get_by_label("Waits for")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.get_by_label("Look again on").fill(tomorrow.isoformat())
    await page.get_by_label("Note").fill("pathology")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").first).to_contain_text("on hold")


async def test_a_hold_is_placed_and_lifted_and_the_chart_is_open_again(
    page: Page, workbench: Workbench, complaints: list[str]
) -> None:
    await open_chart(page, workbench)
    await hold_by_keyboard(page)
    assert await state_of(workbench) is State.ON_HOLD
    await page.keyboard.press("n")
    await expect(page.get_by_role("status").first).to_have_text("Nothing is open now.")
    await workbench.pool.execute("update coder.hold set review_on = review_on - 2")
    await page.goto(workbench.url)
    await expect(page.get_by_role("heading", name="Holds to look at again")).to_be_visible()
    await require_accessible(page)
    await page.get_by_role("button", name="Lift the hold").press("Enter")
    await expect(page.get_by_role("status").first).to_have_text("The hold is lifted.")
    assert await state_of(workbench) is State.OPEN
    assert not complaints


async def test_lists_are_stepped_through_and_opened_by_keyboard(page: Page, workbench: Workbench) -> None:
    await workbench.cases.worklists.create(
        WorklistRequest(title="Clinic", service_lines=("clinic", "inpatient"), position=1), "clinic"
    )
    await workbench.bring_chart()
    await sign_in(page, workbench)
    await expect(page.get_by_role("list").filter(has_text="dollars at stake")).to_be_visible()
    await page.keyboard.press("j")
    await expect(page.locator("#list-all")).to_be_focused()
    await page.keyboard.press("j")
    await expect(page.locator("#list-clinic")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#list-clinic")).to_have_attribute("aria-current", "page")
    await expect(page.locator("#list-clinic")).to_contain_text("1 open")
    await page.get_by_label("Charts that are").select_option("on-hold")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_text("No chart is on hold here.")).to_be_visible()


@pytest.mark.parametrize("focused", ["list-all", None])
async def test_a_chart_that_arrives_is_shown_where_the_coder_is(
    page: Page, workbench: Workbench, focused: str | None
) -> None:
    await sign_in(page, workbench)
    await expect(page.get_by_text("No chart is open here.")).to_be_visible()
    if focused:
        await page.locator(f"#{focused}").focus()
    listening = "select count(*) from pg_stat_activity where query ilike 'listen %'"
    assert await workbench.pool.fetchval(listening) == 1
    await workbench.bring_chart()
    await expect(page.get_by_text("No chart is open here.")).to_have_count(0, timeout=20_000)
    await expect(page.locator("#said")).to_have_text("The worklist has changed.")
    if focused:
        await expect(page.locator(f"#{focused}")).to_be_focused()


async def test_working_on_a_page_keeps_the_chart_and_its_end_is_told(page: Page, workbench: Workbench) -> None:
    await page.clock.install()
    chart_id = await open_chart(page, workbench)
    await workbench.pool.execute("update coder.work_item set lease_expires_at = now() + interval '10 minutes'")
    before = await workbench.pool.fetchval("select lease_expires_at from coder.work_item")
    await page.keyboard.press("j")
    assert await workbench.pool.fetchval("select lease_expires_at from coder.work_item") == before
    await page.clock.fast_forward(61_000)
    async with page.expect_response(lambda answer: answer.url.endswith(f"/{chart_id}/lease")):
        await page.keyboard.press("j")
    assert await workbench.pool.fetchval("select lease_expires_at from coder.work_item") > before
    await workbench.pool.execute("update coder.work_item set lease_holder = 'bob'")
    await page.clock.fast_forward(61_000)
    await page.keyboard.press("k")
    await expect(page.locator("#decisions .over")).to_contain_text("not yours any more")
