"""The index of past orders: made once and again, checked against the log; and events that it cannot read."""

import asyncio
from typing import Any

import asyncpg
import pytest

from api.services import Services
from ledger.consumer import catch_up
from ledger.ids import Position, Site
from projections.past import rebuild as machinery
from projections.past.consumer import CONSUMER, OrderVersions
from projections.past.rebuild import VersionsRebuild
from projections.rebuild.parking import parked
from tests.log.traffic import HandlerDoor, Writer, import_shared, load_big_invoices, writers

NAMES = ("a", "b")


@pytest.fixture
async def busy(pool: asyncpg.Pool, services: Services, site: Site, monkeypatch: pytest.MonkeyPatch) -> list[Writer]:
    """A site with some hundred changes that the index has, and the writers who made them."""
    monkeypatch.setattr(machinery, "_ORDERS_AT_ONCE", 7)
    door = HandlerDoor(services, site)
    await load_big_invoices(pool, site)
    setup = [told.order for told in await import_shared(door) if told.order]
    found = writers(NAMES, NAMES, setup)
    await asyncio.gather(*(writer.write(door, 60, with_keys=False) for writer in found))
    await catch_up(pool, OrderVersions(), site)
    return found


async def rows(pool: asyncpg.Pool, site: Site) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    versions = await pool.fetch("SELECT * FROM ledger.order_version WHERE site = $1 ORDER BY id, version", site)
    pages = await pool.fetch("SELECT * FROM ledger.order_version_page WHERE site = $1 ORDER BY position", site)
    return [tuple(row) for row in versions], [tuple(row) for row in pages]


@pytest.mark.usefixtures("busy")
async def test_the_index_is_what_the_whole_orders_come_to(pool: asyncpg.Pool, site: Site) -> None:
    report = await VersionsRebuild(pool, site, check_only=True).run()
    assert report.is_true
    versions, _ = await rows(pool, site)
    assert report.versions == len(versions) > 100
    assert report.events == report.versions + report.orders
    assert report.position == await pool.fetchval("SELECT position FROM ledger.head WHERE site = $1", site)


DAMAGES = {
    "a column": "UPDATE ledger.order_version SET status = 'new' WHERE site = $1 AND id = 'shared_3' AND version = 1",
    "an end": "UPDATE ledger.order_version SET to_ms = to_ms + 1 WHERE site = $1 AND id = 'shared_3' AND version = 1",
    "a mark": "UPDATE ledger.order_version SET is_revised = NOT is_revised WHERE site = $1 AND id = 'shared_3'",
    "missing rows": "DELETE FROM ledger.order_version WHERE site = $1 AND id = 'shared_3'",
    "rows of no order": "UPDATE ledger.order_version SET id = 'zzz' WHERE site = $1 AND id = 'shared_3'",
    "all rows": "DELETE FROM ledger.order_version WHERE site = $1",
}


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("damage", DAMAGES)
async def test_rows_that_differ_are_found_and_put_right(
    pool: asyncpg.Pool, owner: asyncpg.Connection, site: Site, damage: str
) -> None:
    before = await rows(pool, site)
    await owner.execute(DAMAGES[damage], site)
    damaged = await rows(pool, site)
    report = await VersionsRebuild(pool, site, check_only=True).run()
    assert "shared_3" in report.differing
    assert not report.is_true
    assert await rows(pool, site) == damaged != before, "a check changes nothing"
    assert (await VersionsRebuild(pool, site).run()).differing == report.differing
    assert await rows(pool, site) == before
    assert (await VersionsRebuild(pool, site, check_only=True).run()).is_true


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE ledger.order_version_page SET latest_ms = latest_ms + 1 WHERE site = $1",
        "UPDATE ledger.order_version_page SET lead_s_max = lead_s_max + 1 WHERE site = $1",
        "DELETE FROM ledger.order_version_page WHERE site = $1",
    ],
)
async def test_wrong_times_of_the_log_are_found_and_put_right(
    pool: asyncpg.Pool, owner: asyncpg.Connection, site: Site, damage: str
) -> None:
    _, before = await rows(pool, site)
    await owner.execute(damage, site)
    assert (await VersionsRebuild(pool, site, check_only=True).run()).clock_differs
    await VersionsRebuild(pool, site).run()
    assert (await VersionsRebuild(pool, site, check_only=True).run()).is_true
    assert (await rows(pool, site))[1][-1] == before[-1]


async def test_a_rebuild_and_the_consumer_do_not_get_in_each_others_way(
    pool: asyncpg.Pool, services: Services, site: Site, busy: list[Writer]
) -> None:
    await pool.execute("DELETE FROM ledger.order_version WHERE site = $1", site)
    door = HandlerDoor(services, site)

    async def write() -> None:
        for _ in range(10):
            await asyncio.gather(*(writer.write(door, 5, with_keys=False) for writer in busy))
            await catch_up(pool, OrderVersions(), site)

    await asyncio.gather(write(), VersionsRebuild(pool, site).run())
    # What the consumer could not read of rows that were gone is parked; the next rebuild takes it back.
    await VersionsRebuild(pool, site).run()
    assert (await VersionsRebuild(pool, site, check_only=True).run()).is_true
    assert await parked(pool, site) == []


async def test_an_order_that_cannot_be_read_is_parked_and_the_others_move_on(
    pool: asyncpg.Pool, services: Services, site: Site, owner: asyncpg.Connection, busy: list[Writer]
) -> None:
    before, _ = await rows(pool, site)
    door = HandlerDoor(services, site)
    head = await pool.fetchval("SELECT position FROM ledger.head WHERE site = $1", site)
    await asyncio.gather(*(writer.write(door, 60, with_keys=False) for writer in busy))
    broken = next(
        event
        for event in await services.store.read_log(site, after=Position(head))
        if event.stream.startswith("order-shared_")
    )
    await owner.execute("UPDATE ledger.event SET body = '{' WHERE site = $1 AND position = $2", site, broken.position)

    await catch_up(pool, OrderVersions(), site)
    [found] = await parked(pool, site)
    assert (found.projection, found.stream, found.position) == (CONSUMER, broken.stream, broken.position)
    after, _ = await rows(pool, site)
    assert len(after) > len(before)
    known = [row for row in after if f"order-{row[1]}" == broken.stream]
    assert [row[2] for row in known] == list(range(1, broken.version)), "up to there, every version is known"

    # Put back as it was, it is taken back.
    await owner.execute(
        "UPDATE ledger.event SET body = $3 WHERE site = $1 AND position = $2", site, broken.position, broken.body
    )
    await VersionsRebuild(pool, site).run_for(broken.stream.removeprefix("order-"))
    assert await parked(pool, site) == []
    assert (await VersionsRebuild(pool, site, check_only=True).run()).is_true
