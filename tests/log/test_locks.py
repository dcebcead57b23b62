"""Locks by name: who waits, for how long, and what is left of them afterwards."""

import asyncio
import contextlib

import pytest

from ledger.errors import LockTimeout
from ledger.locks import KeyedLocks


class Holder:
    """Holds a lock in a task of its own until ``let_go``."""

    def __init__(self, locks: KeyedLocks, key: str = "a") -> None:
        self.has_it = asyncio.Event()
        self.lets_go = asyncio.Event()
        self.task = asyncio.create_task(self._hold(locks, key))

    async def _hold(self, locks: KeyedLocks, key: str) -> None:
        async with locks.hold(key):
            self.has_it.set()
            await self.lets_go.wait()

    async def let_go(self) -> None:
        self.lets_go.set()
        await self.task


async def test_holders_of_one_key_take_turns_in_the_order_they_came() -> None:
    locks = KeyedLocks()
    turns: list[str] = []

    async def work(number: int) -> None:
        async with locks.hold("a"):
            turns.append(f"{number} in")
            await asyncio.sleep(0)
            turns.append(f"{number} out")

    await asyncio.gather(*(work(number) for number in range(5)))
    assert turns == [f"{number} {way}" for number in range(5) for way in ("in", "out")]


async def test_holders_of_different_keys_do_not_wait() -> None:
    locks = KeyedLocks()
    holder = Holder(locks, "a")
    await holder.has_it.wait()
    async with locks.hold("b"):
        pass
    await holder.let_go()


async def test_who_waits_too_long_is_told_to_come_again() -> None:
    locks = KeyedLocks(wait_s_max=0.01)
    holder = Holder(locks)
    await holder.has_it.wait()
    with pytest.raises(LockTimeout) as refused:
        async with locks.hold("a"):
            pytest.fail("the lock is held")
    assert refused.value.retry_after_s == 1
    await holder.let_go()


async def test_who_comes_between_two_holders_waits_no_longer_than_others() -> None:
    """The lock is free for an instant, but the next in line has it already."""
    locks = KeyedLocks(wait_s_max=0.05)
    first = Holder(locks)
    await first.has_it.wait()
    second = Holder(locks)
    await asyncio.sleep(0)

    async def come() -> None:
        async with locks.hold("a"):
            pytest.fail("the lock is held")

    # Both run in one turn of the event loop, before the second hears that the lock is its own.
    first.lets_go.set()
    late_comer = asyncio.create_task(come())
    with pytest.raises(LockTimeout):
        async with asyncio.timeout(10):
            await late_comer
    await first.let_go()
    await second.let_go()


async def test_a_timeout_or_cancellation_of_one_leaves_the_lock_to_the_next() -> None:
    locks = KeyedLocks(wait_s_max=5)
    first = Holder(locks)
    await first.has_it.wait()
    waiting = [Holder(locks) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting[0].task
    await first.let_go()
    await waiting[1].has_it.wait()
    waiting[1].task.cancel()
    await waiting[2].has_it.wait()
    await waiting[2].let_go()


async def test_a_lock_is_forgotten_when_nobody_uses_it() -> None:
    locks = KeyedLocks(wait_s_max=0.01)
    holder = Holder(locks)
    await holder.has_it.wait()
    gone = Holder(locks)
    await asyncio.sleep(0)
    gone.task.cancel()
    with pytest.raises(LockTimeout):
        async with locks.hold("a"):
            pytest.fail("the lock is held")
    with contextlib.suppress(asyncio.CancelledError):
        await gone.task
    with pytest.raises(ZeroDivisionError):
        async with locks.hold("b"):
            raise ZeroDivisionError
    await holder.let_go()
    assert locks._locks == {}
