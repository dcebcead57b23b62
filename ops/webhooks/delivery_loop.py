"""The loop that calls webhook endpoints: each has a lane of its own, so none holds up another.

A lane makes a few calls at once and begins them in the order of the log; one whose last call failed makes a single one
until it answers again, so endpoints that hang cannot take all calls. What is due stands in the database, and whoever
claims it makes it: any number of these loops may run on one database. Whether an endpoint is still there and enabled is
read from the log before each claim (docs/decisions/0019-webhook-deliveries.md).
"""

import asyncio
import itertools
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence

import asyncpg

from ledger.ids import system_clock_ms
from ledger.limits import WEBHOOK_CALLS_MAX, WEBHOOK_CALLS_PER_ENDPOINT_MAX, WEBHOOK_CLAIMED_AT_ONCE
from ledger.parts import WebhookEndpoint
from ledger.probe import NO_PROBE, Probe
from ledger.webhook_credentials import Credentials, WebhookCredentials
from ops.webhooks.calls import EndpointCalls
from projections.webhooks.body import Bodies
from projections.webhooks.deliveries import Claimed, Deliveries, Kind, Lane
from projections.webhooks.endpoints_now import EndpointsNow
from projections.webhooks.planned import UNREADABLE

LOOK_S = 0.2
# After a failure of our own: long enough not to fill the log file.
_RETRY_S = 5.0
# How long a call that is claimed may wait for its turn: whether the endpoint is still there was asked before.
_HELD_S = 1.0
# For giving calls back while the process ends.
_RELEASE_S = 2.0

log = logging.getLogger(__name__)


class DeliveryLoop:
    """Makes the calls that are due, until cancelled.

    Args:
        calls: makes one call; open while the loop runs.
        look_s: how often the database is looked at for what is due.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        calls: EndpointCalls,
        *,
        clock_ms: Callable[[], int] = system_clock_ms,
        look_s: float = LOOK_S,
        calls_max: int = WEBHOOK_CALLS_MAX,
        probe: Probe = NO_PROBE,
    ) -> None:
        self._probe = probe
        self._calls = calls
        self._clock_ms = clock_ms
        self._look_s = look_s
        self._calls_max = calls_max
        self._deliveries = Deliveries(pool)
        self._bodies = Bodies(pool)
        self._endpoints = EndpointsNow(pool)
        self._credentials = WebhookCredentials(pool)
        self._running: Counter[Lane] = Counter()
        self._failing: set[Lane] = set()
        self._filling: dict[Lane, asyncio.Event] = {}
        self._turn: dict[Lane, bool] = {}
        self._name = secrets.token_hex(8)
        self._claims = itertools.count()
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Look and call."""
        async with asyncio.TaskGroup() as self._tasks:
            while True:
                pause_s = self._look_s
                try:
                    await self.look()
                except Exception as error:
                    # The database is away, or something nobody foresaw: the next look may go well.
                    log.warning("webhooks are not delivered at the moment: %s", type(error).__name__)
                    pause_s = _RETRY_S
                await asyncio.sleep(pause_s)

    async def look(self) -> None:
        """Begin what is due and can be begun."""
        for lane in await self._deliveries.lanes(self._clock_ms()):
            self._fill(lane)

    def _fill(self, lane: Lane) -> None:
        """Let a lane begin calls; one that is at it hears that there is room again, or something due."""
        assert self._tasks is not None
        if lane in self._filling:
            self._filling[lane].set()
            return
        self._filling[lane] = asyncio.Event()
        self._tasks.create_task(self._fill_lane(lane))

    async def _fill_lane(self, lane: Lane) -> None:
        news = self._filling[lane]
        try:
            news.set()
            while news.is_set():
                news.clear()
                while await self._begin(lane, news):
                    pass
        except Exception as error:
            # The text of an exception may hold personal data; its type and the place do not.
            log.warning("site %s: webhook endpoint %s: %s", lane.site, lane.endpoint_id, type(error).__name__)
        finally:
            del self._filling[lane]

    async def _begin(self, lane: Lane, news: asyncio.Event) -> bool:
        """Claim some calls and begin them as there is room; whether there were any."""
        endpoint = (await self._endpoints.of(lane.site)).find(lane.endpoint_id)
        if endpoint is None or endpoint.disabled or self._room(lane) <= 0:
            # The rows of an endpoint that is gone are settled by the planner, when it comes to that event.
            return False
        left = claimed = await self._claim(lane)
        try:
            bodies = await self._bodies.of(lane.site, claimed) if claimed else {}
            credentials = await self._credentials_of(lane, endpoint)
            async with asyncio.timeout(_HELD_S):
                for delivery in claimed:
                    while self._room(lane) <= 0:
                        news.clear()
                        await news.wait()
                    await self._start(delivery, endpoint, bodies.get(delivery.position), credentials)
                    left = left[1:]
        except TimeoutError:
            # Its calls take long. What is left is claimed again when there is room, if the endpoint is still there.
            return False
        finally:
            await self._release(left)
        return bool(claimed)

    def _room(self, lane: Lane) -> int:
        own = 1 if lane in self._failing else WEBHOOK_CALLS_PER_ENDPOINT_MAX
        return min(own - self._running[lane], self._calls_max - self._running.total())

    async def _claim(self, lane: Lane) -> list[Claimed]:
        """Neither kind starves the other: each is asked first every other time."""
        limit = 1 if lane in self._failing else WEBHOOK_CLAIMED_AT_ONCE
        self._turn[lane] = not self._turn.get(lane, False)
        for kind in (Kind.FIRST, Kind.FURTHER) if self._turn[lane] else (Kind.FURTHER, Kind.FIRST):
            claim = f"{self._name}-{next(self._claims)}"
            found = await self._deliveries.claim(lane, kind, claim, self._clock_ms(), limit)
            if found:
                return found
        return []

    async def _credentials_of(self, lane: Lane, endpoint: WebhookEndpoint) -> Credentials | None:
        if endpoint.credentials_id is None:
            return None
        return await self._credentials.find(lane.site, endpoint.credentials_id)

    async def _start(
        self, delivery: Claimed, endpoint: WebhookEndpoint, body: bytes | None, credentials: Credentials | None
    ) -> None:
        assert self._tasks is not None
        if body is None:
            await self._deliveries.finish(delivery, UNREADABLE, self._clock_ms(), is_final=True)
            return
        self._running[delivery.lane] += 1
        self._tasks.create_task(self._call(delivery, endpoint.url, body, credentials))

    async def _call(self, delivery: Claimed, url: str, body: bytes, credentials: Credentials | None) -> None:
        lane = delivery.lane
        turns: list[Lane] = []
        try:
            began_s = time.perf_counter()
            failure_reason = await self._calls.post(url, body, credentials)
            self._probe.webhook_called(time.perf_counter() - began_s, succeeded=failure_reason is None)
            (self._failing.add if failure_reason else self._failing.discard)(lane)
            turns = await self._deliveries.finish(delivery, failure_reason, self._clock_ms())
        except asyncio.CancelledError:
            await self._release([delivery])
            raise
        except Exception as error:
            # What it came to is not known, so the call is made again when the claim has run out.
            log.warning("site %s: webhook endpoint %s: %s", lane.site, lane.endpoint_id, type(error).__name__)
        finally:
            self._running[lane] -= 1
            if not self._running[lane]:
                del self._running[lane]
        for each in (lane, *turns):
            self._fill(each)

    async def _release(self, deliveries: Sequence[Claimed]) -> None:
        """Let somebody else make calls; without it he waits until the claims have run out."""
        try:
            async with asyncio.timeout(_RELEASE_S):
                for delivery in deliveries:
                    await self._deliveries.release(delivery, self._clock_ms())
        except Exception as error:
            log.warning("webhook calls were not given back: %s", type(error).__name__)
