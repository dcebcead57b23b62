"""The past of a list and of an order, and what is new meanwhile."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, Route, expect

from tests.acceptance.raw_orders import RawOrders
from tests.browser.screens import order_path, press
from tests.browser.story import BUSY, CANCELLED, Story, new_order

pytestmark = pytest.mark.usefixtures("story")


async def test_the_list_goes_back_in_time_and_comes_back(page: Page, story: Story) -> None:
    await page.goto("/console/orders")
    row = page.locator(f'[data-row][id="{CANCELLED}"]')
    await expect(row).to_contain_text("cancelled")
    await page.fill("#at", f"#{story.before_cancelling}")
    await page.click("form.filter button")
    await expect(row).to_contain_text("on hold")
    await page.click("text=Back to now")
    await expect(row).to_contain_text("cancelled")


async def test_the_slider_shows_another_version_and_keeps_the_tab(page: Page) -> None:
    await page.goto(order_path(CANCELLED, tab="state"))
    slider = page.locator("[data-slider]")
    await slider.focus()
    await slider.press("Home")
    await expect(page.locator(".versions strong")).to_have_text("1")
    await expect(page.locator(".document")).to_contain_text('status: "queued"')
    assert "v=1" in page.url
    assert "tab=state" in page.url
    # What was put in its place can be slid too, and the keys go on working.
    await expect(page.locator("[data-slider]")).to_be_visible()
    await press(page, "]")
    await expect(page.locator(".versions strong")).to_have_text("2")


async def test_the_slider_keeps_the_focus_so_that_it_can_go_on(page: Page) -> None:
    await page.goto(order_path(CANCELLED))
    await page.locator("[data-slider]").focus()
    await press(page, "ArrowLeft")
    await expect(page.locator(".versions strong")).to_have_text("5")
    await press(page, "ArrowLeft")
    await expect(page.locator(".versions strong")).to_have_text("4")


async def _open_where_time_stands_still(page: Page, path: str) -> None:
    """It goes on when the test says so: a busy machine may be slower than the play button."""
    await page.clock.install()
    await page.goto(path)
    await page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))


async def test_play_goes_through_all_versions_to_the_newest(page: Page) -> None:
    await _open_where_time_stands_still(page, order_path(CANCELLED))
    await page.click("[data-play]")
    for version in range(1, 7):
        await expect(page.locator(".versions strong")).to_have_text(str(version))
        if version < 6:
            await expect(page.locator("[data-play]")).to_have_text("Stop")
        await page.clock.run_for(1_000)
    await expect(page.locator("[data-play]")).to_have_text("Play")


async def test_play_can_be_stopped_and_begun_again(page: Page) -> None:
    await _open_where_time_stands_still(page, order_path(BUSY))
    await page.click("[data-play]")
    await expect(page.locator(".versions strong")).to_have_text("1")
    await page.click("[data-play]:has-text('Stop')")
    await expect(page.locator("[data-play]")).to_have_text("Play")
    await page.clock.run_for(5_000)
    await expect(page.locator(".versions strong")).to_have_text("1")
    await page.click("[data-play]")
    await expect(page.locator(".versions strong")).to_have_text("2")


async def test_two_versions_are_compared(page: Page) -> None:
    await page.goto("/console/compare")
    await page.fill("#a", CANCELLED)
    await page.fill("#at", "3")
    await page.fill("#bt", "4")
    await page.click("text=Compare >> nth=-1")
    rows = page.locator(".diff tbody tr")
    await expect(rows.filter(has_text="shipping_address.city")).to_contain_text("Springfield")
    await expect(rows.filter(has_text="status")).to_have_count(0)


@pytest.mark.parametrize("screen", ["/console/orders", "/console/activity"])
async def test_the_pill_tells_of_what_is_new_and_moves_nothing(page: Page, orders: RawOrders, screen: str) -> None:
    async with page.expect_request("**/activity/stream*"):
        await page.goto(screen)
    await press(page, "j")
    await press(page, "j")
    chosen = page.locator("[data-row].chosen")
    place, text = await chosen.bounding_box(), await chosen.inner_text()
    pill = page.locator("[data-live]")
    await expect(pill).to_be_hidden()
    made = new_order(orders, f"new-{screen[-5:]}")
    orders.update(made["id"], {"note": "once more"})
    await expect(pill).to_have_text(re.compile(r"^\d+ new changes$"))
    assert await chosen.bounding_box() == place
    assert await chosen.inner_text() == text
    await pill.click()
    await expect(page.locator("main")).to_contain_text(made["id"])


async def test_a_page_that_gets_no_stream_says_so_and_the_rest_of_it_works(page: Page) -> None:
    refused = "**/activity/stream*"
    await page.route(refused, lambda route: route.fulfill(status=429, body="too many"))
    await page.goto("/console/orders")
    await expect(page.locator("[data-live]")).to_have_text("New changes are not counted: look again")
    await press(page, "j")
    await expect(page.locator("[data-row].chosen")).to_have_count(1)


async def test_the_pill_counts_from_the_moment_that_the_page_was_made(page: Page, orders: RawOrders) -> None:
    async def late(route: Route) -> None:
        # What happens before the stream is there is not in the page, and not lost.
        new_order(orders, "between")
        await route.continue_()

    await page.route("**/activity/stream*", late, times=1)
    await page.goto("/console/orders")
    await expect(page.locator("[data-live]")).to_have_text(re.compile(r"^\d+ new changes?$"))


async def test_the_badge_turns_green_once_the_events_are_anchored(page: Page, orders: RawOrders) -> None:
    new_order(orders, "fresh")

    async def verdict() -> str:
        await page.goto(order_path("fresh"))
        return await page.locator(".badge").inner_text()

    seen = {await verdict()}
    while "verified" not in seen:
        seen.add(await verdict())
    assert seen <= {"not anchored yet", "verified"}
    await expect(page.locator(".standing")).to_contain_text("checked against the anchored checkpoint")
