"""The HTTP server around the application: like aiohttp's own, but errors below the application are JSON too.

A request that is not HTTP never reaches the application, so aiohttp answers it itself, in plain text. Chargebee's
clients turn that into errors of their own, so this one place reaches below aiohttp's public surface.
"""

from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

from api.rendering import error_body
from api.responses import json_response
from ledger.errors import InvalidRequest, LedgerError, OperationFailed
from ledger.limits import CONNECTION_IDLE_S_MAX, REQUEST_HEADER_BYTES_MAX, REQUEST_LINE_BYTES_MAX

# How long requests that run may take to finish once the server stops.
SHUTDOWN_S = 15.0


class LedgerRunner(web.AppRunner):
    """Runs the application with our limits."""

    def __init__(self, app: web.Application) -> None:
        super().__init__(
            app,
            access_log=None,
            shutdown_timeout=SHUTDOWN_S,
            keepalive_timeout=CONNECTION_IDLE_S_MAX,
            max_line_size=REQUEST_LINE_BYTES_MAX,
            max_field_size=REQUEST_HEADER_BYTES_MAX,
        )

    async def _make_server(self) -> web.Server:
        plain = await super()._make_server()
        return _Server(plain.request_handler, request_factory=plain.request_factory, **plain._kwargs)


class _Server(web.Server):
    def __call__(self) -> RequestHandler:
        return _Protocol(self, loop=self._loop, **self._kwargs)


class _Protocol(RequestHandler):
    __slots__ = ()

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
