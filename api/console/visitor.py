"""Who looks at a page, and how he wants times and colours."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from aiohttp import web

from api.console.session import Session
from api.services import Services
from ledger.ids import Site
from ledger.sites import KeyKind, KeyOwner

THEME_COOKIE = "order_ledger_theme"
TIMES_COOKIE = "order_ledger_times"

C = TypeVar("C", bound=StrEnum)


class Theme(StrEnum):
    """Colours; ``system`` is what the browser prefers."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Times(StrEnum):
    """How times are written."""

    UTC = "utc"
    LOCAL = "local"
    RELATIVE = "relative"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in, and how many orders of his site are parked, which every page tells."""

    session: Session
    owner: KeyOwner
    parked: int = 0

    @property
    def site(self) -> Site:
        """The site that his key belongs to; nothing else decides it."""
        return self.owner.site

    @property
    def may_change(self) -> bool:
        """Whether the few actions are his."""
        return self.owner.kind is KeyKind.FULL


VISITOR = web.RequestKey("visitor", Visitor)
SERVICES = web.AppKey("console_services", Services)


def services_of(request: web.Request) -> Services:
    """What pages read with."""
    return request.app[SERVICES]


def visitor_of(request: web.Request) -> Visitor:
    """Who asks; every page but the way in has one."""
    return request[VISITOR]


async def zone_of(request: web.Request) -> ZoneInfo:
    """The time zone of the site, in which days are meant."""
    settings = await services_of(request).handler.settings(visitor_of(request).site)
    return ZoneInfo(settings.time_zone)


def theme_of(request: web.Request) -> Theme:
    """The colours that were chosen."""
    return _chosen(Theme, request.cookies.get(THEME_COOKIE), Theme.SYSTEM)


def times_of(request: web.Request) -> Times:
    """How times were chosen to be written."""
    return _chosen(Times, request.cookies.get(TIMES_COOKIE), Times.UTC)


def _chosen(kinds: type[C], said: str | None, otherwise: C) -> C:
    return kinds(said) if said in set(kinds) else otherwise
