"""A rebuild finds every row that is not what the log says, puts all of them right at once, and disturbs nobody."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from api.services import Services
from ledger.ids import Position, Site, system_clock_ms
from projections.rebuild import shadow, snapshot
from projections.rebuild.comparison import Finding, RowDifference
from projections.rebuild.parking import parked
from projections.rebuild.rebuild import Listener, Progress, Rebuild, Report
from tests.log.audit import assert_view_is_the_fold, read_log
from tests.log.traffic import Asked, HandlerDoor, Told, Writer, import_shared, load_big_invoices, writers

NAMES = ("a", "b")


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages end in the middle of streams, rows of pages, and swaps come in several steps."""
    monkeypatch.setattr(snapshot, "_PAGE_EVENTS", 7)
    monkeypatch.setattr(snapshot, "_PAGE_ROWS", 3)
    monkeypatch.setattr(shadow, "REBUILD_SWAP_ROWS", 4)


@pytest.fixture
async def busy(pool: asyncpg.Pool, services: Services, site: Site) -> list[Writer]:
    """A site with some hundred changes, and the writers who made them and may go on."""
    door = HandlerDoor(services, site)
    await load_big_invoices(pool, site)
    setup = [told.order for told in await import_shared(door) if told.order]
    found = writers(NAMES, NAMES, setup)
    await asyncio.gather(*(writer.write(door, 60, with_keys=False) for writer in found))
    return found


async def rows(pool: asyncpg.Pool, site: Site) -> list[tuple[Any, ...]]:
    found = await pool.fetch("SELECT * FROM ledger.order_view WHERE site = $1 ORDER BY id", site)
    return [tuple(row) for row in found]


async def check(pool: asyncpg.Pool, site: Site) -> tuple[Report, list[RowDifference]]:
    found: list[RowDifference] = []
    report = await Rebuild(pool, site, check_only=True, listener=Listener(on_difference=found.append)).run()
    return report, found


async def shadow_rows(pool: asyncpg.Pool, site: Site) -> int:
    return int(await pool.fetchval("SELECT count(*) FROM ledger.order_view_rebuilt WHERE site = $1", site))


# What it finds


@pytest.mark.usefixtures("busy")
async def test_the_inline_view_is_what_the_log_says(pool: asyncpg.Pool, services: Services, site: Site) -> None:
    report, found = await check(pool, site)
    assert found == []
    assert report.is_true
    assert report.view_digest == report.log_digest
    events = await read_log(services.store, site)
    assert report.position == len(events)
    assert report.events == sum(entry.event.stream.startswith("order-") for entry in events)
    assert report.orders == len(await rows(pool, site)) > 20


DAMAGES = {
    "a column": ("UPDATE ledger.order_view SET status = 'delivered' WHERE site = $1 AND id = $2", "column.status"),
    "a document": (
        """UPDATE ledger.order_view
        SET document = convert_to(replace(convert_from(document, 'UTF8'), '"USD"', '"EUR"'), 'UTF8')
        WHERE site = $1 AND id = $2""",
        "currency_code",
    ),
    "a document's form": (
        "UPDATE ledger.order_view SET document = document || ' ' WHERE site = $1 AND id = $2",
        "document",
    ),
    "a document to nonsense": (
        r"UPDATE ledger.order_view SET document = '\xff00' WHERE site = $1 AND id = $2",
        "document",
    ),
    "the version": (
        "UPDATE ledger.order_view SET version = version + 90 WHERE site = $1 AND id = $2",
        "column.version",
    ),
    "the position": ("UPDATE ledger.order_view SET position = 1 WHERE site = $1 AND id = $2", "column.position"),
}


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_changed_row_is_found_named_and_put_right(pool: asyncpg.Pool, site: Site, damage: str) -> None:
    before = await rows(pool, site)
    statement, path = DAMAGES[damage]
    assert await pool.execute(statement, site, "shared_3") == "UPDATE 1"
    damaged = await rows(pool, site)
    assert damaged != before

    report, [found] = await check(pool, site)
    assert (found.order_id, found.finding) == ("shared_3", Finding.DIFFERS)
    assert path in [change.path for change in found.changes]
    assert report.view_digest != report.log_digest
    assert await rows(pool, site) == damaged, "a check changes nothing"

    report = await Rebuild(pool, site).run()
    assert (report.is_true, report.put) == (False, 1)
    assert await rows(pool, site) == before
    assert (await Rebuild(pool, site).run()).is_true


@pytest.mark.usefixtures("busy")
async def test_rows_that_are_missing_or_of_no_order_are_put_right(pool: asyncpg.Pool, site: Site) -> None:
    before = await rows(pool, site)
    await pool.execute("DELETE FROM ledger.order_view WHERE site = $1 AND id IN ('shared_1', 'shared_9')", site)
    for ghost in ("", "shared_1x", "zzz", "\U0001f600"):
        await pool.execute(
            """INSERT INTO ledger.order_view
            SELECT site, $2, version, position, deleted, status, order_type, invoice_id, subscription_id,
                original_order_id, document_number, business_entity_id, resent_status, is_resent, created_at,
                updated_at, order_date, shipping_date, shipped_at, paid_on, document
            FROM ledger.order_view WHERE site = $1 AND id = 'shared_2'""",
            site,
            ghost,
        )
    report, found = await check(pool, site)
    assert report.findings == {Finding.DIFFERS: 0, Finding.MISSING: 2, Finding.GHOST: 4}
    assert {each.order_id for each in found if each.finding is Finding.GHOST} == {"", "shared_1x", "zzz", "\U0001f600"}
    assert all(each.changes for each in found)
    assert (await Rebuild(pool, site).run()).put == 6
    assert await rows(pool, site) == before


@pytest.mark.usefixtures("busy")
async def test_a_view_that_was_lost_is_built_from_the_log_alone(pool: asyncpg.Pool, site: Site) -> None:
    before = await rows(pool, site)
    await pool.execute("DELETE FROM ledger.order_view WHERE site = $1", site)
    report = await Rebuild(pool, site).run()
    assert report.findings[Finding.MISSING] == report.put == len(before)
    assert await rows(pool, site) == before
    assert await shadow_rows(pool, site) == 0


@pytest.mark.usefixtures("busy")
async def test_one_order_is_rebuilt_alone(pool: asyncpg.Pool, site: Site) -> None:
    before = await rows(pool, site)
    await pool.execute("UPDATE ledger.order_view SET status = 'new' WHERE site = $1 AND id LIKE 'shared_1%'", site)
    checked = await Rebuild(pool, site, check_only=True).run_for("shared_11")
    assert (checked.findings[Finding.DIFFERS], checked.put) == (1, 0)
    assert (await Rebuild(pool, site).run_for("shared_11")).put == 1
    now = {row[1]: row for row in await rows(pool, site)}
    assert [row for row in before if now[row[1]] != row] == [
        row for row in before if row[1].startswith("shared_1") and row[1] != "shared_11"
    ]
    assert (await Rebuild(pool, site).run_for("nobody")).orders == 0


@pytest.mark.usefixtures("busy")
async def test_another_site_is_not_touched(pool: asyncpg.Pool, services: Services, site: Site) -> None:
    other = Site(f"{site}x")
    await services.sites.create_site(other, live=False, now_ms=system_clock_ms())
    await pool.execute("UPDATE ledger.order_view SET site = $2 WHERE site = $1 AND id = 'shared_5'", site, other)
    ghosts = await rows(pool, other)
    report = await Rebuild(pool, site).run()
    assert report.findings[Finding.MISSING] == 1
    assert await rows(pool, other) == ghosts


# While the service goes on


async def test_a_rebuild_under_writers_ends_with_the_truth(
    pool: asyncpg.Pool, services: Services, site: Site, busy: list[Writer]
) -> None:
    door = HandlerDoor(services, site)
    await pool.execute("UPDATE ledger.order_view SET status = 'new', version = 77 WHERE site = $1", site)
    stop = asyncio.Event()

    async def write(writer: Writer) -> list[Told]:
        told: list[Told] = []
        while not stop.is_set():
            told += await writer.write(door, 1, with_keys=False)
        return told

    writing = [asyncio.create_task(write(writer)) for writer in busy]
    for _ in range(3):
        await Rebuild(pool, site).run()
    stop.set()
    answers = [told for each in await asyncio.gather(*writing) for told in each]
    assert sum(told.acknowledged for told in answers) > 10
    await assert_view_is_the_fold(pool, site, await read_log(services.store, site))
    assert (await check(pool, site))[0].is_true


class WithWritesInBetween(Rebuild):
    """A rebuild during which something happens between the snapshot and the catching up."""

    meanwhile: Callable[[], Any]

    async def _catch_up(self, connection: Any, position: Position) -> Position:
        await self.meanwhile()
        return await super()._catch_up(connection, position)


@pytest.mark.usefixtures("busy")
async def test_what_an_older_version_writes_meanwhile_is_put_right_too(
    pool: asyncpg.Pool, services: Services, site: Site
) -> None:
    """Until it is stopped, a service of the version before goes on writing rows of its own form."""
    door = HandlerDoor(services, site)
    await pool.execute("UPDATE ledger.order_view SET status = 'new' WHERE site = $1 AND id = 'shared_1'", site)

    async def write() -> None:
        for order in ("shared_1", "shared_2"):
            told = await door.ask(Asked(operation="update", order_id=order, form={"note": "meanwhile"}))
            assert told.acknowledged
        await pool.execute("UPDATE ledger.order_view SET status = 'old' WHERE site = $1 AND id = 'shared_2'", site)

    rebuild = WithWritesInBetween(pool, site)
    rebuild.meanwhile = write
    report = await rebuild.run()
    assert (report.caught_up, report.put) == (2, 1)
    document = json.loads(
        await pool.fetchval("SELECT document FROM ledger.order_view WHERE site = $1 AND id = 'shared_1'", site)
    )
    assert document["note"] == "meanwhile"
    assert (await check(pool, site))[0].is_true


@pytest.mark.usefixtures("busy")
async def test_a_cancelled_rebuild_changes_nothing(pool: asyncpg.Pool, site: Site) -> None:
    await pool.execute("UPDATE ledger.order_view SET status = 'new' WHERE site = $1", site)
    damaged = await rows(pool, site)
    seen = asyncio.Event()

    def on_progress(progress: Progress) -> None:
        if progress.orders > 10:
            seen.set()

    task = asyncio.create_task(Rebuild(pool, site, listener=Listener(on_progress=on_progress)).run())
    await seen.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await rows(pool, site) == damaged
    assert await shadow_rows(pool, site) == 0


@pytest.mark.usefixtures("busy")
async def test_what_a_killed_rebuild_left_is_removed_by_the_next(pool: asyncpg.Pool, site: Site) -> None:
    two_days_ago = system_clock_ms() - 2 * 24 * 3_600_000
    await pool.execute(
        """INSERT INTO ledger.order_view_rebuilt
        SELECT order_view.*, $2, false FROM ledger.order_view WHERE site = $1""",
        site,
        f"{two_days_ago:016}",
    )
    report = await Rebuild(pool, site).run()
    assert report.put == 0
    assert await shadow_rows(pool, site) == 0


# What cannot be read


@pytest.mark.usefixtures("busy")
async def test_an_order_that_cannot_be_read_is_parked_and_the_others_move_on(
    pool: asyncpg.Pool, owner: asyncpg.Connection, site: Site
) -> None:
    key = (site, "order-shared_4", 1)
    body = await owner.fetchval("SELECT body FROM ledger.event WHERE site = $1 AND stream = $2 AND version = $3", *key)
    change = "UPDATE ledger.event SET body = $4 WHERE site = $1 AND stream = $2 AND version = $3"
    await pool.execute(
        "UPDATE ledger.order_view SET status = 'new' WHERE site = $1 AND id IN ('shared_4', 'shared_5')", site
    )
    await owner.execute(change, *key, body.replace(b"inv_big_0", b"inv_big_1"))

    report, found = await check(pool, site)
    assert [each.order_id for each in found] == ["shared_5"]
    assert await parked(pool, site) == [], "a check changes nothing"

    report = await Rebuild(pool, site).run()
    assert (report.put, report.is_true) == (1, False)
    [broken] = await parked(pool, site)
    assert (broken.stream, broken.version) == ("order-shared_4", 1)
    assert "its body hashes to" in broken.reason
    assert broken.reason == report.broken[0].reason
    assert "new" in {
        row["status"]
        for row in await pool.fetch("SELECT status FROM ledger.order_view WHERE site = $1 AND id = 'shared_4'", site)
    }

    await owner.execute(change, *key, body)
    assert (await Rebuild(pool, site).run_for("shared_4")).put == 1
    assert await parked(pool, site) == []
    assert (await check(pool, site))[0].is_true
