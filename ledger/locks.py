"""Locks by name within one process: commands on one stream take turns instead of losing races to each other."""

import asyncio
from collections import deque
from collections.abc import Hashable
from typing import Any

from ledger.errors import LockTimeout
from ledger.limits import STREAM_WAIT_S_MAX


class KeyedLocks:
    """A lock per key that exists only while somebody holds it or waits for it.

    Most are never waited for, so holding one costs no more than an entry; a lock is handed from its holder to whoever
    waits longest.
    """

    def __init__(self, wait_s_max: float = STREAM_WAIT_S_MAX) -> None:
        self._wait_s_max = wait_s_max
        self._locks: dict[Hashable, deque[asyncio.Future[None]]] = {}

    def hold(self, key: Hashable) -> "_Held":
        """Hold the lock of a key: ``async with locks.hold(key)``.

        Raises:
            LockTimeout: others held it for too long.
        """
        return _Held(self, key)

    async def acquire(self, key: Hashable) -> None:
        """Take the lock; errors as for ``hold``."""
        waiting = self._locks.get(key)
        if waiting is None:
            self._locks[key] = deque()
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(turn)
        try:
            async with asyncio.timeout(self._wait_s_max):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                # It was handed over in the same moment.
                self.release(key)
            else:
                turn.cancel()
            if isinstance(error, TimeoutError):
                raise LockTimeout(retry_after_s=1) from None
            raise

    def release(self, key: Hashable) -> None:
        """Hand the lock to the next."""
        waiting = self._locks[key]
        while waiting:
            turn = waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._locks[key]


class _Held:
    __slots__ = ("_key", "_locks")

    def __init__(self, locks: KeyedLocks, key: Hashable) -> None:
        self._locks = locks
        self._key = key

    async def __aenter__(self) -> None:
        await self._locks.acquire(self._key)

    async def __aexit__(self, *_: Any) -> None:
        self._locks.release(self._key)
