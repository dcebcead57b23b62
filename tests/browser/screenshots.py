"""Pictures of every screen at three widths in both themes, for people to look at.

python -m tests.browser.screenshots FOLDER
"""

import asyncio
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from playwright.async_api import BrowserContext, Page

from tests.browser.chromium import MISSING, path_of_chromium, running_browser
from tests.browser.screens import SIGN_IN, screens, sign_in
from tests.browser.story import tell
from tests.serving import running_server

WIDTHS = (360, 800, 1440)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
HEIGHT = 900


def main(folder: Path) -> None:
    """Start a service with the story, and take the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ol-") as data_dir, running_server(Path(data_dir)) as server:
        assert server.key
        asyncio.run(take(folder, server.url, server.key, screens(tell(server))))


async def take(folder: Path, url: str, key: str, paths: Mapping[str, str]) -> None:
    """All pictures into a folder."""
    async with running_browser() as browser:
        signed_in = await sign_in(browser, url, key)
        for theme in THEMES:
            context = await browser.new_context(base_url=url, color_scheme=theme, storage_state=signed_in)
            await _pictures_of(context, folder, theme, paths)
            await context.close()
            context = await browser.new_context(base_url=url, color_scheme=theme)
            await _pictures_of(context, folder, theme, {"sign-in": SIGN_IN})
            await context.close()


async def _pictures_of(context: BrowserContext, folder: Path, theme: str, paths: Mapping[str, str]) -> None:
    page = await context.new_page()
    for name, path in paths.items():
        await page.goto(path)
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": HEIGHT})
            await _picture(page, folder / f"{name}-{width}-{theme}.png")
    if "orders" in paths:
        await page.goto(paths["orders"])
        await page.click(".menu summary")
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": HEIGHT})
            await _picture(page, folder / f"menu-{width}-{theme}.png")
    await page.close()


async def _picture(page: Page, path: Path) -> None:
    await page.screenshot(path=path, full_page=True, animations="disabled")


if __name__ == "__main__":
    if path_of_chromium() is None:
        sys.exit(MISSING)
    main(Path(sys.argv[1]))
