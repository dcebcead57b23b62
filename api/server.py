"""The HTTP server around the application: like aiohttp's own, but errors below the application are JSON too.

A request that is not HTTP never reaches the application, so aiohttp answers it itself, in plain text. Chargebee's
clients turn that into errors of their own, so this one place reaches below aiohttp's public surface.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

from api.rendering import error_body
from api.responses import json_response
from api.routing import API_PREFIX
from ledger.errors import InvalidRequest, LedgerError, OperationFailed
from ledger.limits import (
    CONNECTION_DRAIN_S,
    CONNECTION_IDLE_S_MAX,
    REQUEST_HEADER_BYTES_MAX,
    REQUEST_LINE_BYTES_MAX,
)

# How long requests that run may take to finish once the server stops.
SHUTDOWN_S = 15.0
# How often a server that drains looks whether all clients are gone.
_DRAIN_LOOK_S = 0.05


ANSWER = web.AppKey[Callable[[web.Request], Awaitable[web.StreamResponse]]]("answer")
"""What an application answers requests of the API with."""


class LedgerRunner(web.AppRunner):
    """Runs the application with our limits.

    Requests of the API go straight to what answers them: they have a router of their own (``api.routing``), and the
    way through that of aiohttp costs a twentieth of a request.

    Args:
        on_connections: told the number of open connections whenever it changes.
    """

    def __init__(self, app: web.Application, on_connections: Callable[[int], None] = lambda _: None) -> None:
        self._on_connections = on_connections
        super().__init__(
            app,
            access_log=None,
            shutdown_timeout=SHUTDOWN_S,
            keepalive_timeout=CONNECTION_IDLE_S_MAX,
            max_line_size=REQUEST_LINE_BYTES_MAX,
            max_field_size=REQUEST_HEADER_BYTES_MAX,
        )

    async def drain(self, at_once: asyncio.Event) -> None:
        """Let go of clients: from here on each answer is the last one of its connection, and says so.

        Connections on which nothing is asked stay open for CONNECTION_DRAIN_S, or until ``at_once`` is set, so that a
        request that is under way when they would be closed is answered.
        """
        server = self.server
        assert isinstance(server, _Server)
        server.is_draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CONNECTION_DRAIN_S):
                # aiohttp tells nobody when a connection ends.
                while server.connections and not at_once.is_set():  # noqa: ASYNC110
                    await asyncio.sleep(_DRAIN_LOOK_S)

    async def _make_server(self) -> web.Server:
        plain = await super()._make_server()
        handler = _straight(self.app[ANSWER], plain.request_handler) if ANSWER in self.app else plain.request_handler
        server = _Server(handler, request_factory=plain.request_factory, **plain._kwargs)
        server.on_connections = self._on_connections
        return server


def _straight(answer: Any, routed: Any) -> Any:
    async def handle(request: web.Request) -> web.StreamResponse:
        # What expects to be told to continue is told so on the way through the application.
        if request.raw_path.startswith(API_PREFIX) and "Expect" not in request.headers:
            response: web.StreamResponse = await answer(request)
        else:
            response = await routed(request)
        return response

    return handle


class _Server(web.Server):
    is_draining = False
    on_connections: Callable[[int], None]
    # aiohttp's own list has a connection that is lost until its handler has ended, and tells nobody then.
    _open = 0

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self._open += 1
        self.on_connections(self._open)

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        super().connection_lost(handler, exc)
        self._open -= 1
        self.on_connections(self._open)

    def __call__(self) -> RequestHandler:
        return _Protocol(self, loop=self._loop, **self._kwargs)


class _Protocol(RequestHandler):
    __slots__ = ()

    def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> Coroutine[Any, Any, tuple[web.StreamResponse, bool]]:
        """Send the answer; the client is told to connect anew where this process is about to end."""
        if isinstance(self._manager, _Server) and self._manager.is_draining and not resp.prepared:
            resp.force_close()
        return super().finish_response(request, resp, start_time)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP request, in Chargebee's shape; the connection is closed."""
        super().handle_error(request, status, exc, message)
        refused: LedgerError = OperationFailed()
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            refused = InvalidRequest("The request is not valid HTTP")
        response = json_response(refused.http_status, error_body(refused))
        response.force_close()
        return response

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log a fault of our own. Anybody can send what is no HTTP, and a traceback would repeat it in the log."""
        if not isinstance(kw.get("exc_info"), HttpProcessingError | web.RequestPayloadError):
            super().log_exception(*args, **kw)
