"""Reads of the log and the small tables beside it, while others write."""

import asyncio

import asyncpg
import pytest
from asyncpg.pool import PoolConnectionProxy

from ledger.batch import Append, NumberGiven
from ledger.ids import Position, Site, StreamId, system_clock_ms
from ledger.store import Store
from ops import database
from ops.database import service_pool
from tests.conftest import new_database, new_site
from tests.log.appends import answer, append, append_batch, until_blocked


async def test_streams_are_read_with_their_places(pool: asyncpg.Pool, site: Site) -> None:
    await append_batch(pool, append(site, ("a", 1), ("b", 1), ("a", 2)))
    found = await Store(pool).load_streams(site, [StreamId("a"), StreamId("b"), StreamId("c")])
    assert {stream: [(each.version, each.position) for each in events] for stream, events in found.items()} == {
        "a": [(1, 1), (2, 3)],
        "b": [(1, 2)],
    }


async def test_a_stream_that_is_asked_for_twice_is_read_once(pool: asyncpg.Pool, site: Site) -> None:
    await append_batch(pool, append(site, ("a", 1), ("a", 2)))
    found = await Store(pool).load_streams(site, [StreamId("a"), StreamId("a")])
    assert [each.version for each in found[StreamId("a")]] == [1, 2]


async def test_a_stream_is_read_on_behind_a_version(pool: asyncpg.Pool, site: Site) -> None:
    await append_batch(pool, append(site, ("a", 1), ("a", 2), ("a", 3), ("b", 1)))
    found = await Store(pool).load_streams(
        site, [StreamId("a"), StreamId("b")], after={StreamId("a"): 2, StreamId("b"): 1}
    )
    assert {stream: [each.version for each in events] for stream, events in found.items()} == {"a": [3]}


async def test_the_log_is_read_in_pages(pool: asyncpg.Pool, site: Site) -> None:
    await append_batch(pool, append(site, *(("a", version) for version in range(1, 8))))
    store = Store(pool)
    assert [each.position for each in await store.read_log(site, after=Position(2), limit=3)] == [3, 4, 5]
    assert [each.position for each in await store.read_log(site, after=Position(5), limit=3)] == [6, 7]
    assert await store.read_log(site, after=Position(7)) == []


async def test_a_site_sees_nothing_of_another(pool: asyncpg.Pool, site: Site) -> None:
    other = await new_site(pool)
    await append_batch(pool, append(other, ("a", 1), answer=answer("k")))
    store = Store(pool)
    assert await store.load_streams(site, [StreamId("a")]) == {}
    assert await store.read_log(site, after=Position(0)) == []
    assert not await store.stream_exists(site, StreamId("a"))
    assert await store.find_answer(site, "k", system_clock_ms()) is None
    assert await store.head_position(site) == 0


async def test_an_unknown_site_has_no_head(pool: asyncpg.Pool) -> None:
    assert await Store(pool).head_position(Site("nowhere")) is None


async def test_numbers_are_reserved_once_each(pool: asyncpg.Pool, site: Site) -> None:
    numbers = await asyncio.gather(*(Store(pool).reserve_number(site, "order", 1) for _ in range(50)))
    assert sorted(numbers) == list(range(1, 51))


async def test_numbers_are_reserved_while_batches_move_the_series(pool: asyncpg.Pool, site: Site) -> None:
    """Both lock the series, the append behind the head: whoever comes second waits, and nobody waits for both."""
    store = Store(pool)

    async def give(number: int) -> None:
        await append_batch(pool, append(site, (f"a{number}", 1), numbers=[NumberGiven("order", number)]))

    await asyncio.gather(
        *(give(number) for number in range(1, 200, 10)), *(store.reserve_number(site, "order", 1) for _ in range(50))
    )
    assert await store.reserve_number(site, "order", 1) > 191


# Idempotent answers that are forgotten


async def test_answers_are_forgotten_when_their_window_has_passed(pool: asyncpg.Pool, site: Site) -> None:
    store, now_ms = Store(pool), system_clock_ms()
    for key, lasts_ms in (("old", 1_000), ("young", 10_000)):
        kept = answer(key, now_ms=now_ms, lasts_ms=lasts_ms)
        await append_batch(pool, Append(site=site, answer=kept), now_ms=now_ms)
    await store.forget_answers(now_ms + 1_000, 100_000)
    left = await pool.fetch("SELECT key FROM ledger.idempotent_answer WHERE site = $1", site)
    assert [each["key"] for each in left] == ["young"]


async def test_an_answer_that_is_replaced_meanwhile_is_not_forgotten(pool: asyncpg.Pool, site: Site) -> None:
    """A key comes again just when its old answer is swept away: the new answer must survive."""
    store, now_ms = Store(pool), system_clock_ms()
    old, new = answer("k", now_ms=now_ms - 2_000, lasts_ms=1_000), answer("k", body=b"new", now_ms=now_ms)
    await append_batch(pool, append(site, ("a", 1), answer=old), now_ms=now_ms - 2_000)

    async with pool.acquire() as connection, connection.transaction():
        await append_batch(connection, append(site, ("a", 2), answer=new), now_ms=now_ms)
        sweeping = asyncio.create_task(store.forget_answers(now_ms, 100_000))
        await _done_or_blocked(connection, sweeping)
    await sweeping
    assert await store.find_answer(site, "k", now_ms) == new


async def test_two_sweeps_at_once_do_not_disturb_each_other(pool: asyncpg.Pool, site: Site) -> None:
    store, now_ms = Store(pool), system_clock_ms()
    for number in range(30):
        kept = answer(f"k{number}", now_ms=now_ms, lasts_ms=1)
        await append_batch(pool, Append(site=site, answer=kept), now_ms=now_ms)
    await asyncio.gather(*(store.forget_answers(now_ms + 1, 20) for _ in range(6)))
    assert await pool.fetchval("SELECT count(*) FROM ledger.idempotent_answer WHERE site = $1", site) == 0


# Time


async def test_a_read_that_gets_no_answer_ends(
    monkeypatch: pytest.MonkeyPatch, superuser: dict[str, object], worker_id: str
) -> None:
    monkeypatch.setattr(database, "STATEMENT_TIMEOUT_S", 0.2)
    address = await new_database(superuser, f"stuck_{worker_id}")
    holder = await asyncpg.connect(**address.owner)
    try:
        async with service_pool(address) as pool:
            site = await new_site(pool)
            async with holder.transaction():
                await holder.execute("LOCK TABLE ledger.event")
                with pytest.raises(TimeoutError):
                    await Store(pool).read_log(site, after=Position(0))
            assert await Store(pool).read_log(site, after=Position(0)) == []
    finally:
        await holder.close()


async def _done_or_blocked(connection: PoolConnectionProxy, task: "asyncio.Task[int]") -> None:
    blocked = asyncio.create_task(until_blocked(connection))
    await asyncio.wait([blocked, task], return_when=asyncio.FIRST_COMPLETED)
    blocked.cancel()
    await asyncio.wait([blocked])
