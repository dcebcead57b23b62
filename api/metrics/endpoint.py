"""GET /metrics: the whole service in one answer, whichever of its processes gives it.

It is answered beside the API: no key, no rate limit and no bound of requests in flight stands before it, so it tells
what happens also when the service is too busy to answer others.
"""

import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from aiohttp import web

from api.memory import Memory
from api.metrics.database_figures import DatabaseFigures, database_figures
from api.metrics.door import admit_reader
from api.metrics.settings import MetricsSettings
from api.rendering import error_body
from api.responses import json_response, raw_response
from api.services import Services
from ledger.errors import AuthenticationFailed, LedgerError

PATH = "/metrics"

# Several who read at once, or one who reads in a loop, ask the database no more often than this.
_REMEMBERED_S = 1.0
_HEADERS = {"Cache-Control": "no-store"}


def add_metrics(app: web.Application, services: Services, settings: MetricsSettings) -> None:
    """Serve them."""
    app.router.add_get(PATH, metrics_handler(services, settings))


def metrics_handler(
    services: Services, settings: MetricsSettings
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """What answers."""

    async def read(_: str) -> DatabaseFigures | None:
        return await database_figures(services.pool, services.clock_ms, settings)

    figures = Memory(read, _REMEMBERED_S)

    async def metrics(request: web.Request) -> web.StreamResponse:
        """GET /metrics"""
        try:
            admit_reader(request, settings.token)
        except LedgerError as refused:
            return _refusal(refused)
        accept = request.headers.get("Accept", "")
        # In a thread: requests go on meanwhile, and the library is imported by the first who reads.
        shown = await asyncio.to_thread(_shown, services, await figures.get(""), accept)
        return raw_response(shown.body, shown.content_type, headers=_HEADERS)

    return metrics


def _shown(services: Services, figures: DatabaseFigures | None, accept: str) -> Any:
    return import_module("api.metrics.exposition").exposition(services.metrics.instruments, figures, accept)


def _refusal(refused: LedgerError) -> web.Response:
    challenge = {"WWW-Authenticate": "Bearer"} if isinstance(refused, AuthenticationFailed) else {}
    return json_response(refused.http_status, error_body(refused), headers={**_HEADERS, **challenge})
