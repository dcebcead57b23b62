"""The web application: one handler for all requests, which finds the operation, lets the caller in, and renders.

Whatever happens, the answer is JSON in Chargebee's shape: its clients turn anything else into errors of their own.
"""

import logging
import secrets
import time
import traceback
from collections.abc import Awaitable, Callable

from aiohttp import web

from api.call import read_call
from api.console.app import add_console, is_of_console
from api.console.settings import ConsoleSettings
from api.documentation import add_documentation
from api.intake.operation import INTAKE_ROUTES
from api.metrics.endpoint import add_metrics
from api.metrics.operations import UNKNOWN
from api.metrics.settings import MetricsSettings
from api.rendering import crash_body, error_body
from api.request_context import REQUEST_ID
from api.requests.exchange import Exchange
from api.responses import json_response
from api.routes import ROUTES
from api.routing import Router
from api.server import ANSWER
from api.services import Services
from ledger.appender import CONNECTION_ERRORS
from ledger.errors import DatabaseUnavailable, LedgerError
from ledger.limits import REQUEST_BODY_BYTES_MAX

log = logging.getLogger(__name__)

SERVICES = web.AppKey("services", Services)
_ALL_ROUTES = (*ROUTES, *INTAKE_ROUTES)
_ROUTER = Router(_ALL_ROUTES)
_ROUTES = {route.operation: route for route in _ALL_ROUTES}


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_OWN_METRICS = MetricsSettings()


def create_app(
    services: Services,
    *,
    console: ConsoleSettings | None = None,
    metrics: MetricsSettings = _OWN_METRICS,
    around: Callable[[Handler], Handler] = lambda answer: answer,
) -> web.Application:
    """The application around services that are ready; who made them closes them.

    Args:
        console: how the console is run; None signs its sessions with a secret of this process.
        metrics: who may read them, and in what detail.
        around: puts something around what answers the requests of the API.
    """
    app = web.Application(client_max_size=REQUEST_BODY_BYTES_MAX, middlewares=[answer_unrouted])
    app[SERVICES] = services
    app.on_shutdown.append(end_streams)
    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    add_metrics(app, services, metrics)
    add_documentation(app)
    add_console(app, services, console or ConsoleSettings(secret=secrets.token_bytes(32)))
    app[ANSWER] = around(_answering(services))
    app.router.add_route("*", "/{path:.*}", app[ANSWER])
    return app


async def end_streams(app: web.Application) -> None:
    """What goes on without end holds up the end of the process; everything else is waited for."""
    app[SERVICES].streams.close()


async def alive(_: web.Request) -> web.Response:
    """GET /healthz: the process answers."""
    return json_response(200, b'{"status":"alive"}')


async def ready(request: web.Request) -> web.Response:
    """GET /readyz: the database answers and has the schema that this version needs."""
    try:
        await request.app[SERVICES].check_ready()
    except LedgerError as refused:
        return refusal(refused)
    except CONNECTION_ERRORS:
        return refusal(DatabaseUnavailable(retry_after_s=1))
    return json_response(200, b'{"status":"ready"}')


@web.middleware
async def answer_unrouted(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """What no route of aiohttp's matches (``OPTIONS *``), which it would answer in plain text."""
    if request.match_info.http_exception is not None and not is_of_console(request):
        return await request.app[ANSWER](request)
    return await handler(request)


def operation_name(request: web.Request) -> str:
    """Which operation a request names; "unknown" where it names none."""
    try:
        operation, _ = _ROUTER.find(request.method, _raw_path(request))
    except LedgerError:
        return UNKNOWN
    return _ROUTES[operation].name


def _answering(services: Services) -> Handler:
    """What answers any other request."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return await _answer_and_keep(request, services)

    return answer


async def _answer_and_keep(request: web.Request, services: Services) -> web.StreamResponse:
    exchange = Exchange(services.ids.request_id(), services.clock_ms())
    outside = REQUEST_ID.set(exchange.request_id)
    response = await _answer_or_refuse(request, services, exchange)
    response.headers["x-request-id"] = exchange.request_id
    services.recorder.take(request, exchange, response)
    _measure(request, services, exchange, response)
    REQUEST_ID.reset(outside)
    return response


def _measure(request: web.BaseRequest, services: Services, exchange: Exchange, response: web.StreamResponse) -> None:
    """Live streams are not measured: they last as long as somebody listens."""
    if isinstance(response, web.Response):
        duration_s = time.perf_counter() - exchange.began_s
        operation = exchange.route.name if exchange.route else UNKNOWN
        services.metrics.answered(operation, response.status, duration_s)
        services.request_log.answered(request, exchange, response.status, duration_s)


async def _answer_or_refuse(request: web.Request, services: Services, exchange: Exchange) -> web.StreamResponse:
    request_id = exchange.request_id
    try:
        with services.traffic.request():
            return await _answer(request, services, exchange)
    except LedgerError as refused:
        return refusal(refused)
    except CONNECTION_ERRORS as lost:
        log.warning("%s: the database cannot be reached: %s", request_id, type(lost).__name__)
        return refusal(DatabaseUnavailable(retry_after_s=1))
    except Exception as crash:
        # The text of an exception may hold what the client sent; where it happened does not.
        frames = "".join(traceback.format_tb(crash.__traceback__))
        log.error("%s: %s failed with %s\n%s", request_id, request.method, type(crash).__name__, frames)
        return json_response(500, crash_body(request_id))


async def _answer(request: web.Request, services: Services, exchange: Exchange) -> web.StreamResponse:
    operation, path_id = _ROUTER.find(request.method, _raw_path(request))
    exchange.route, exchange.path_id = _ROUTES[operation], path_id
    call = await read_call(request, services, exchange)
    if call.idempotency is None:
        return await operation(call, path_id)
    return await services.replays.once(
        call.idempotency, lambda: operation(call, path_id), is_command=exchange.route.is_command
    )


def refusal(refused: LedgerError) -> web.Response:
    """The answer to a request that is refused."""
    headers = {"Retry-After": str(refused.retry_after_s)} if refused.retry_after_s else None
    return json_response(refused.http_status, error_body(refused), headers=headers)


def _raw_path(request: web.Request) -> str:
    return request.raw_path.partition("?")[0]
