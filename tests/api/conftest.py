"""A client of the whole API on a site of its own."""

from collections.abc import Awaitable, Callable
from io import StringIO
from typing import Any

import asyncpg
import msgspec
import pytest
from aiohttp.test_utils import TestClient

from api.app import create_app
from api.services import Services
from ledger.ids import Site, system_clock_ms
from ledger.sites import KeyKind, Sites
from ops.invoice_loading import load_file
from tests.api.requests import basic


@pytest.fixture
async def key(pool: asyncpg.Pool, site: Site) -> str:
    """A full-access key of the site."""
    return await Sites(pool).create_key(site, "full_access_key_v1", KeyKind.FULL, system_clock_ms())


@pytest.fixture
async def client(
    aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]],
    services: Services,
    pool: asyncpg.Pool,
    site: Site,
    key: str,
    sample_invoices: dict[str, dict[str, Any]],
) -> TestClient[Any, Any]:
    """A client with the key, on a site that knows the sample invoices."""
    lines = "\n".join(msgspec.json.encode(invoice).decode() for invoice in sample_invoices.values())
    loaded = await load_file(pool, site, StringIO(lines))
    assert loaded.refused == []
    return await aiohttp_client(create_app(services), headers=basic(key))
