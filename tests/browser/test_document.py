"""docs/console.md says what is seen: its steps are taken in a browser, key by key."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.screens import press
from tests.browser.story import CANCELLED, DOCUMENT, Story

pytestmark = pytest.mark.usefixtures("story")


def said(words: str) -> str:
    """Words that the document has, whatever lines and marks they stand in."""
    text = re.sub(r"[*`\s]+", " ", DOCUMENT.read_text(encoding="utf-8"))
    assert words in text, f"{words} is not in the document"
    return words


async def test_the_story_of_the_document_is_what_is_seen(page: Page, story: Story) -> None:
    await page.goto("/console")
    await press(page, "Control+k")
    await page.keyboard.type(CANCELLED)
    await press(page, "Enter")

    version = page.locator("section.version")
    heading = version.locator("h2").first
    await expect(heading).to_have_text(
        said('Cancelled: product unsatisfactory, notes for the customer "came too late"')
    )
    await expect(version).to_contain_text(said("POST /api/v2/orders/7/cancel"))
    await expect(version).to_contain_text(said("shop-prod"))

    await press(page, "[")
    await expect(heading).to_have_text(said("On hold, before queued, note"))
    await expect(version).to_contain_text(said("the carrier cannot find the street"))

    await press(page, "[")
    await expect(heading).to_have_text(said("Updated: shipping address (line1, city)"))
    await expect(page.locator(".versions")).to_contain_text("version 4 of 6")
    await expect(version).to_contain_text(said("support-desk"))
    city = version.locator("tr").filter(has_text="shipping_address.city")
    await expect(city.locator("del")).to_have_text(said("Hamburg"))
    await expect(city.locator("ins")).to_have_text(said("Springfield"))

    await page.click(f"text={said('Show what was refused')}")
    await expect(page.locator(".timeline")).to_contain_text(
        said("Refused: resend, A cancelled order cannot be resent.")
    )

    await page.goto(f"/console/orders?at=%23{story.before_cancelling}")
    await expect(page.locator(f'[data-row][id="{CANCELLED}"]')).to_contain_text(said("on hold"))


async def test_every_key_of_the_list_is_in_the_document(page: Page) -> None:
    await page.goto("/console/help")
    keys = await page.locator("main dt").all_inner_texts()
    assert len(keys) > 8
    for key in " ".join(keys).replace("Ctrl K", "Ctrl-K").split():
        assert f"`{key}`" in DOCUMENT.read_text(encoding="utf-8"), key
