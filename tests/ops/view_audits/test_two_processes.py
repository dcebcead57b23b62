"""The comparison by order in a second process comes to the same, sees the same moment and ends with its parent."""

import subprocess
import sys
from dataclasses import replace

import asyncpg
import msgspec
import pytest

from ledger.ids import Site
from ledger.merkle.faults import as_document
from ops.database import Address
from ops.view_audits import audit
from ops.view_audits.audit import ViewsAudit
from ops.view_audits.by_order import check_by_order
from ops.view_audits.faults import OrderUnreadable, ViewAhead, fault_of
from ops.view_audits.messages import Work
from ops.view_audits.other_process import ComparisonEnded, other_process
from ops.view_audits.progress import VerificationProgress
from tests.ops.view_audits.given import checked, pages
from tests.ops.view_audits.test_view_audits import DAMAGES
from tests.serving import PATIENCE_S

_NO_SNAPSHOT = "FFFFFFFF-00000001-1"
_DAMAGED = ("a past status", "an order that never was", "a past document", "an order as it is")


@pytest.fixture
def always_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes for every log, on any machine."""
    monkeypatch.setattr(audit, "COMPARED_APART_FROM_EVENTS", 1)
    monkeypatch.setattr(audit, "processors", lambda: 2)


@pytest.mark.usefixtures("always_two")
async def test_two_processes_come_to_what_one_comes_to(pool: asyncpg.Pool, address: Address, lived: Site) -> None:
    alone = await checked(pool, lived)
    assert await checked(pool, lived, address) == alone
    assert alone.fault is None


@pytest.mark.usefixtures("always_two")
@pytest.mark.parametrize("damage", _DAMAGED)
async def test_faults_come_back_from_the_second_process(
    pool: asyncpg.Pool, address: Address, owner: asyncpg.Connection, lived: Site, damage: str
) -> None:
    await owner.execute(DAMAGES[damage][0], lived)
    alone = await checked(pool, lived)
    assert await checked(pool, lived, address) == alone
    assert alone.fault is not None


@pytest.mark.usefixtures("always_two")
async def test_both_processes_see_the_same_moment(
    pool: asyncpg.Pool, address: Address, owner: asyncpg.Connection, lived: Site
) -> None:
    """What is done after the verification began is left to the next one."""
    told: list[tuple[int, int]] = []
    progress = VerificationProgress(lambda *so_far: told.append(so_far))
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
        ViewsAudit(connection, lived, address=address, progress=progress) as views,
    ):
        log = [page async for page in pages(connection, lived)]
        await views.take(log[0])
        await owner.execute("UPDATE ledger.order_view SET status = 'x' WHERE site = $1", lived)
        for page in log[1:]:
            await views.take(page)
        size = log[-1][-1].position
        progress.on_verified(size, size)
        found = await views.finish()
    assert found.fault is None, found.fault.sentence
    assert told[-1] == (size, size)
    assert (await checked(pool, lived, address)).fault is not None


@pytest.mark.parametrize(("processors", "events"), [(1, 1), (2, 1_000_000)])
async def test_one_process_does_it_on_one_processor_and_for_a_short_log(
    pool: asyncpg.Pool, address: Address, lived: Site, monkeypatch: pytest.MonkeyPatch, processors: int, events: int
) -> None:
    async def started(*_: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(audit, "processors", lambda: processors)
    monkeypatch.setattr(audit, "COMPARED_APART_FROM_EVENTS", events)
    monkeypatch.setattr(audit, "other_process", started)
    assert (await checked(pool, lived, address)).fault is None


@pytest.mark.usefixtures("always_two")
async def test_where_the_snapshot_cannot_be_had_one_process_does_it_all(
    pool: asyncpg.Pool, address: Address, lived: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two connections may come to two servers, which have no snapshots in common."""
    async with other_process(address, lived, _NO_SNAPSHOT, lambda *_: None) as other:
        assert await other.result() is None
    monkeypatch.setattr(
        audit, "other_process", lambda where, site, _, tell: other_process(where, site, _NO_SNAPSHOT, tell)
    )
    assert await checked(pool, lived, address) == await checked(pool, lived)


async def test_a_process_that_ends_without_a_result_is_told(
    pool: asyncpg.Pool, address: Address, owner: asyncpg.Connection, lived: Site
) -> None:
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
        nowhere = replace(address, service=address.service | {"database": "nowhere"})
        async with other_process(nowhere, lived, snapshot, lambda *_: None) as other:
            with pytest.raises(ComparisonEnded):
                await other.result()


async def test_it_is_ended_with_the_block(
    pool: asyncpg.Pool, address: Address, owner: asyncpg.Connection, lived: Site
) -> None:
    async with owner.transaction():
        await owner.execute("LOCK TABLE ledger.order_view IN ACCESS EXCLUSIVE MODE")
        async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            async with other_process(address, lived, snapshot, lambda *_: None) as other:
                assert other.status is None
        assert other.status is not None


async def test_it_does_not_outlive_its_parent(
    pool: asyncpg.Pool, address: Address, owner: asyncpg.Connection, lived: Site
) -> None:
    """The kernel closes its input when the parent is killed, wherever the comparison is."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
        work = Work(site=lived, snapshot=snapshot, service=address.service, is_embedded=False)
        async with owner.transaction():
            await owner.execute("LOCK TABLE ledger.order_view IN ACCESS EXCLUSIVE MODE")
            with subprocess.Popen(  # noqa: ASYNC220
                [sys.executable, "-m", "ops.view_audits.order_process"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            ) as process:
                assert process.stdin is not None
                process.stdin.write(msgspec.json.encode(work) + b"\n")
                process.stdin.close()
                assert process.wait(PATIENCE_S) == 0
                assert process.stdout is not None
                assert b"Compared" not in process.stdout.read()


async def test_every_fault_of_the_comparison_by_order_survives_the_way(
    pool: asyncpg.Pool, owner: asyncpg.Connection, lived: Site
) -> None:
    found: list[object] = [OrderUnreadable("orders", "o1", "it is torn"), ViewAhead("orders", 12, 10)]
    for statement, *_ in DAMAGES.values():
        async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            found += [each.fault for each in await check_by_order(connection, lived) if each.fault]
        await owner.execute(statement, lived)
    for fault in found:
        plain = msgspec.json.decode(msgspec.json.encode(as_document(fault)))  # type: ignore[arg-type]
        assert fault_of(plain) == fault
    assert len({type(fault) for fault in found}) > 3


def test_progress_is_that_of_the_slower_part() -> None:
    told: list[tuple[int, int]] = []
    progress = VerificationProgress(lambda *so_far: told.append(so_far))
    progress.on_verified(10, 100)
    progress.compares_orders(is_beside=True)
    progress.on_verified(20, 100)
    progress.on_folded(15, 50)
    progress.on_folded(5 * 10, 50)
    assert told == [(10, 100), (0, 100), (20, 100), (20, 100)]


def test_one_after_the_other_each_part_is_half_of_the_way() -> None:
    told: list[tuple[int, int]] = []
    progress = VerificationProgress(lambda *so_far: told.append(so_far))
    progress.compares_orders(is_beside=False)
    progress.on_verified(20, 100)
    progress.on_verified(100, 100)
    progress.on_folded(25, 50)
    progress.on_folded(0, 0)
    assert told == [(10, 100), (50, 100), (75, 100), (100, 100)]
