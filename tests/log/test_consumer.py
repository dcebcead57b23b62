"""Durable consumers: what they write and how far they came are one; two of them do no harm; none holds up another."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import pytest

from ledger.consumer import Consumer, ConsumerCheckpoint, ConsumerLoop, catch_up
from ledger.envelope import RecordedEvent
from ledger.ids import Position, Site
from ledger.limits import LOG_PAGE_EVENTS
from ledger.store import Store
from ledger.subscription import EventMissed, Subscription, Wakeups
from ops.database import Address, service_pool
from tests.conftest import new_site
from tests.log.appends import append, append_batch
from tests.log.waiting import eventually


async def test_a_consumer_goes_on_behind_its_checkpoint(pool: asyncpg.Pool, site: Site) -> None:
    await grow(pool, site, 5)
    checkpoint = ConsumerCheckpoint(pool, site, "mails")
    assert await checkpoint.load() == 0
    assert await checkpoint.advance(Position(0), Position(3))

    again = ConsumerCheckpoint(pool, site, "mails")
    page = await anext(Subscription(Store(pool), site, after=await again.load()).pages())
    assert [event.position for event in page] == [4, 5]
    assert await ConsumerCheckpoint(pool, site, "another").load() == 0
    assert await ConsumerCheckpoint(pool, await new_site(pool), "mails").load() == 0


async def test_of_two_workers_only_one_moves_a_checkpoint_on(pool: asyncpg.Pool, site: Site) -> None:
    for before, after in ((0, 10), (10, 25), (25, 26)):
        moves = [ConsumerCheckpoint(pool, site, "mails").advance(Position(before), Position(after)) for _ in range(8)]
        assert sorted(await asyncio.gather(*moves)) == [False] * 7 + [True]
    assert await ConsumerCheckpoint(pool, site, "mails").load() == 26


@pytest.mark.parametrize("before", [0, 4, 6])
async def test_a_checkpoint_moves_on_only_from_where_it_stands(pool: asyncpg.Pool, site: Site, before: int) -> None:
    checkpoint = ConsumerCheckpoint(pool, site, "mails")
    assert await checkpoint.advance(Position(0), Position(5))
    assert not await checkpoint.advance(Position(before), Position(9))
    assert await checkpoint.load() == 5


async def test_a_checkpoint_that_is_not_there_stands_at_the_beginning(pool: asyncpg.Pool, site: Site) -> None:
    checkpoint = ConsumerCheckpoint(pool, site, "mails")
    assert not await checkpoint.advance(Position(7), Position(9))
    assert await checkpoint.load() == 0


# Handing over


class Ledger:
    """A consumer that writes what it is handed into a table of the database, like a view does."""

    pause_s = 0.0

    def __init__(self, name: str = "ledger", *, fail_at: int | None = None, fail_site: str | None = None) -> None:
        self.name = name
        self.fail_at = fail_at
        self.fail_site = fail_site
        self.handed: list[tuple[Site, int]] = []

    async def handle(self, connection: Any, site: Site, page: Sequence[RecordedEvent]) -> None:
        for event in page:
            await connection.execute(
                "INSERT INTO ledger.number_series (site, series, next) VALUES ($1, $2, $3)",
                site,
                f"{self.name}-{event.position}",
                event.position,
            )
            if event.position == self.fail_at or site == self.fail_site:
                raise ArithmeticError("the consumer cannot cope")
        self.handed += [(site, event.position) for event in page]


async def written(pool: asyncpg.Pool, site: Site, name: str = "ledger") -> list[int]:
    rows = await pool.fetch(
        "SELECT next FROM ledger.number_series WHERE site = $1 AND series LIKE $2 || '-%' ORDER BY next", site, name
    )
    return [row["next"] for row in rows]


async def grow(pool: asyncpg.Pool, site: Site, events: int, *, after: int = 0) -> None:
    await append_batch(pool, append(site, *(("a", after + number) for number in range(1, events + 1))))


async def test_a_consumer_is_handed_all_that_it_has_not_had(pool: asyncpg.Pool, site: Site) -> None:
    consumer = Ledger()
    await grow(pool, site, LOG_PAGE_EVENTS + 3)
    assert await catch_up(pool, consumer, site) == LOG_PAGE_EVENTS + 3
    await grow(pool, site, 2, after=LOG_PAGE_EVENTS + 3)
    assert await catch_up(pool, consumer, site) == LOG_PAGE_EVENTS + 5
    assert await catch_up(pool, consumer, site) == LOG_PAGE_EVENTS + 5
    assert await written(pool, site) == list(range(1, LOG_PAGE_EVENTS + 6))


async def test_what_a_failed_consumer_wrote_is_undone_and_comes_again(pool: asyncpg.Pool, site: Site) -> None:
    await grow(pool, site, 4)
    with pytest.raises(ArithmeticError):
        await catch_up(pool, Ledger(fail_at=3), site)
    assert await written(pool, site) == []
    assert await catch_up(pool, Ledger(), site) == 4
    assert await written(pool, site) == [1, 2, 3, 4]


async def test_two_that_run_the_same_consumer_write_everything_once(pool: asyncpg.Pool, site: Site) -> None:
    await grow(pool, site, LOG_PAGE_EVENTS * 2 + 1)
    consumers = [Ledger() for _ in range(4)]
    last = await asyncio.gather(*(catch_up(pool, consumer, site) for consumer in consumers))
    # One that lost the last page may have stopped before it; whoever won it did not.
    assert max(last) == LOG_PAGE_EVENTS * 2 + 1
    assert await written(pool, site) == list(range(1, LOG_PAGE_EVENTS * 2 + 2))
    assert sorted(place for each in consumers for _, place in each.handed) == list(range(1, LOG_PAGE_EVENTS * 2 + 2))


async def test_a_log_that_ends_before_what_was_handled_is_told(pool: asyncpg.Pool, site: Site) -> None:
    await grow(pool, site, 3)
    assert await ConsumerCheckpoint(pool, site, "ledger").advance(Position(0), Position(9))
    with pytest.raises(EventMissed):
        await catch_up(pool, Ledger(), site)


# The loop


@contextlib.asynccontextmanager
async def running(pool: asyncpg.Pool, *consumers: Consumer, wakeups: Wakeups) -> AsyncIterator[None]:
    task = asyncio.create_task(ConsumerLoop(pool, consumers, wakeups).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture
async def own_pool(own_address: Address) -> AsyncIterator[asyncpg.Pool]:
    async with service_pool(own_address) as pool:
        yield pool


async def test_consumers_follow_all_sites_and_a_failing_one_holds_up_nobody(own_pool: asyncpg.Pool) -> None:
    pool = own_pool
    sites = [await new_site(pool) for _ in range(3)]
    for site in sites:
        await grow(pool, site, 2)
    broken, sound = Ledger("broken", fail_site=sites[1]), Ledger("sound")
    wakeups = Wakeups()
    async with running(pool, broken, sound, wakeups=wakeups):
        await eventually(lambda: len(sound.handed) == 6 and len(broken.handed) == 4)
        await grow(pool, sites[2], 1, after=2)
        wakeups.wake(sites[2])
        await eventually(lambda: (sites[2], 3) in sound.handed)
    assert {site for site, _ in broken.handed} == {sites[0], sites[2]}
    assert await written(pool, sites[1], "broken") == []
