"""Keeps requests beside the way of their answers: a bounded queue, and one writer that empties it in batches.

No answer ever waits for it. While the database is away, what waits is tried again as long as there is room; what
finds no room, and what the database will not take, is counted by site. A kill loses what waits.
"""

import asyncio
import logging
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from itertools import islice

from aiohttp import web

from api.requests.exchange import Exchange
from api.requests.record import is_kept, kept_request
from ledger.appender import CONNECTION_ERRORS
from ledger.errors import AuthenticationFailed
from ledger.ids import Site
from ledger.limits import REQUESTS_CLOSE_S_MAX, REQUESTS_QUEUED_MAX, REQUESTS_WRITTEN_AT_ONCE
from ledger.requests import NO_SITE, KeptRequest, Reason, Requests

# What arrives meanwhile is written together.
_PAUSE_S = 0.2
_RETRY_S = 1.0

log = logging.getLogger(__name__)


class Recorder:
    """Takes requests and writes them behind everybody's back.

    Args:
        clock_ms: milliseconds since 1970.
    """

    def __init__(
        self, requests: Requests, clock_ms: Callable[[], int], *, queued_max: int = REQUESTS_QUEUED_MAX
    ) -> None:
        self._requests = requests
        self._clock_ms = clock_ms
        self._queued_max = queued_max
        self._waiting: deque[KeptRequest] = deque()
        self._not_kept: Counter[tuple[Site, Reason]] = Counter()
        self._filled = asyncio.Event()
        self._turn = asyncio.Lock()

    @property
    def waiting(self) -> int:
        """Requests that are not written yet."""
        return len(self._waiting)

    def take(self, request: web.BaseRequest, exchange: Exchange, response: web.StreamResponse) -> None:
        """A request was answered. Whatever goes wrong here, its answer is not touched."""
        try:
            if is_kept(exchange, response.status):
                self.keep(kept_request(request, exchange, response))
            elif exchange.owner is None and response.status == AuthenticationFailed.http_status:
                self._count(NO_SITE, "unknown_caller")
        except Exception as error:
            # The text of an exception may hold what the client sent; its type does not.
            log.warning("%s is not kept: %s", exchange.request_id, type(error).__name__)
            if exchange.owner is not None:
                self._count(exchange.owner.site, "dropped")

    def keep(self, request: KeptRequest) -> None:
        """Write it soon; where the queue is full, it is only counted. Never waits."""
        if len(self._waiting) < self._queued_max:
            self._waiting.append(request)
            self._filled.set()
        else:
            self._count(request.site, "dropped")

    async def run(self) -> None:
        """Write what comes, until cancelled."""
        while True:
            await self._filled.wait()
            await asyncio.sleep(_PAUSE_S)
            await self.flush()

    async def flush(self) -> None:
        """Return when all is written that waits; while the database is away, that is tried again and again."""
        async with self._turn:
            while self._waiting or self._not_kept:
                try:
                    await self._write_batch()
                    await self._write_counts()
                except CONNECTION_ERRORS as error:
                    log.warning("requests are not kept at the moment: %s", type(error).__name__)
                    await asyncio.sleep(_RETRY_S)
            self._filled.clear()

    async def close(self) -> None:
        """Write what waits, for a bounded time."""
        try:
            async with asyncio.timeout(REQUESTS_CLOSE_S_MAX):
                await self.flush()
        except TimeoutError:
            log.warning("%d requests were answered and are not kept", len(self._waiting))

    async def _write_batch(self) -> None:
        """The oldest ones; they leave the queue when all are written, and whoever is written twice is there once."""
        batch = list(islice(self._waiting, REQUESTS_WRITTEN_AT_ONCE))
        by_site: defaultdict[Site, list[KeptRequest]] = defaultdict(list)
        for request in batch:
            by_site[request.site].append(request)
        lost = {site: await self._write(requests) for site, requests in by_site.items()}
        for _ in batch:
            self._waiting.popleft()
        for site, (count, kind) in lost.items():
            if count:
                log.warning("%d requests cannot be kept: %s", count, kind)
                self._count(site, "dropped", count)

    async def _write(self, requests: Sequence[KeptRequest]) -> tuple[int, str]:
        """Write requests of one site, those that can be; how many cannot, and why the last one."""
        try:
            await self._requests.keep(requests)
        except CONNECTION_ERRORS:
            raise
        except Exception as error:
            if len(requests) == 1:
                return 1, type(error).__name__
            lost = [await self._write([request]) for request in requests]
            return sum(count for count, _ in lost), type(error).__name__
        return 0, ""

    async def _write_counts(self) -> None:
        for (site, reason), count in list(self._not_kept.items()):
            await self._requests.count_not_kept(site, reason, count, self._clock_ms())
            # More may have come meanwhile.
            self._not_kept[site, reason] -= count
            if not self._not_kept[site, reason]:
                del self._not_kept[site, reason]

    def _count(self, site: Site, reason: Reason, count: int = 1) -> None:
        self._not_kept[site, reason] += count
        self._filled.set()
