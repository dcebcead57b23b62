"""Server-sent events: a response that goes on (WHATWG HTML, section 9.2).

An event without data moves the id that a client resumes from and is not shown to anybody. A client that takes nothing
for a while is cut off: what it has not taken is bounded by the buffers of the connection.
"""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter

from ledger.limits import STREAM_WRITE_S_MAX

MEDIA_TYPE = "text/event-stream"

_HEADERS = {
    "Content-Type": MEDIA_TYPE,
    "Cache-Control": "no-store",
    # Proxies that collect answers would hold back what is small.
    "X-Accel-Buffering": "no",
    "Server": "order-ledger",
}


def wants_event_stream(accept: str) -> bool:
    """Whether an Accept header names the media type of server-sent events."""
    return any(media.partition(";")[0].strip().lower() == MEDIA_TYPE for media in accept.split(","))


class EventStream(web.StreamResponse):
    """A response whose body is written by ``produce`` once its head is sent; HEAD gets the head alone.

    It is written when aiohttp sends it, so that the request counts as answered by then.
    """

    def __init__(self, produce: Callable[["EventStream"], Awaitable[None]]) -> None:
        super().__init__(headers=_HEADERS)
        self._produce = produce
        self._request: web.BaseRequest | None = None

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the head, and then all that there is."""
        is_first = not self.prepared
        writer = await super().prepare(request)
        if is_first and request.method != hdrs.METH_HEAD:
            self._request = request
            await self._produce(self)
        return writer

    @property
    def is_gone(self) -> bool:
        """Whether the client has closed the connection."""
        return self._request is None or self._request.transport is None or self._request.transport.is_closing()

    async def begin(self, event_id: int, retry_ms: int) -> None:
        """Where the client is, and when it should come again after a loss."""
        await self._send(b"retry: %d\nid: %d\n\n" % (retry_ms, event_id))

    async def event(self, event_id: int, name: str, data: bytes) -> None:
        """One event; its data are one line."""
        await self._send(b"id: %d\nevent: %s\ndata: %s\n\n" % (event_id, name.encode(), data))

    async def move(self, event_id: int) -> None:
        """The client has seen all up to here, though nothing was for it."""
        await self._send(b"id: %d\n\n" % event_id)

    async def heartbeat(self) -> None:
        """A comment, for whoever closes connections on which nothing happens."""
        await self._send(b":\n\n")

    async def _send(self, text: bytes) -> None:
        try:
            async with asyncio.timeout(STREAM_WRITE_S_MAX):
                await self.write(text)
        except TimeoutError:
            if self._request is not None and self._request.transport is not None:
                self._request.transport.abort()
            raise ConnectionResetError("The client takes nothing") from None
