"""Every screen in a real browser: it shows what it is for, in both themes, at every width, with and without scripts."""

from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.browser.conftest import Visits
from tests.browser.screens import SIGN_IN, order_path, press, screens
from tests.browser.story import BUSY, BUSY_VERSIONS, CANCELLED, DINAR, YEN, Story

SHOWN = {
    "orders": "All that the filter finds",
    "orders-filtered": "status:cancelled",
    "orders-as-of": "Back to now",
    "orders-empty": "No order is like this",
    "orders-refused": "no qualifier colour",
    "order": "Who and how",
    "order-state": "Springfield",
    "order-raw": "Refused: resend",
    "order-busy": "times",
    "order-hostile": "<script>",
    "compare": "A moment is",
    "compare-versions": "version 1",
    "activity": "What can be typed",
    "request": "nothing changed",
    "invoice": "How the money is split",
    "invoice-dinar": "KWD",
    "webhooks": "Deliver the chosen again",
    "webhooks-resend": "1 call would be made",
    "health": "What follows the log",
    "palette": "Go to",
    "palette-not-found": "Nothing here is called nothing",
    "help": "next and previous row",
    "missing": "Back to the orders",
}
NARROW, HEIGHT = 360, 740
# These have the parts of another one, with other words in them.
_LOOK_LIKE_ANOTHER = {
    "orders-filtered",
    "orders-empty",
    "order-state",
    "order-busy",
    "order-hostile",
    "invoice-dinar",
    "compare",
    "palette",
}


async def open_all(page: Page, story: Story) -> Any:
    """Each screen in turn, with its name."""
    for name, path in screens(story).items():
        await page.goto(path)
        yield name


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_every_screen_shows_what_it_is_for(visits: Visits, story: Story, scripts: bool) -> None:
    page = await visits.page(java_script_enabled=scripts)
    async for name in open_all(page, story):
        await expect(page.locator("main"), name).to_contain_text(SHOWN[name])
        await expect(page.locator("header.bar nav a"), name).to_have_count(5)


async def test_no_screen_is_wider_than_a_telephone(visits: Visits, story: Story) -> None:
    page = await visits.page(viewport={"width": NARROW, "height": HEIGHT})
    widths = {name: await page.evaluate("document.documentElement.scrollWidth") async for name in open_all(page, story)}
    assert {name: width for name, width in widths.items() if width > NARROW} == {}


async def test_axe_finds_nothing_serious_on_any_screen(visits: Visits, story: Story) -> None:
    await _axe(visits, story, {"resultTypes": ["violations"]}, color_scheme="light")


async def test_axe_finds_enough_contrast_in_the_dark_and_no_trap_on_a_telephone(visits: Visits, story: Story) -> None:
    # What depends on colours and on the width; the rest is the same in both themes.
    rules = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
    viewport = {"width": NARROW, "height": HEIGHT}
    await _axe(visits, story, {"resultTypes": ["violations"], "runOnly": rules}, color_scheme="dark", viewport=viewport)


async def _axe(visits: Visits, story: Story, options: dict[str, Any], **look: Any) -> None:
    page = await visits.page(**look)
    found: list[str] = []
    for name, path in screens(story).items():
        if name not in _LOOK_LIKE_ANOTHER:
            await page.goto(path)
            found += await _serious(page, name, options)
    await page.goto("/console/orders")
    await page.click(".menu summary")
    found += await _serious(page, "menu", options)
    await press(page, "Escape")
    await press(page, "?")
    found += await _serious(page, "keys", options)
    outside = await visits.page(is_signed_in=False, **look)
    await outside.goto(SIGN_IN)
    found += await _serious(outside, "sign-in", options)
    assert found == []


async def _serious(page: Page, name: str, options: dict[str, Any]) -> list[str]:
    results = await Axe().run(page, options=options)
    return [
        f"{name}: {finding['id']} ({finding['impact']}): {node['html'][:200]} {node.get('failureSummary', '')}"
        for finding in results.response["violations"]
        if finding["impact"] in {"serious", "critical"}
        for node in finding["nodes"][:3]
    ]


async def test_money_has_the_decimals_of_its_currency(page: Page) -> None:
    await page.goto(order_path(YEN))
    await expect(page.locator(".subject strong")).to_have_text("13750 JPY")
    await page.goto(order_path(DINAR))
    await expect(page.locator(".subject strong")).to_have_text("39.608 KWD")
    await page.goto("/console/invoices/inv_0008")
    await expect(page.locator(".subject strong")).to_have_text("39.610 KWD")


async def test_versions_that_say_the_same_are_one_step(page: Page) -> None:
    await page.goto(order_path(BUSY))
    steps = page.locator(".timeline li")
    assert await steps.count() < BUSY_VERSIONS
    await expect(steps.filter(has_text="3 times").first).to_be_visible()


async def test_the_chart_and_the_counts_lead_to_what_they_count(page: Page, story: Story) -> None:
    assert story
    await page.goto("/console/orders")
    await page.click(".counts a:has-text('cancelled')")
    await expect(page.locator(".chips")).to_contain_text("status:cancelled")
    rows = page.locator("[data-row]")
    assert await rows.count() == await rows.filter(has_text="cancelled").count() > 0
    await page.goto("/console/orders")
    await page.locator(".chart a").last.click()
    await expect(page.locator(".chips")).to_contain_text("time:")
    await expect(page.locator(".timeline")).to_contain_text("Cancelled: product unsatisfactory")


async def test_a_chip_takes_its_qualifier_away(page: Page, story: Story) -> None:
    assert story
    await page.goto("/console/orders?q=status:cancelled+-type:manual")
    await page.click(".chips a:has-text('status:cancelled')")
    await expect(page.locator("#q")).to_have_value("-type:manual")


async def test_a_refused_request_tells_why_and_how_to_ask_again(page: Page, story: Story) -> None:
    await page.goto(order_path(CANCELLED))
    await page.click("text=Show what was refused")
    await page.click(".refusal a")
    assert page.url.endswith(f"/console/requests/{story.refused_request}")
    await expect(page.locator(".refused")).to_contain_text("A cancelled order cannot be resent")
    await page.click("text=Copy >> nth=0")
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("curl -u YOUR_KEY: ")
    assert "/api/v2/orders/7/resend" in copied


async def test_chosen_times_and_colours_stay(visits: Visits) -> None:
    page = await visits.page(color_scheme="light")
    await page.goto("/console/orders")
    before = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    await page.click(".menu summary")
    await page.select_option("select[name=theme]", "dark")
    await page.select_option("select[name=times]", "relative")
    await page.click("text=Use these")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    await expect(page.locator(".rows time").first).to_contain_text("ago")
