"""Every screen of the console by name, with what it shows of the story, and the way in."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from playwright.async_api import Browser, Page

from tests.browser.story import BUSY, CANCELLED, DINAR, HOSTILE, ORIGINAL, YEN, Story

SIGN_IN = "/console/sign-in"


def order_path(order_id: str, **query: object) -> str:
    """Path of an order's screen."""
    return f"/console/orders/{quote(order_id, safe='')}" + (f"?{urlencode(query)}" if query else "")


def screens(story: Story) -> Mapping[str, str]:
    """Paths for who is signed in."""
    return {
        "orders": "/console/orders",
        "orders-filtered": "/console/orders?q=status:cancelled+-type:manual",
        "orders-as-of": f"/console/orders?at=%23{story.before_cancelling}",
        "orders-empty": "/console/orders?q=status:returned",
        "orders-refused": "/console/orders?q=colour:red",
        "order": order_path(CANCELLED),
        "order-state": order_path(CANCELLED, v=4, tab="state"),
        "order-raw": order_path(CANCELLED, tab="raw", refused="yes"),
        "order-busy": order_path(BUSY),
        "order-hostile": order_path(HOSTILE),
        "order-caused": order_path(ORIGINAL),
        "event": f"/console/events/{story.cause}",
        "compare": "/console/compare",
        "compare-versions": f"/console/compare?a={CANCELLED}&at=1",
        "compare-orders": f"/console/compare?a={YEN}&b={DINAR}",
        "activity": "/console/activity",
        "request": f"/console/requests/{story.refused_request}",
        "invoice": "/console/invoices/inv_0002",
        "invoice-dinar": "/console/invoices/inv_0008",
        "webhooks": "/console/webhooks",
        "webhooks-resend": f"/console/webhooks/resend?event={story.failed_event}",
        "health": "/console/health",
        "palette": "/console/go",
        "palette-not-found": "/console/go?to=nothing",
        "help": "/console/help",
        "missing": order_path("there-is-none"),
    }


async def press(page: Page, *keys: str) -> None:
    """Press keys as soon as the scripts of a page that somebody has come to can hear them."""
    for key in keys:
        await page.wait_for_load_state()
        await page.keyboard.press(key)


async def sign_in(browser: Browser, url: str, key: str) -> Any:
    """Sign in with a key; returns what the browser keeps of it, for further contexts."""
    context = await browser.new_context(base_url=url)
    page = await context.new_page()
    await page.goto(SIGN_IN)
    await page.fill("#key", key)
    await page.click("button")
    await page.wait_for_url("**/console/orders")
    state = await context.storage_state()
    await context.close()
    return state
