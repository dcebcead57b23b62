"""What the commands on an order's past share: its argument, moments as they are typed, and the way to the data."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

import asyncpg
import typer

from api.schemas.filters import day_of
from ledger.envelope import EventMapper
from ledger.errors import ParamWrongValue
from ledger.ids import Site
from ledger.limits import INTEGER_MAX
from ledger.reader import StreamReader
from ledger.store import Store
from ops.cli.options import run_with_pool
from ops.cli.site_choice import chosen_site
from ops.target import Target
from projections.history.moments import AtPosition, AtTime, AtVersion, Moment
from projections.history.order_history import OrderHistory
from projections.visible_text import visible

T = TypeVar("T")

OrderIdArgument = Annotated[str, typer.Argument(metavar="ID", help="Id of the order.")]
MOMENT_HELP = "a version such as 3, a time (RFC 3339, or a date, which means its end in the site's zone), or #POSITION"

_is_number = re.compile(r"\d{1,16}", re.ASCII).fullmatch
_is_date = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII).fullmatch
_NOON = time(12)


@dataclass(frozen=True, slots=True)
class SitePast:
    """The past of one site's orders, and the time zone in which people speak of it."""

    site: Site
    zone: ZoneInfo
    history: OrderHistory
    pool: asyncpg.Pool


def look_back(target: Target, site: str | None, work: Callable[[SitePast], Awaitable[T]]) -> T:
    """Run a question about the past of a site's orders.

    Raises:
        ResourceNotFound: there is no such site.
        ParamRequired: none is named, and there is not exactly one.
    """

    async def run(pool: asyncpg.Pool) -> T:
        chosen = await chosen_site(pool, site)
        store = Store(pool)
        settings = (await StreamReader(store, EventMapper(), chosen).settings()).state
        return await work(SitePast(chosen, ZoneInfo(settings.time_zone), OrderHistory(store), pool))

    return run_with_pool(target, run, read_only=True)


def read_moment(text: str | None, zone: ZoneInfo) -> Moment | None:
    """A moment as it is typed; None for none.

    Raises:
        ParamWrongValue: not a moment.
    """
    if text is None:
        return None
    try:
        return _moment(text, zone)
    except (ValueError, OverflowError):
        raise ParamWrongValue(f"{visible(text, 80)} is no moment: it should be {MOMENT_HELP}") from None


def _moment(text: str, zone: ZoneInfo) -> Moment:
    if _is_number(text):
        return AtVersion(version=_counted(text))
    if text.startswith("#") and _is_number(text[1:]):
        return AtPosition(position=_counted(text[1:]))
    if _is_date(text):
        noon = datetime.combine(date.fromisoformat(text), _NOON, zone)
        first, last = day_of(int(noon.timestamp()), zone)
        return AtTime(since_ms=first * 1000, until_ms=last * 1000 + 999)
    return AtTime.instant(text)


def _counted(text: str) -> int:
    number = int(text)
    if not 1 <= number <= INTEGER_MAX:
        raise ValueError(text)
    return number
