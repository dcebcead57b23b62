"""The server that tells everybody to come again. A module of its own: the parent of the service rarely needs one, and
what serves HTTP takes as long to import as all the rest of the parent.
"""

import contextlib
import socket
from collections.abc import AsyncIterator

from aiohttp import web

from api.rendering import error_body
from api.responses import json_response
from api.server import LedgerRunner
from ledger.errors import DatabaseUnavailable

_RETRY_AFTER_S = 1


@contextlib.asynccontextmanager
async def answering(listener: socket.socket) -> AsyncIterator[None]:
    """Answer 503 with ``Retry-After`` on a listening socket, which stays open, as long as the block runs."""
    app = web.Application()
    app.router.add_get("/healthz", _alive)
    app.router.add_route("*", "/{path:.*}", _come_again)
    runner = LedgerRunner(app)
    await runner.setup()
    try:
        # A second handle: the runner closes its own.
        await web.SockSite(runner, listener.dup()).start()
        yield
    finally:
        await runner.cleanup()


async def _alive(_: web.Request) -> web.Response:
    return _closing(json_response(200, b'{"status":"alive"}'))


async def _come_again(_: web.Request) -> web.Response:
    away = DatabaseUnavailable()
    return _closing(json_response(away.http_status, error_body(away), headers={"Retry-After": str(_RETRY_AFTER_S)}))


def _closing(response: web.Response) -> web.Response:
    # The next request is for somebody else.
    response.force_close()
    return response
