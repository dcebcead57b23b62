"""The few actions of the console: each asks first, and a key that only reads is not offered any."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Visits
from tests.browser.screens import SIGN_IN
from tests.browser.story import CANCELLED, Story

_ACTIONS = "main form[method=post], main button:enabled:not([data-play], [data-copy], form:not([method=post]) *)"


async def test_a_delivery_that_failed_is_made_again_after_a_preview(page: Page, story: Story) -> None:
    await page.goto("/console/webhooks")
    await page.check(f"[value={story.failed_event}]")
    await page.click("text=Deliver the chosen again")
    await expect(page.locator("main li")).to_contain_text(story.failed_event)
    await page.click("button:text-is('Deliver again')")
    await expect(page.locator("[role=status]")).to_have_text("1 delivery is due now.")


async def test_the_whole_site_is_verified_and_the_report_is_in_words(page: Page, story: Story) -> None:
    assert story
    await page.goto("/console/health")
    await page.click("text=Verify the whole log and every view")
    await page.wait_for_url("**/console/health#verification")
    again = page.locator("text=Look again")
    while await again.count():
        await page.reload()
    await expect(page.locator("main")).to_contain_text("Sound, ")


async def test_a_key_that_only_reads_is_offered_no_action(visits: Visits, story: Story) -> None:
    page = await visits.page(is_signed_in=False)
    await page.goto(SIGN_IN)
    await page.fill("#key", story.reader_key)
    await page.click("button")
    await page.wait_for_url("**/console/orders")
    for path in ("/console/webhooks", "/console/health", f"/console/orders/{CANCELLED}"):
        await page.goto(path)
        await expect(page.locator(_ACTIONS)).to_have_count(0)


@pytest.mark.parametrize(
    ("link", "name"),
    [
        ("Evidence bundle", "order-7-evidence.zip"),
        ("Proof of the order", "order-7-proof.txt"),
    ],
)
async def test_what_proves_an_order_is_downloaded(page: Page, story: Story, link: str, name: str) -> None:
    assert story
    await page.goto(f"/console/orders/{CANCELLED}")
    async with page.expect_download() as begun:
        await page.click(f"text={link}")
    download = await begun.value
    assert download.suggested_filename == name
    assert await download.failure() is None
