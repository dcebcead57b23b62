"""A visitor of the console who is signed in, beside a client of the API."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient

from api.app import create_app
from api.console.settings import ConsoleSettings
from api.services import Services
from tests.api.requests import Client

Visit = Callable[..., Awaitable[Client]]


@pytest.fixture
def visit(aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]], services: Services) -> Visit:
    """A browser that keeps cookies; signed in when it is given a key."""

    async def visit(key: str | None = None) -> Client:
        browser: Client = await aiohttp_client(
            create_app(services, console=ConsoleSettings(secret=b"s" * 32)), cookie_jar=aiohttp.CookieJar(unsafe=True)
        )
        if key:
            answer = await browser.post("/console/sign-in", data={"key": key}, allow_redirects=False)
            assert (answer.status, answer.headers["Location"]) == (303, "/console/orders")
        return browser

    return visit


@pytest.fixture
async def visitor(visit: Visit, key: str, client: Client) -> Client:
    """Signed in with the full key of the site, which knows the sample invoices."""
    assert client
    return await visit(key)
