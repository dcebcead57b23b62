"""Locks by name within one process: commands on one stream take turns instead of losing races to each other."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Hashable

from ledger.errors import LockTimeout
from ledger.limits import STREAM_WAIT_S_MAX


class KeyedLocks:
    """A lock per key that exists only while somebody holds it or waits for it."""

    def __init__(self, wait_s_max: float = STREAM_WAIT_S_MAX) -> None:
        self._wait_s_max = wait_s_max
        self._locks: dict[Hashable, tuple[asyncio.Lock, int]] = {}

    @contextlib.asynccontextmanager
    async def hold(self, key: Hashable) -> AsyncIterator[None]:
        """Hold the lock of a key.

        Raises:
            LockTimeout: others held it for too long.
        """
        lock, users = self._locks.get(key, (None, 0))
        lock = lock or asyncio.Lock()
        self._locks[key] = (lock, users + 1)
        try:
            await self._acquire(lock, is_free=users == 0)
            try:
                yield
            finally:
                lock.release()
        finally:
            lock, users = self._locks[key]
            if users == 1:
                del self._locks[key]
            else:
                self._locks[key] = (lock, users - 1)

    async def _acquire(self, lock: asyncio.Lock, *, is_free: bool) -> None:
        # Not lock.locked(): between two holders it is false for an instant, though the next in line has the lock.
        if is_free:
            await lock.acquire()
            return
        try:
            async with asyncio.timeout(self._wait_s_max):
                await lock.acquire()
        except TimeoutError:
            raise LockTimeout(retry_after_s=1) from None
