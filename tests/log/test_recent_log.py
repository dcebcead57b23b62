"""The end of a log in memory: consumers that follow closely read it once, and never anything that is not in the log."""

import asyncpg
import pytest

from ledger import recent_log
from ledger.ids import Position, Site
from ledger.limits import LOG_PAGE_EVENTS
from ledger.recent_log import RecentLog
from ledger.store import Store
from tests.conftest import new_site
from tests.log.appends import append, append_batch


class WatchedStore(Store):
    """Counts pages that were read from the database."""

    pages = 0

    async def read_log(self, site: Site, *, after: Position, limit: int = LOG_PAGE_EVENTS) -> list:  # type: ignore[type-arg]
        self.pages += 1
        return await super().read_log(site, after=after, limit=limit)


@pytest.fixture
def store(pool: asyncpg.Pool) -> WatchedStore:
    return WatchedStore(pool)


async def positions(recent: RecentLog, site: Site, after: int) -> list[int]:
    return [event.position for event in await recent.read(site, after=Position(after))]


async def grow(pool: asyncpg.Pool, site: Site, first: int, last: int) -> None:
    await append_batch(pool, append(site, *(("a", version) for version in range(first, last + 1))))


async def test_what_one_has_read_the_others_need_not(pool: asyncpg.Pool, site: Site, store: WatchedStore) -> None:
    recent = RecentLog(store)
    await grow(pool, site, 1, 5)
    assert await positions(recent, site, 0) == [1, 2, 3, 4, 5]
    await grow(pool, site, 6, 7)
    assert await positions(recent, site, 5) == [6, 7]
    assert await positions(recent, site, 0) == [1, 2, 3, 4, 5, 6, 7]
    assert await positions(recent, site, 3) == [4, 5, 6, 7]
    assert store.pages == 2


async def test_the_end_of_the_log_is_asked_for_each_time(pool: asyncpg.Pool, site: Site, store: WatchedStore) -> None:
    recent = RecentLog(store)
    await grow(pool, site, 1, 2)
    assert await positions(recent, site, 0) == [1, 2]
    assert await positions(recent, site, 2) == []
    await grow(pool, site, 3, 3)
    assert await positions(recent, site, 2) == [3]


async def test_sites_are_apart(pool: asyncpg.Pool, site: Site, store: WatchedStore) -> None:
    recent, other = RecentLog(store), await new_site(pool)
    await grow(pool, site, 1, 2)
    await grow(pool, other, 1, 1)
    assert await positions(recent, site, 0) == [1, 2]
    assert await positions(recent, other, 0) == [1]


async def test_what_the_log_lost_is_not_handed_out(
    pool: asyncpg.Pool, site: Site, store: WatchedStore, owner: asyncpg.Connection
) -> None:
    """As after a failover that lost commits: nobody may act on events that never were."""
    recent = RecentLog(store)
    await grow(pool, site, 1, 4)
    await positions(recent, site, 0)
    await owner.execute("DELETE FROM ledger.event WHERE site = $1 AND position > 2", site)
    await owner.execute("UPDATE ledger.head SET position = 2 WHERE site = $1", site)
    assert await positions(recent, site, 0) == [1, 2]
    assert await positions(recent, site, 2) == []
    await append_batch(pool, append(site, ("a", 3), note="another"))
    [another] = await recent.read(site, after=Position(2))
    assert b"another" in another.body


async def test_it_is_bounded_and_who_is_far_behind_takes_it_from_nobody(
    pool: asyncpg.Pool, site: Site, store: WatchedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent_log, "RECENT_LOG_EVENTS_MAX", 3)
    recent = RecentLog(store)
    await grow(pool, site, 1, 4)
    assert await positions(recent, site, 0) == [1, 2, 3, 4]
    assert store.pages == 1
    assert await positions(recent, site, 1) == [2, 3, 4]
    assert store.pages == 1
    assert await positions(recent, site, 0) == [1, 2, 3, 4]
    assert store.pages == 2
    assert await positions(recent, site, 1) == [2, 3, 4]
    assert store.pages == 2
