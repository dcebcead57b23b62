"""A receiver of webhooks on a free port of this machine, which behaves as a test tells it to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Received:
    """One call as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        """The body as JSON."""
        event: dict[str, Any] = msgspec.json.decode(self.body)
        return event


async def accept(_: web.Request) -> web.Response:
    """Take the event."""
    return web.Response(text="ok")


def answer(status: int, **headers: str) -> Behaviour:
    """Answer with a status."""

    async def behave(_: web.Request) -> web.Response:
        return web.Response(status=status, headers=headers)

    return behave


async def die(request: web.Request) -> web.Response:
    """Close the connection in the middle."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


class Hang:
    """Answers nobody until it is let go."""

    def __init__(self) -> None:
        self.over = asyncio.Event()

    async def __call__(self, _: web.Request) -> web.Response:
        await self.over.wait()
        return web.Response()


@dataclass
class Receiver:
    """What came, in the order in which it came, and what to do with the next."""

    port: int = 0
    behaviour: Behaviour = accept
    calls: list[Received] = field(default_factory=list)
    now: int = 0
    most_at_once: int = 0

    def url(self, path: str = "/hook") -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def event_ids(self) -> list[str]:
        """Ids of the events that came, in their order."""
        return [call.event["id"] for call in self.calls]

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Note a call and behave."""
        body = await request.read()
        self.calls.append(Received(request.method, request.raw_path, dict(request.headers), body))
        self.now += 1
        self.most_at_once = max(self.most_at_once, self.now)
        try:
            return await self.behaviour(request)
        finally:
            self.now -= 1


@contextlib.asynccontextmanager
async def receiving(behaviour: Behaviour = accept) -> AsyncIterator[Receiver]:
    """A receiver that listens during the block."""
    receiver = Receiver(behaviour=behaviour)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.take)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        await runner.cleanup()
