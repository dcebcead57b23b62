"""A browser and a service with the story, shared by all tests of a process, and a page for each test.

Every page is watched: a script that fails, a dialog, or something that the content security policy stops fails the
test, whatever else it looks at.
"""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request

from tests.acceptance.raw_orders import RawOrders
from tests.browser.chromium import MISSING, path_of_chromium, running_browser
from tests.browser.screens import sign_in
from tests.browser.story import Story, tell
from tests.serving import Server, running_server

_HERE = Path(__file__).parent
# For whatever a page is waited for; two busy cores are slow.
_PATIENCE_MS = 30_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One loop for all of them, since the browser lives in it; or none without a browser."""
    ours = [item for item in items if _HERE in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
        if path_of_chromium() is None:
            item.add_marker(pytest.mark.skip(reason=MISSING))


@pytest.fixture(scope="session")
def server(prepared_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service that anchors at once."""
    folder = shutil.copytree(prepared_data_dir, tmp_path_factory.mktemp("browser") / "data")
    with running_server(folder, "--anchor-seconds", "0.2") as server:
        yield server


@pytest.fixture(scope="session")
def story(server: Server) -> Story:
    """What is in it."""
    return tell(server)


@pytest.fixture
def orders(server: Server, story: Story) -> RawOrders:
    """Somebody else who works with the orders meanwhile."""
    return RawOrders(server.url, story.full_key)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium."""
    async with running_browser() as browser:
        yield browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def signed_in(browser: Browser, server: Server, story: Story) -> Any:
    """The cookies of somebody who signed in once: tries to sign in are counted."""
    return await sign_in(browser, server.url, story.full_key)


class Watch:
    """Collects what no page may do."""

    def __init__(self, url: str) -> None:
        self.seen: list[str] = []
        self._host = urlsplit(url).netloc

    def over(self, page: Page) -> None:
        """Watch a page."""
        page.on("pageerror", lambda error: self.seen.append(f"script: {error}"))
        page.on("console", self._said)
        page.on("request", self._asked)
        page.on("dialog", self._opened)

    def _said(self, message: ConsoleMessage) -> None:
        # A page that is answered 404 or 401 is reported here too; tests look at what it shows.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.seen.append(message.text)

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).netloc not in {self._host, ""}:
            self.seen.append(f"asked elsewhere: {request.url}")

    async def _opened(self, dialog: Dialog) -> None:
        self.seen.append(f"dialog: {dialog.message}")
        await dialog.dismiss()


class Visits:
    """Opens browsers of visitors."""

    def __init__(self, browser: Browser, server: Server, shared: BrowserContext, signed_in: Any) -> None:
        self._browser = browser
        self._url = server.url
        self._shared = shared
        self._signed_in = signed_in
        self._opened: list[BrowserContext | Page] = []
        self.watch = Watch(server.url)

    async def tab(self) -> Page:
        """One more page of a browser that all tests share, of somebody who is signed in."""
        return await self._page_of(self._shared)

    async def page(self, *, is_signed_in: bool = True, **options: Any) -> Page:
        """A page of a browser of its own, with options of a context (``java_script_enabled``, ``color_scheme``)."""
        state = self._signed_in if is_signed_in else None
        context = await new_context(self._browser, self._url, state, **options)
        self._opened.append(context)
        return await self._page_of(context)

    async def _page_of(self, context: BrowserContext) -> Page:
        page = await context.new_page()
        self._opened.append(page)
        self.watch.over(page)
        return page

    async def end(self) -> None:
        """Close all, and tell what was seen."""
        for opened in reversed(self._opened):
            await opened.close()
        assert self.watch.seen == []


async def new_context(browser: Browser, url: str, state: Any, **options: Any) -> BrowserContext:
    """A browser of somebody's own."""
    context = await browser.new_context(base_url=url, storage_state=state, **options)
    context.set_default_timeout(_PATIENCE_MS)
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    return context


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared(browser: Browser, server: Server, signed_in: Any) -> AsyncIterator[BrowserContext]:
    """A browser that keeps what it has fetched, so that a page costs little."""
    context = await new_context(browser, server.url, signed_in)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visits(browser: Browser, server: Server, shared: BrowserContext, signed_in: Any) -> AsyncIterator[Visits]:
    """Browsers as a test wants them."""
    visits = Visits(browser, server, shared, signed_in)
    yield visits
    await visits.end()


@pytest_asyncio.fixture(loop_scope="session")
async def page(visits: Visits) -> Page:
    """A page of somebody who is signed in."""
    return await visits.tab()
