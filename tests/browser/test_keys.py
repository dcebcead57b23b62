"""Every key of the console does what the list of keys says it does, and none of them while somebody types."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.screens import order_path, press
from tests.browser.story import CANCELLED, Story

pytestmark = pytest.mark.usefixtures("story")

CHOSEN = "[data-row].chosen"
FOCUSED = "document.activeElement.id"


async def test_slash_goes_to_the_filter_and_escape_leaves_it(page: Page) -> None:
    await page.goto("/console/orders")
    await press(page, "/")
    assert await page.evaluate(FOCUSED) == "q"
    await page.keyboard.type("status:queued j d ?")
    await expect(page.locator("#q")).to_have_value("status:queued j d ?")
    await press(page, "Escape")
    assert await page.evaluate(FOCUSED) == ""


async def test_j_and_k_walk_the_rows_and_enter_opens_one(page: Page) -> None:
    await page.goto("/console/orders?q=sort:created")
    rows = page.locator("[data-row]")
    await press(page, "j")
    await press(page, "j")
    await expect(page.locator(CHOSEN)).to_have_count(1)
    second = await rows.nth(1).get_attribute("id")
    await expect(page.locator(CHOSEN)).to_have_attribute("id", str(second))
    await press(page, "k")
    await press(page, "k")
    first = await rows.nth(0).locator("a").get_attribute("href")
    await expect(rows.nth(0)).to_contain_class("chosen")
    await press(page, "Enter")
    await page.wait_for_url(f"**{first}")


async def test_brackets_go_to_the_versions_before_and_after(page: Page) -> None:
    await page.goto(order_path(CANCELLED))
    await press(page, "[")
    await expect(page.locator(".versions strong")).to_have_text("5")
    await press(page, "[")
    await expect(page.locator(".versions strong")).to_have_text("4")
    await press(page, "]")
    await expect(page.locator(".versions strong")).to_have_text("5")


@pytest.mark.parametrize(("key", "tab"), [("d", "diff"), ("s", "state"), ("r", "raw")])
async def test_d_s_and_r_choose_the_tab(page: Page, key: str, tab: str) -> None:
    await page.goto(order_path(CANCELLED, v=3, tab="raw" if tab != "raw" else "diff"))
    await press(page, key)
    await page.wait_for_url(f"**v=3&tab={tab}")
    await expect(page.locator(f"[data-key={key}]")).to_have_attribute("aria-current", "true")


async def test_t_asks_for_a_time(page: Page, story: Story) -> None:
    await page.goto("/console/orders")
    await press(page, "t")
    await page.keyboard.type(f"#{story.before_cancelling}")
    await press(page, "Enter")
    await expect(page.locator(".past")).to_contain_text(f"As of #{story.before_cancelling}")


async def test_t_goes_to_the_version_that_an_order_had_then(page: Page, story: Story) -> None:
    await page.goto(order_path(CANCELLED, tab="state"))
    await press(page, "t")
    await page.keyboard.type(f"#{story.before_cancelling}")
    await press(page, "Enter")
    await page.wait_for_url("**v=5&tab=state")
    await expect(page.locator(".versions strong")).to_have_text("5")


async def test_t_shows_the_activity_up_to_a_moment(page: Page, story: Story) -> None:
    await page.goto("/console/activity")
    await press(page, "t")
    await page.keyboard.type(f"#{story.before_cancelling}")
    await press(page, "Enter")
    await expect(page.locator("[data-row]").first).to_have_attribute("id", f"p{story.before_cancelling}")


async def test_whoever_comes_back_to_a_list_finds_the_row_that_he_left_it_by(page: Page) -> None:
    await page.goto("/console/orders?q=sort:created")
    await press(page, "j")
    await press(page, "j")
    left_by = await page.locator(CHOSEN).get_attribute("id")
    await press(page, "Enter")
    await page.wait_for_url("**/console/orders/*")
    await page.go_back()
    await expect(page.locator(CHOSEN)).to_have_attribute("id", str(left_by))


async def test_y_copies_the_link_of_what_is_shown(page: Page) -> None:
    await page.goto(order_path(CANCELLED, v=3, tab="state"))
    await press(page, "y")
    await expect(page.locator("footer")).to_contain_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == page.url


async def test_v_goes_to_the_proof(page: Page) -> None:
    await page.goto(order_path(CANCELLED))
    await press(page, "v")
    await page.wait_for_url("**#proof")
    await expect(page.locator("#proof")).to_be_in_viewport()


async def test_the_question_mark_shows_the_keys_and_escape_puts_them_away(page: Page) -> None:
    await page.goto(order_path(CANCELLED))
    await press(page, "?")
    await expect(page.locator("dialog#keys")).to_be_visible()
    await expect(page.locator("dialog#keys")).to_contain_text("next and previous row")
    await press(page, "Escape")
    await expect(page.locator("dialog#keys")).to_be_hidden()


async def test_control_k_goes_to_any_id_also_while_somebody_types(page: Page) -> None:
    await page.goto("/console/orders")
    await press(page, "/")
    await press(page, "Control+k")
    await page.keyboard.type("inv_0002")
    await press(page, "Enter")
    await page.wait_for_url("**/console/invoices/inv_0002")
    await press(page, "Control+k")
    await page.keyboard.type(CANCELLED)
    await press(page, "Enter")
    await page.wait_for_url(f"**{order_path(CANCELLED)}")


async def test_escape_closes_the_menu_of_the_visitor(page: Page) -> None:
    await page.goto("/console/orders")
    await page.click(".menu summary")
    await expect(page.locator(".sheet")).to_be_visible()
    await press(page, "Escape")
    await expect(page.locator(".sheet")).to_be_hidden()


async def test_whatever_has_the_focus_shows_it(page: Page) -> None:
    await page.goto(order_path(CANCELLED))
    for _ in range(20):
        await press(page, "Tab")
        outline = await page.evaluate(
            "(({outlineStyle, outlineWidth}) => [outlineStyle, parseFloat(outlineWidth)])"
            "(getComputedStyle(document.activeElement))"
        )
        assert outline[0] != "none", await page.evaluate("document.activeElement.outerHTML")
        assert outline[1] >= 2
