"""Reading pages as a browser does, without one."""

import re
from typing import Any

from tests.api.requests import Client

_token = re.compile(r'name="token" value="([^"]+)"')


async def page(browser: Client, path: str, status: int = 200, **query: Any) -> str:
    """The text of a page."""
    answer = await browser.get(f"/console{path}", params=query, allow_redirects=False)
    text = await answer.text()
    assert answer.status == status, text
    assert answer.content_type == "text/html"
    return text


async def form_token(browser: Client) -> str:
    """What the forms of this session carry."""
    found = _token.search(await page(browser, "/orders"))
    assert found
    return found[1]
