"""Every screen in a real browser: it shows what it is for, in both themes, at every width, with and without scripts."""

from importlib.resources import files
from typing import Any

from playwright.async_api import Page, ViewportSize, expect

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
    "order-caused": "Invoice inv_0001 recorded",
    "event": "what it led to",
    "compare": "A moment is",
    "compare-versions": "version 1",
    "compare-orders": "39.608 KWD",
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
TELEPHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 720}
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
# Rows of a list are made alike: of many, the first ones are looked at.
_ALIKE = [[".rows tr:nth-of-type(n+6)"], [".timeline li:nth-of-type(n+6)"], [".document .name:nth-of-type(n+6)"]]
# The rules of axe whose findings depend on colours and on the width.
_BY_LOOK = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
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
    "compare-orders",
    "order-caused",
}


async def open_all(page: Page, story: Story) -> Any:
    """Each screen in turn, with its name."""
    for name, path in screens(story).items():
        await page.goto(path)
        yield name


async def test_every_screen_shows_what_it_is_for_without_scripts(visits: Visits, story: Story) -> None:
    page = await visits.page(java_script_enabled=False)
    async for name in open_all(page, story):
        await _shows(page, name)


async def test_every_screen_can_be_read_by_everybody_in_both_themes_and_on_a_telephone(
    visits: Visits, story: Story
) -> None:
    """It shows what it is for, is no wider than a telephone, and axe finds nothing serious: in the light all of axe's
    rules, in the dark and narrow those that depend on colours and width."""
    page = await visits.page(color_scheme="light")
    found: list[str] = []
    for name, path in screens(story).items():
        await page.goto(path)
        await _shows(page, name)
        found += await _findings(page, name)
    await page.goto("/console/orders")
    await page.click(".menu summary")
    found += await _findings(page, "menu")
    await press(page, "Escape")
    await press(page, "?")
    found += await _findings(page, "keys")
    outside = await visits.page(is_signed_in=False, color_scheme="light")
    await outside.goto(SIGN_IN)
    found += await _findings(outside, "sign-in")
    assert found == []


async def _shows(page: Page, name: str) -> None:
    await expect(page.locator("main"), name).to_contain_text(SHOWN[name])
    await expect(page.locator("header.bar nav a"), name).to_have_count(5)


async def _findings(page: Page, name: str) -> list[str]:
    """What is wrong with a screen in the light on a desk, and in the dark on a telephone."""
    if name in _LOOK_LIKE_ANOTHER:
        return await _too_wide(page, name)
    await page.evaluate(AXE)
    found = await _serious(page, name, {"resultTypes": ["violations"]})
    await page.emulate_media(color_scheme="dark")
    found += await _too_wide(page, name, is_left_narrow=True)
    found += await _serious(page, f"{name}, dark and narrow", {"resultTypes": ["violations"], "runOnly": _BY_LOOK})
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(DESK)
    return found


async def _too_wide(page: Page, name: str, *, is_left_narrow: bool = False) -> list[str]:
    await page.set_viewport_size(TELEPHONE)
    width = await page.evaluate("document.documentElement.scrollWidth")
    if not is_left_narrow:
        await page.set_viewport_size(DESK)
    return [f"{name}: {width} pixels wide"] if width > TELEPHONE["width"] else []


async def _serious(page: Page, name: str, options: dict[str, Any]) -> list[str]:
    results = await page.evaluate("([context, options]) => axe.run(context, options)", [{"exclude": _ALIKE}, options])
    return [
        f"{name}: {finding['id']} ({finding['impact']}): {node['html'][:200]} {node.get('failureSummary', '')}"
        for finding in results["violations"]
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
