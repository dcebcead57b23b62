"""The index of past orders rebuilt in two processes: what one process finds and puts right, two do as well."""

import subprocess
import sys
from dataclasses import replace

import asyncpg
import msgspec
import pytest

from ledger.consumer import catch_up
from ledger.ids import Site, order_stream
from ops.database import Address
from ops.version_rebuilds import whole
from ops.version_rebuilds.messages import Done, Work
from ops.version_rebuilds.other_part import PartEnded, other_part
from ops.version_rebuilds.whole import rebuild_all_versions
from projections.past.consumer import CONSUMER, OrderVersions
from projections.past.order_chunks import ALL_ORDERS, OrderRange, halves
from projections.past.rebuild import VersionsRebuild
from projections.past.versions_report import VersionsReport
from projections.rebuild.parking import parked
from tests.projections.changes.life import live
from tests.serving import PATIENCE_S


@pytest.fixture(autouse=True)
def always_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes for every log, on any machine."""
    monkeypatch.setattr(whole, "COMPARED_APART_FROM_EVENTS", 1)
    monkeypatch.setattr(whole, "processors", lambda: 2)


@pytest.fixture
async def lived(pool: asyncpg.Pool, site: Site) -> Site:
    """A site with some hundred events whose index is up to date, with the documents of all versions."""
    await live(pool, site, seed=7, commands=150)
    await catch_up(pool, OrderVersions(), site)
    await VersionsRebuild(pool, site).run()
    return site


def counts(report: VersionsReport) -> dict[str, object]:
    """All but how long it took, in which order orders were found to differ, and the text of errors."""
    told = {name: getattr(report, name) for name in report.__slots__ if name not in {"seconds", "broken"}}
    return told | {
        "differing": sorted(report.differing),
        "broken": {each: report.broken[each].reason for each in report.broken},
    }


async def ends(pool: asyncpg.Pool, site: Site) -> tuple[str, str]:
    """The ids of the first and the last order with more than one version: each is in another part."""
    row = await pool.fetchrow("SELECT min(id), max(id) FROM ledger.order_version WHERE site = $1", site)
    parts = await halves(pool, site, 0.45)
    assert row is not None
    assert parts is not None
    assert f"order-{row['min']}" <= parts[0].until < f"order-{row['max']}"
    return row["min"], row["max"]


async def test_nothing_differs_and_every_event_is_counted_once(
    pool: asyncpg.Pool, address: Address, lived: Site
) -> None:
    told: list[tuple[int, int, int]] = []
    both = await rebuild_all_versions(pool, lived, address=address, on_progress=lambda *so_far: told.append(so_far))
    alone = await rebuild_all_versions(pool, lived)
    assert counts(both) == counts(alone)
    assert both.is_true
    assert told[-1] == (both.events_total, both.events_total, 0)
    assert both.events_total > 50


async def test_what_differs_in_either_part_is_found_by_a_check_and_put_right_by_a_rebuild(
    pool: asyncpg.Pool, address: Address, owner: asyncpg.Connection, lived: Site
) -> None:
    first, last = await ends(pool, lived)
    before = await pool.fetch("SELECT * FROM ledger.order_version WHERE site = $1 ORDER BY id, version", lived)
    await owner.execute(
        "UPDATE ledger.order_version SET status = 'x' WHERE site = $1 AND id = ANY ($2::text[])", lived, [first, last]
    )
    await owner.execute("UPDATE ledger.order_version_page SET latest_ms = latest_ms + 1 WHERE site = $1", lived)
    checked = await rebuild_all_versions(pool, lived, check_only=True, address=address)
    assert (sorted(checked.differing), checked.clock_differs) == ([first, last], True)
    assert counts(await rebuild_all_versions(pool, lived, address=address)) == counts(checked)
    assert (await rebuild_all_versions(pool, lived, check_only=True, address=address)).is_true
    assert await pool.fetch("SELECT * FROM ledger.order_version WHERE site = $1 ORDER BY id, version", lived) == before


async def test_an_order_that_the_second_process_cannot_read_is_parked_and_told(
    pool: asyncpg.Pool, address: Address, owner: asyncpg.Connection, lived: Site
) -> None:
    _, last = await ends(pool, lived)
    stream = order_stream(last)
    await owner.execute("UPDATE ledger.event SET leaf = $3 WHERE site = $1 AND stream = $2", lived, stream, bytes(32))
    report = await rebuild_all_versions(pool, lived, address=address)
    [found] = await parked(pool, lived)
    assert (found.projection, found.stream) == (CONSUMER, stream)
    assert found.reason == report.broken[stream].reason
    assert report.broken[stream].position == found.position


async def test_a_process_that_ends_without_a_result_is_told(address: Address, lived: Site) -> None:
    nowhere = replace(address, service=address.service | {"database": "nowhere"})
    work = Work(site=lived, orders=ALL_ORDERS, check_only=True, service=nowhere.service, is_embedded=True)
    async with other_part(work, lambda _: None) as other:
        with pytest.raises(PartEnded):
            await other.result()


async def test_it_is_ended_with_the_block(address: Address, owner: asyncpg.Connection, lived: Site) -> None:
    work = Work(site=lived, orders=ALL_ORDERS, check_only=True, service=address.service, is_embedded=False)
    async with owner.transaction():
        await owner.execute("LOCK TABLE ledger.order_version IN ACCESS EXCLUSIVE MODE")
        async with other_part(work, lambda _: None) as other:
            assert other.status is None
        assert other.status is not None


async def test_it_does_not_outlive_its_parent(address: Address, owner: asyncpg.Connection, lived: Site) -> None:
    """The kernel closes its input when the parent is killed, wherever the rebuild is."""
    work = Work(site=lived, orders=ALL_ORDERS, check_only=True, service=address.service, is_embedded=False)
    async with owner.transaction():
        await owner.execute("LOCK TABLE ledger.order_version IN ACCESS EXCLUSIVE MODE")
        with subprocess.Popen(  # noqa: ASYNC220
            [sys.executable, "-m", "ops.version_rebuilds.part_process"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdin is not None
            process.stdin.write(msgspec.json.encode(work) + b"\n")
            process.stdin.close()
            assert process.wait(PATIENCE_S) == 0
            assert process.stdout is not None
            assert b"Done" not in process.stdout.read()


async def test_parts_have_every_order_once(pool: asyncpg.Pool, lived: Site) -> None:
    parts = await halves(pool, lived, 0.45)
    assert parts is not None
    found = [await VersionsRebuild(pool, lived, check_only=True).run_part(each) for each in parts]
    alone = await VersionsRebuild(pool, lived, check_only=True).run_part(ALL_ORDERS)
    assert [sum(getattr(each, name) for each in found) for name in ("orders", "events", "versions")] == [
        alone.orders,
        alone.events,
        alone.versions,
    ]
    assert all(each.orders > 0 for each in found)


async def test_a_log_without_orders_is_left_to_one_process(pool: asyncpg.Pool, address: Address, site: Site) -> None:
    assert await halves(pool, site, 0.45) is None
    assert (await rebuild_all_versions(pool, site, address=address)).events == 0


def test_messages_say_what_they_were_told() -> None:
    report = VersionsReport(site=Site("s"), position=9, events=8, orders=2, versions=6, differing=["a", "b"])
    assert Done.of(report).report(Site("s")) == report
    assert OrderRange() == ALL_ORDERS
