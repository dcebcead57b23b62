"""A client of the whole API on a site of its own."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestClient

from api.app import create_app
from api.services import Services
from ledger.ids import Site, system_clock_ms
from ledger.sites import KeyKind, Sites
from tests.api.requests import basic


@pytest.fixture
async def key(pool: asyncpg.Pool, site: Site) -> str:
    """A full-access key of the site."""
    return await Sites(pool).create_key(site, "full_access_key_v1", KeyKind.FULL, system_clock_ms())


@pytest.fixture
async def client(
    aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]],
    services: Services,
    load_samples: Callable[[Site], Awaitable[None]],
    site: Site,
    key: str,
) -> TestClient[Any, Any]:
    """A client with the key, on a site that knows the sample invoices."""
    await load_samples(site)
    return await aiohttp_client(create_app(services), headers=basic(key))
