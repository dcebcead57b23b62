"""The console as an application of its own below ``/console``: who may see a page, and what becomes of a failure.

The way of a page: ``routes`` finds it, ``signed_in`` says who asks, a function of ``pages`` reads and answers with a
template and what it shows. Errors of the ledger become pages with the same words that the API has for them.
"""

import logging
import traceback
from functools import partial
from importlib.resources import files
from urllib.parse import quote

from aiohttp import web

from api.console import sign_in
from api.console.headers import Handler, secure_headers
from api.console.rendering import SOMEBODY_CAME, answer, set_up_templates, templates_ahead
from api.console.routes import ACTIONS, PAGES
from api.console.session import Sessions
from api.console.settings import ConsoleSettings
from api.console.sign_in import SESSIONS
from api.console.visitor import SERVICES, VISITOR, Visitor
from api.memory import Memory
from api.services import Services
from ledger.appender import CONNECTION_ERRORS
from ledger.errors import DatabaseUnavailable, LedgerError, ResourceNotFound
from ledger.ids import Site
from projections.rebuild.parking import parked

PREFIX = "/console"
_OPEN = frozenset({f"{PREFIX}/sign-in"})

PARKED: "web.AppKey[Memory[Site, int]]" = web.AppKey("parked", Memory)
_PARKED_MEMORY_S = 2.0

log = logging.getLogger(__name__)


def add_console(app: web.Application, services: Services, settings: ConsoleSettings) -> None:
    """Serve the console."""
    app.router.add_get(PREFIX, _home)
    app.router.add_get(f"{PREFIX}/", _home)
    app.add_subapp(PREFIX, create_console(services, settings))


def is_of_console(request: web.Request) -> bool:
    """Whether a request is the console's to answer, also where it is for no page of it."""
    return request.path.startswith(f"{PREFIX}/")


async def _home(_: web.Request) -> web.Response:
    return web.Response(status=303, headers={"Location": f"{PREFIX}/orders"})


def create_console(services: Services, settings: ConsoleSettings) -> web.Application:
    """The console over services that are ready."""
    console = web.Application(middlewares=[secure_headers, failures_as_pages, signed_in])
    console[SERVICES] = services
    console[PARKED] = Memory(partial(_parked, services), _PARKED_MEMORY_S)
    console[SESSIONS] = Sessions(settings.secret)
    set_up_templates(console)
    console.cleanup_ctx.append(templates_ahead)
    sign_in.add_routes(console, services)
    for path, page in PAGES:
        console.router.add_get(path, page)
    for path, action in ACTIONS:
        console.router.add_post(path, action)
    console.router.add_static("/static", _static_folder())
    return console


@web.middleware
async def signed_in(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let those through who are signed in; everybody else is shown the way in, and comes back afterwards."""
    request.app[SOMEBODY_CAME].set()
    if request.path in _OPEN or request.path.startswith(f"{PREFIX}/static/"):
        return await handler(request)
    session = request.app[SESSIONS].read(request)
    owner = await request.app[SERVICES].gate.find(session.digest) if session else None
    if session is None or owner is None:
        wanted = quote(request.path_qs, safe="") if request.method == "GET" else ""
        way_in = f"{PREFIX}/sign-in" + (f"?next={wanted}" if wanted else "")
        return web.Response(status=303, headers={"Location": way_in})
    request[VISITOR] = Visitor(session, owner, await request.app[PARKED].get(owner.site))
    request.app[SERVICES].traffic.count(owner.site)
    return await handler(request)


@web.middleware
async def failures_as_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A page for everything that goes wrong, with the API's words and status."""
    try:
        if request.match_info.http_exception is not None:
            return _failure(request, ResourceNotFound("There is no such page."))
        with request.app[SERVICES].traffic.request():
            return await handler(request)
    except LedgerError as refused:
        return _failure(request, refused)
    except CONNECTION_ERRORS:
        return _failure(request, DatabaseUnavailable(retry_after_s=1))
    except web.HTTPException as moved:
        if moved.status < 400:
            raise
        return answer(request, "failure.html", status=moved.status, message=moved.reason)
    except Exception as crash:
        # The text of an exception may hold what a client sent; where it happened does not.
        frames = "".join(traceback.format_tb(crash.__traceback__))
        log.error("console: %s failed with %s\n%s", request.method, type(crash).__name__, frames)
        return answer(request, "failure.html", status=500, message="Something went wrong here. It was logged.")


async def _parked(services: Services, site: Site) -> int:
    return len(await parked(services.pool, site))


def _failure(request: web.Request, refused: LedgerError) -> web.Response:
    response = answer(request, "failure.html", status=refused.http_status, message=refused.message, param=refused.param)
    if refused.retry_after_s:
        response.headers["Retry-After"] = str(refused.retry_after_s)
    return response


def _static_folder() -> str:
    return str(files("api.console") / "static")
