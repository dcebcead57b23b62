"""The index of the log is made again from the log alone: what differs is found, put right, and nothing else touched."""

import asyncio
from typing import Any

import asyncpg
import pytest

from ledger.consumer import catch_up
from ledger.ids import Site
from ops.migrations import MIGRATIONS
from projections.changes import rebuild as machinery
from projections.changes.index import ChangeIndex
from projections.changes.rebuild import ChangesRebuild, ChangesReport
from tests.projections.changes.life import index, live, whole_log

DAMAGES: dict[str, tuple[str, list[int]]] = {
    "edited": ("UPDATE ledger.change SET actor = 'x' WHERE site = $1 AND position IN (7, 30)", [7, 30]),
    "latest times": ("UPDATE ledger.change SET latest_at = latest_at + 1 WHERE site = $1 AND position = 1", [1]),
    "invoice": ("UPDATE ledger.change SET invoice_id = 'x' WHERE site = $1 AND position = 10", [10]),
    "cause": ("UPDATE ledger.change SET causation_id = 'x' WHERE site = $1 AND position = 9", [9]),
    "deleted": ("DELETE FROM ledger.change WHERE site = $1 AND position = 8", [8]),
    "too many": (
        "INSERT INTO ledger.change SELECT (jsonb_populate_record(change, '{\"position\": 100000}')).* "
        "FROM ledger.change WHERE site = $1 AND position = 8",
        [100_000],
    ),
}


@pytest.fixture
async def lived(pool: asyncpg.Pool, site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site whose index is up to date; a rebuild takes it in small pages."""
    monkeypatch.setattr(machinery, "LOG_PAGE_EVENTS", 7)
    await live(pool, site, seed=3, commands=60)
    await catch_up(pool, ChangeIndex(), site)
    return site


async def rows(pool: asyncpg.Pool, site: Site) -> list[tuple[Any, ...]]:
    found = await pool.fetch("SELECT * FROM ledger.change WHERE site = $1 ORDER BY position", site)
    return [tuple(row) for row in found]


async def check(pool: asyncpg.Pool, site: Site) -> ChangesReport:
    async with pool.acquire() as connection:
        return await ChangesRebuild(connection, site, check_only=True).run()


async def test_an_index_that_is_true_is_said_to_be(pool: asyncpg.Pool, lived: Site, owner: asyncpg.Connection) -> None:
    before = await rows(pool, lived)
    told: list[int] = []
    report = await ChangesRebuild(owner, lived, on_progress=lambda so_far: told.append(so_far.events)).run()
    assert report.is_true
    assert report.events == report.position == len(before) == told[-1]
    assert len(told) > 3
    assert await rows(pool, lived) == before


@pytest.mark.parametrize("damage", DAMAGES)
async def test_rows_that_differ_are_found_and_put_right(
    pool: asyncpg.Pool, owner: asyncpg.Connection, lived: Site, damage: str
) -> None:
    before = await rows(pool, lived)
    statement, positions = DAMAGES[damage]
    await owner.execute(statement, lived)
    damaged = await rows(pool, lived)
    assert (await check(pool, lived)).differing == positions
    assert await rows(pool, lived) == damaged != before, "a check changes nothing"
    assert (await ChangesRebuild(owner, lived).run()).differing == positions
    assert await rows(pool, lived) == before
    assert (await check(pool, lived)).is_true


async def test_what_the_index_has_not_come_to_is_left_to_its_consumer(
    pool: asyncpg.Pool, owner: asyncpg.Connection, site: Site
) -> None:
    await live(pool, site, seed=3, commands=60)
    log = await whole_log(pool, site)
    await index(pool, site, log[:20])
    await owner.execute("DELETE FROM ledger.change WHERE site = $1 AND position > 5", site)
    report = await ChangesRebuild(owner, site).run()
    assert report.differing == list(range(6, 21))
    assert [row[1] for row in await rows(pool, site)] == list(range(1, 21))
    await catch_up(pool, ChangeIndex(), site)
    assert (await check(pool, site)).is_true


async def test_the_order_view_is_not_believed(pool: asyncpg.Pool, owner: asyncpg.Connection, lived: Site) -> None:
    await owner.execute(
        "UPDATE ledger.order_view SET invoice_id = 'x', business_entity_id = 'x' WHERE site = $1", lived
    )
    assert (await check(pool, lived)).is_true


async def test_a_rebuild_and_the_consumer_do_not_get_in_each_others_way(
    pool: asyncpg.Pool, owner: asyncpg.Connection, lived: Site
) -> None:
    await owner.execute("DELETE FROM ledger.change WHERE site = $1", lived)

    async def write() -> None:
        for seed in range(4):
            await live(pool, lived, seed=seed, commands=15)
            await catch_up(pool, ChangeIndex(), lived)

    await asyncio.gather(write(), ChangesRebuild(owner, lived).run())
    # The consumer bears the latest time on from the row before its own, which may have been gone.
    await ChangesRebuild(owner, lived).run()
    assert (await check(pool, lived)).is_true
    assert len(await rows(pool, lived)) == len(await whole_log(pool, lived))


async def test_the_service_itself_cannot_change_the_index(pool: asyncpg.Pool, lived: Site) -> None:
    for statement in (
        "DELETE FROM ledger.change WHERE site = $1",
        "UPDATE ledger.change SET actor = '' WHERE site = $1",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement, lived)


async def test_an_index_from_before_causes_were_in_it_gets_them_from_the_log(
    pool: asyncpg.Pool, lived: Site, owner: asyncpg.Connection
) -> None:
    [migration] = [each for each in MIGRATIONS if each.file.startswith("031_")]
    statement, _, _ = migration.sql.partition("CREATE INDEX")
    before = await rows(pool, lived)
    without = "UPDATE ledger.change SET causation_id = NULL, correlation_id = NULL WHERE site = $1"
    await owner.execute(without, lived)
    # Of an older log that somebody has changed nothing more can be said; it must not stop the others.
    await owner.execute("UPDATE ledger.event SET body = '\\xff00' WHERE site = $1 AND position = 1", lived)
    assert await rows(pool, lived) != before
    await owner.execute(statement)
    assert (await rows(pool, lived))[1:] == before[1:]
