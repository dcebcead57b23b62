"""Who follows the log from outside while the service is treated badly: a stream that is resumed, and a webhook."""

import asyncio
import contextlib
from collections import Counter

import aiohttp

from tests.api.event_source import ACCEPT, CHANGES, EventSource
from tests.serving import PATIENCE_S, Server
from tests.webhooks.receiver import Receiver

_PAUSE_S = 0.1
_FIRST_POSITION = 1
_EVENTS_PAGE = 100


class StreamReader:
    """Reads the stream of changes from the beginning of the log, resuming where it broke off.

    ``positions`` are those that came, in the order in which they came.
    """

    def __init__(self, client: aiohttp.ClientSession, server: Server) -> None:
        self._client = client
        self._url = server.url
        self._task: asyncio.Task[None] | None = None
        self.positions: list[int] = []
        self.resumed = 0

    def begin(self) -> None:
        """Start reading."""
        self._task = asyncio.create_task(self._read())

    def follow(self, server: Server) -> None:
        """Go on at another service of the same data."""
        self._url = server.url

    async def until(self, position: int) -> None:
        """Wait until the event at a position has come."""
        assert self._task is not None
        async with asyncio.timeout(PATIENCE_S):
            while not self.positions or self.positions[-1] < position:
                if self._task.done():
                    self._task.result()
                await asyncio.sleep(_PAUSE_S)

    async def stop(self) -> None:
        """Read no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _read(self) -> None:
        last = "0"
        while True:
            with contextlib.suppress(aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
                headers = {**ACCEPT, "Last-Event-ID": last}
                async with self._client.get(self._url + CHANGES, headers=headers, timeout=_NO_LIMIT) as response:
                    if response.status == 200:
                        self.resumed += 1
                        source = EventSource(response, last)
                        try:
                            async for event in source.events():
                                self.positions.append(int(event.id))
                        finally:
                            last = source.last_event_id
            await asyncio.sleep(_PAUSE_S)


_NO_LIMIT = aiohttp.ClientTimeout(total=None)


def assert_nothing_missed_or_repeated(reader: StreamReader, head: int) -> None:
    """Each position came once, in order."""
    assert reader.positions == list(range(_FIRST_POSITION, head + 1))


async def register(client: aiohttp.ClientSession, server: Server, receiver: Receiver) -> None:
    """Let the events of the site be delivered to a receiver."""
    form = {"name": "chaos", "url": receiver.url("/")}
    async with client.post(f"{server.url}/api/v2/webhook_endpoints", data=form) as response:
        assert response.status == 200, await response.text()


async def all_event_ids(client: aiohttp.ClientSession, server: Server) -> list[str]:
    """Ids of all events that the site's clients can know, as the API lists them."""
    found: list[str] = []
    params = {"limit": str(_EVENTS_PAGE)}
    while True:
        async with client.get(f"{server.url}/api/v2/events", params=params) as response:
            assert response.status == 200, await response.text()
            page = await response.json()
        found += [entry["event"]["id"] for entry in page["list"]]
        if "next_offset" not in page:
            return found
        params["offset"] = page["next_offset"]


def assert_each_was_delivered(receiver: Receiver, event_ids: list[str]) -> None:
    """Each event came at least once, and no other; more than once only what a kill caught in the middle of a call."""
    assert len(set(event_ids)) == len(event_ids)
    assert Counter(receiver.event_ids).keys() == set(event_ids)
