"""The way in and out: an API key is asked for once, checked, and forgotten (``api.console.session``)."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aiohttp import web

from api.console.headers import Handler
from api.console.rendering import answer
from api.console.session import Sessions, is_own_form
from api.console.visitor import THEME_COOKIE, TIMES_COOKIE, Theme, Times, visitor_of
from api.services import Services
from ledger.errors import AuthorizationFailed
from ledger.limits import (
    API_KEY_LENGTH_MAX,
    CONSOLE_ADDRESSES_REMEMBERED_MAX,
    CONSOLE_SESSION_S_MAX,
    CONSOLE_SIGN_INS_PER_MINUTE,
)
from ledger.sites import digest_of

SESSIONS = web.AppKey("sessions", Sessions)
_HOME = "/console/orders"
_MINUTE_MS = 60_000


def add_routes(console: web.Application, services: Services) -> None:
    """Sign-in, sign-out and preferences."""
    tries = Tries(services.clock_ms)
    console.router.add_get("/sign-in", ask)
    console.router.add_post("/sign-in", _signing_in(services, tries))
    console.router.add_post("/sign-out", sign_out)
    console.router.add_post("/preferences", prefer)


@dataclass(slots=True)
class Tries:
    """Counts tries to sign in by the address they come from, so that nobody can go through keys."""

    clock_ms: Callable[[], int]
    _counts: "OrderedDict[str, tuple[int, int]]" = field(default_factory=OrderedDict)

    def take(self, address: str) -> bool:
        """Whether one more try is allowed in this minute."""
        minute = self.clock_ms() // _MINUTE_MS
        counted, tries = self._counts.pop(address, (minute, 0))
        tries = tries + 1 if counted == minute else 1
        self._counts[address] = (minute, tries)
        if len(self._counts) > CONSOLE_ADDRESSES_REMEMBERED_MAX:
            self._counts.popitem(last=False)
        return tries <= CONSOLE_SIGN_INS_PER_MINUTE


async def ask(request: web.Request) -> web.Response:
    """GET /console/sign-in"""
    return answer(request, "sign_in.html", next=_own_path(request.query.get("next")), refused=None)


def _signing_in(services: Services, tries: Tries) -> Handler:
    async def sign_in(request: web.Request) -> web.Response:
        """POST /console/sign-in"""
        require_own_origin(request)
        form = await request.post()
        key, wanted = str(form.get("key", "")).strip(), _own_path(str(form.get("next", "")))
        if not tries.take(request.remote or ""):
            refused = "Too many tries. Please wait a minute."
            response = answer(request, "sign_in.html", status=429, next=wanted, refused=refused)
            response.headers["Retry-After"] = "60"
            return response
        owner = await services.gate.find(digest_of(key)) if 0 < len(key) <= API_KEY_LENGTH_MAX else None
        if owner is None:
            refused = "Nobody has this key. It may be revoked, or of another service."
            return answer(request, "sign_in.html", status=401, next=wanted, refused=refused)
        response = web.Response(status=303, headers={"Location": wanted or _HOME})
        request.app[SESSIONS].begin(request, response, digest_of(key))
        return response

    return sign_in


async def sign_out(request: web.Request) -> web.Response:
    """POST /console/sign-out"""
    await require_own_form(request)
    response = web.Response(status=303, headers={"Location": "/console/sign-in"})
    request.app[SESSIONS].end(response)
    return response


async def prefer(request: web.Request) -> web.Response:
    """POST /console/preferences: how times and colours are shown, kept by the browser."""
    await require_own_form(request)
    form = await request.post()
    response = web.Response(status=303, headers={"Location": _own_path(str(form.get("back", ""))) or _HOME})
    for name, kinds in ((TIMES_COOKIE, Times), (THEME_COOKIE, Theme)):
        said = str(form.get(name.rpartition("_")[2], ""))
        if said in set(kinds):
            response.set_cookie(
                name,
                said,
                max_age=30 * CONSOLE_SESSION_S_MAX,
                path="/console",
                httponly=True,
                samesite="Lax",
                secure=request.secure,
            )
    return response


async def require_own_form(request: web.Request) -> None:
    """Refuse a form that was not sent from a page of this session.

    Raises:
        AuthorizationFailed: its token is missing or another one, or it comes from elsewhere.
    """
    require_own_origin(request)
    token = (await request.post()).get("token")
    if not is_own_form(visitor_of(request).session, token if isinstance(token, str) else None):
        raise AuthorizationFailed("This form is not of your session any more. Please go back and try again.")


def require_own_origin(request: web.Request) -> None:
    """Refuse what another site's page sends.

    Raises:
        AuthorizationFailed: the browser says that it comes from elsewhere.
    """
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise AuthorizationFailed("This form was sent from another site.")


def _own_path(path: str | None) -> str:
    """A path of the console, or nothing: nobody is to be sent elsewhere from here."""
    is_own = path is not None and path.startswith("/console/") and "\\" not in path and path.isprintable()
    return path if is_own and path else ""
