"""The first minutes, and every start after them."""

from io import StringIO
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from ledger.ids import Site, system_clock_ms
from ledger.sites import Sites
from ledger.store import Store
from ops.database import Address, service_pool
from ops.invoice_loading import load_file
from ops.quickstart import SITE, prepare_quickstart


async def load(pool: asyncpg.Pool, *invoices: dict[str, Any]) -> None:
    lines = "\n".join(msgspec.json.encode(invoice).decode() for invoice in invoices)
    assert (await load_file(pool, SITE, StringIO(lines))).loaded == len(invoices)


async def head(pool: asyncpg.Pool) -> int:
    return await Store(pool).head_position(Site(SITE)) or 0


async def test_a_later_start_leaves_the_invoices_as_they_have_become(
    own_address: Address, tmp_path: Path, sample_invoices: dict[str, dict[str, Any]]
) -> None:
    """A sample invoice that a webhook has changed since is not what it was again."""
    async with service_pool(own_address) as pool:
        first = await prepare_quickstart(pool, tmp_path)
        assert await head(pool) == len(sample_invoices)
        sample = sample_invoices["inv_0001"]
        await load(pool, sample | {"status": "voided", "resource_version": sample["resource_version"] + 1})
        assert await prepare_quickstart(pool, tmp_path) == first
        assert await head(pool) == len(sample_invoices) + 1


async def test_a_first_start_that_was_killed_while_it_loaded_is_completed_by_the_next(
    own_address: Address, tmp_path: Path, sample_invoices: dict[str, dict[str, Any]]
) -> None:
    async with service_pool(own_address) as pool:
        await Sites(pool).create_site(SITE, live=False, now_ms=system_clock_ms())
        await load(pool, *list(sample_invoices.values())[3:])
        await prepare_quickstart(pool, tmp_path)
        assert await head(pool) == len(sample_invoices)
