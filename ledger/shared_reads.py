"""Reads that arrive while another is under way share the next one: as commands share commits (``ledger.appender``).

A read never joins one that has begun: what it finds is never older than the moment it was asked for.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

from ledger.ids import Site
from ledger.limits import SHARED_READ_KEYS_MAX, SHARED_READS_AT_ONCE

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Read = Callable[[Site, Collection[K]], Awaitable[Mapping[K, V]]]
"""Reads what keys of one site stand for; those that stand for nothing are missing."""


class SharedReads(Generic[K, V]):
    """Reads by key, those of one site together.

    A site has at most ``SHARED_READS_AT_ONCE`` under way: one that takes long holds up nobody.
    """

    def __init__(self, read: "Read[K, V]") -> None:
        self._read = read
        self._lanes: dict[Site, _Lane[K, V]] = {}

    async def find(self, site: Site, keys: Iterable[K]) -> Mapping[K, V]:
        """What there is for these keys; others may be among it.

        Raises:
            Exception: whatever the read raised, to all who share it.
        """
        lane = self._lanes.get(site)
        if lane is None:
            lane = self._lanes[site] = _Lane()
        found: asyncio.Future[Mapping[K, V]] = asyncio.get_running_loop().create_future()
        lane.waiting.append((tuple(keys), found))
        if lane.under_way < SHARED_READS_AT_ONCE:
            lane.under_way += 1
            reader = asyncio.create_task(self._empty(site, lane))
            lane.readers.add(reader)
            reader.add_done_callback(lane.readers.discard)
        return await found

    async def _empty(self, site: Site, lane: "_Lane[K, V]") -> None:
        try:
            while lane.waiting:
                await self._read_next(site, lane)
        finally:
            # Not when the task is told to be done, which is a turn of the event loop later: whoever asks between
            # would wait for a reader that has gone.
            lane.under_way -= 1

    async def _read_next(self, site: Site, lane: "_Lane[K, V]") -> None:
        keys: set[K] = set()
        sharing: list[asyncio.Future[Mapping[K, V]]] = []
        while lane.waiting and (not keys or len(keys) + len(lane.waiting[0][0]) <= SHARED_READ_KEYS_MAX):
            wanted, found = lane.waiting.popleft()
            keys.update(wanted)
            sharing.append(found)
        try:
            result = await self._read(site, keys)
        except BaseException as error:
            _fail(sharing, error)
            if not isinstance(error, Exception):
                raise
        else:
            _tell(sharing, result)


class _Lane(Generic[K, V]):
    """The reads of one site."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[tuple[K, ...], asyncio.Future[Mapping[K, V]]]] = deque()
        self.readers: set[asyncio.Task[None]] = set()
        self.under_way = 0


def _tell(sharing: "Iterable[asyncio.Future[Mapping[K, V]]]", result: Mapping[K, V]) -> None:
    for found in sharing:
        if not found.done():
            found.set_result(result)


def _fail(sharing: "Iterable[asyncio.Future[Mapping[K, V]]]", error: BaseException) -> None:
    for found in sharing:
        if found.done():
            continue
        if isinstance(error, asyncio.CancelledError):
            found.cancel()
        else:
            found.set_exception(error)
