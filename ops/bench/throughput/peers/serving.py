"""How a peer is served: aiohttp on uvloop in one process, without an access log, as fast as it goes."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import uvloop
from aiohttp import web

CONTENT_TYPE = "application/json;charset=utf-8"
LISTENS = "listens on port "

_BACKLOG = 1024


def answer(body: bytes) -> web.Response:
    """A JSON answer, with the headers that the service sends as well."""
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})


def serve(prepare: Callable[[web.Application], Awaitable[None]]) -> None:
    """Serve an application until SIGTERM, and print its port once it answers."""
    uvloop.run(_serve(prepare))


async def _serve(prepare: Callable[[web.Application], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    app = web.Application()
    await prepare(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=_BACKLOG).start()
        print(f"{LISTENS}{runner.addresses[0][1]}", flush=True)  # noqa: T201
        await stop.wait()
    finally:
        await runner.cleanup()
