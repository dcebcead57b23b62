"""The Chromium of the machine, driven by Playwright: no browser is downloaded."""

import contextlib
import shutil
from collections.abc import AsyncIterator

from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = f"no browser found ({', '.join(NAMES)}): on Debian, apt-get install chromium"


def path_of_chromium() -> str | None:
    """Where one is installed."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextlib.asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """A headless browser, ended with the block."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path_of_chromium())
        try:
            yield browser
        finally:
            await browser.close()
