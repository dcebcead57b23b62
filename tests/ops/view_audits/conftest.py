"""A site whose views can be compared."""

import asyncpg
import pytest

from ledger.consumer import catch_up
from ledger.ids import Site
from projections.changes.index import ChangeIndex
from projections.past.consumer import OrderVersions
from projections.past.rebuild import VersionsRebuild
from tests.projections.changes.life import live


@pytest.fixture
async def lived(pool: asyncpg.Pool, site: Site) -> Site:
    """A site with some hundred events; all views are up to date, and the documents of all versions are kept."""
    await live(pool, site, seed=7, commands=150)
    for consumer in (ChangeIndex(), OrderVersions()):
        await catch_up(pool, consumer, site)
    await VersionsRebuild(pool, site).run()
    return site
