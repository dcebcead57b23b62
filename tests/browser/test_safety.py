"""The way in and out, and text of users that tries to be more than text."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from ledger.sites import KeyKind
from tests.browser.conftest import Visits
from tests.browser.screens import SIGN_IN, order_path
from tests.browser.story import HOSTILE, Story, new_key, revoke
from tests.serving import Server

pytestmark = pytest.mark.usefixtures("story")


async def _sign_in(page: Page, key: str) -> None:
    await page.fill("#key", key)
    await page.click("button")


async def test_a_wrong_key_is_told_and_the_right_one_leads_to_what_was_wanted(visits: Visits, story: Story) -> None:
    page = await visits.page(is_signed_in=False)
    await page.goto("/console/activity?q=actor:shop-prod")
    await page.wait_for_url(f"**{SIGN_IN}?next=*")
    assert await page.evaluate("document.activeElement.id") == "key"
    await _sign_in(page, "test_this_is_no_key")
    await expect(page.locator("[role=alert]")).to_contain_text("Nobody has this key")
    await expect(page.locator("#key")).to_have_value("")
    await _sign_in(page, story.full_key)
    await page.wait_for_url("**/console/activity?q=actor:shop-prod")


async def test_whoever_signs_out_is_out_also_with_the_back_button(visits: Visits, story: Story) -> None:
    page = await visits.page(is_signed_in=False)
    await page.goto(SIGN_IN)
    await _sign_in(page, story.reader_key)
    await page.wait_for_url("**/console/orders")
    await page.click(".menu summary")
    await expect(page.locator(".sheet")).to_contain_text("auditor, read only")
    await page.click("text=Sign out")
    await page.wait_for_url(f"**{SIGN_IN}")
    await page.go_back()
    await page.wait_for_url(f"**{SIGN_IN}*")
    await expect(page.locator("#key")).to_be_visible()


async def test_scripts_cannot_read_the_session(page: Page) -> None:
    await page.goto("/console/orders")
    assert "order_ledger_console" not in await page.evaluate("document.cookie")
    cookies = await page.context.cookies()
    [session] = [cookie for cookie in cookies if cookie["name"] == "order_ledger_console"]
    assert (session["httpOnly"], session["sameSite"]) == (True, "Lax")


async def test_a_key_that_is_revoked_ends_its_session(visits: Visits, server: Server) -> None:
    key = await asyncio.to_thread(new_key, server, "leaver", KeyKind.READ_ONLY)
    page = await visits.page(is_signed_in=False)
    await page.goto(SIGN_IN)
    await _sign_in(page, key)
    await page.wait_for_url("**/console/orders")
    await asyncio.to_thread(revoke, server, "leaver")
    # A server remembers a key for a moment.
    while "/sign-in" not in page.url:
        await page.goto("/console/health")
    await expect(page.locator("#key")).to_be_visible()


@pytest.mark.parametrize("tab", ["diff", "state", "raw"])
async def test_a_hostile_order_is_only_text(page: Page, tab: str) -> None:
    # Dialogs, errors of scripts and breaches of the policy fail every test (conftest).
    await page.goto("/console/orders")
    await page.click(f"a:text-is({_quoted(HOSTILE)})")
    await expect(page.locator("h1")).to_contain_text(HOSTILE)
    await page.goto(order_path(HOSTILE, tab=tab))
    await expect(page.locator("section.version")).to_contain_text("<script>document.title")
    await expect(page.locator("section.version")).to_contain_text("\\u202e")
    assert "\u202e" not in await page.locator("body").inner_text()
    assert "script ran" not in await page.title()
    assert await page.locator("main script, main img, main b, main i, main u").count() == 0


async def test_a_script_in_the_page_would_not_run(visits: Visits) -> None:
    page = await visits.page()
    await page.goto("/console/orders")
    await page.evaluate(
        "() => { const script = document.createElement('script'); script.textContent = 'window.ran = true';"
        " document.body.append(script); }"
    )
    assert await page.evaluate("window.ran") is None
    [breach] = visits.watch.seen
    assert "Content Security Policy" in breach
    visits.watch.seen.clear()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
