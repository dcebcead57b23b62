"""The pool of connections: whoever waits is served before those who come later, and no way out loses a connection."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from ops.database import Address, create_service_pool

_DEADLINE_S = 20


@pytest.fixture
async def pool(address: Address) -> AsyncIterator[asyncpg.Pool]:
    """One with a single connection."""
    async with create_service_pool(address, size_max=1) as pool:
        yield pool


async def asked(pool: asyncpg.Pool) -> int:
    """What it takes to know that the pool still has a connection."""
    async with asyncio.timeout(_DEADLINE_S):
        answer: int = await pool.fetchval("SELECT 7")
        return answer


async def until_it_waits(waiting: "asyncio.Task[Any]") -> None:
    """Let a task run as far as it comes."""
    for _ in range(10):
        await asyncio.sleep(0)
    assert not waiting.done()


async def test_who_waits_is_served_before_who_gives_back_and_asks_again(pool: asyncpg.Pool) -> None:
    """As under load, where each client asks again as soon as it has its answer."""
    served: list[str] = []

    async def ask(who: str) -> None:
        async with pool.acquire():
            served.append(who)

    held = await pool.acquire()
    waiting = [asyncio.create_task(ask(who)) for who in ("first", "second")]
    await until_it_waits(waiting[1])
    await pool.release(held)
    async with asyncio.timeout(_DEADLINE_S):
        await ask("again")
        await asyncio.gather(*waiting)
    assert served == ["first", "second", "again"]


async def test_a_connection_that_is_given_back_twice_is_one(pool: asyncpg.Pool) -> None:
    held = await pool.acquire()
    await pool.release(held)
    await pool.release(held)
    assert await asked(pool) == 7
    async with pool.acquire():
        another = asyncio.create_task(asked(pool))
        await until_it_waits(another)
    assert await another == 7


async def test_who_gives_up_waiting_takes_nothing_along(pool: asyncpg.Pool) -> None:
    held = await pool.acquire()
    waiting = asyncio.create_task(asked(pool))
    await until_it_waits(waiting)
    waiting.cancel()
    with pytest.raises(TimeoutError):
        await pool.acquire(timeout=0.01)
    await pool.release(held)
    assert await asked(pool) == 7


async def test_a_connection_that_breaks_is_replaced(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as held:
        held.terminate()
        with pytest.raises(asyncpg.InterfaceError):
            await held.fetchval("SELECT 1")
    assert await asked(pool) == 7


async def test_who_finds_no_database_leaves_the_pool_whole(address: Address) -> None:
    nowhere = Address(owner={}, service=address.service | {"database": "nowhere"}, is_embedded=True)
    async with create_service_pool(nowhere, size_max=1, size_min=0) as pool:
        for _ in range(3):
            with pytest.raises(asyncpg.InvalidCatalogNameError):
                await pool.fetchval("SELECT 1")
