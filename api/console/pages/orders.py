"""The screen of orders: a filter bar, counts by status, the list at any moment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from api.console.order_bar import HELP, OrderBar, read_order_bar
from api.console.rendering import answer
from api.console.visitor import services_of, visitor_of, zone_of
from api.offsets import read_offset, write_offset
from api.services import Services
from api.typed_moments import day_named, read_moment
from ledger.errors import LedgerError, ParamWrongValue
from ledger.ids import Site
from ledger.limits import CONSOLE_ROWS, OVERVIEW_DAYS
from projections.history.moments import AtVersion
from projections.listing import OrderQuery
from projections.orders import OrderPage
from projections.overview import DayCount, StatusCount, changes_by_day, status_counts
from projections.past.cut import ListMoment


class OrderLine(msgspec.Struct, frozen=True):
    """What the list shows of an order."""

    id: str
    status: str
    invoice_id: str
    order_type: str
    created_at: int
    updated_at: int
    deleted: bool = False
    subscription_id: str | None = None
    reference_id: str | None = None
    currency_code: str | None = None
    total: int | None = None
    cancellation_reason: str | None = None


_decoder = msgspec.json.Decoder(OrderLine)


async def show(request: web.Request) -> web.Response:
    """GET /console/orders?q=…&at=…&offset=…"""
    services, site = services_of(request), visitor_of(request).site
    zone = await zone_of(request)
    bar, at = request.query.get("q", ""), request.query.get("at", "").strip()
    refused: LedgerError | None = None
    asked, moment, found = OrderBar(), None, OrderPage((), None)
    try:
        asked, moment = read_order_bar(bar, zone), _moment(at, zone)
        query = replace(asked.query, limit=CONSOLE_ROWS)
        if offset := request.query.get("offset"):
            query = replace(query, start=read_offset(offset, query=query, site=site, moment=moment))
        found = await _page(services, site, query, moment)
    except LedgerError as error:
        if error.http_status >= 500:
            raise
        refused = error
    following = None
    if found.next_start:
        behind = write_offset(
            found.next_start, query=replace(asked.query, limit=CONSOLE_ROWS), site=site, moment=moment
        )
        following = "/console/orders?" + urlencode({"q": bar, "at": at, "offset": behind})
    return answer(
        request,
        "orders.html",
        overview=await _overview(services, site, zone) if not at and "offset" not in request.query else None,
        status=refused.http_status if refused else 200,
        bar=bar,
        at=at,
        chips=asked.chips,
        orders=[_decoder.decode(document) for document in found.documents],
        following=following,
        is_first=not request.query.get("offset"),
        refused=refused,
        qualifiers=HELP,
        zone=zone,
    )


@dataclass(frozen=True, slots=True)
class Bar:
    """A day of the chart; ``height`` in per cent of the busiest day."""

    day: DayCount
    height: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What stands above the first page of the present."""

    counts: Sequence[StatusCount]
    days: Sequence[Bar]


def last_days(now: int, zone: ZoneInfo) -> list[int]:
    """Where the last days begin, in seconds, and where today ends."""
    today = datetime.fromtimestamp(now, zone).date()
    days = [today + timedelta(days=number) for number in range(1 - OVERVIEW_DAYS, 2)]
    return [day_named(day.isoformat(), zone)[0] for day in days]


async def _overview(services: Services, site: Site, zone: ZoneInfo) -> Overview:
    days = last_days(services.clock_ms() // 1000, zone)
    return Overview(await status_counts(services.pool, site), _bars(await changes_by_day(services.pool, site, days)))


def _bars(days: Sequence[DayCount]) -> list[Bar]:
    most = max((day.events for day in days), default=0) or 1
    return [Bar(day, -(-100 * day.events // most)) for day in days]


def _moment(text: str, zone: ZoneInfo) -> ListMoment | None:
    moment = read_moment(text or None, zone)
    if isinstance(moment, AtVersion):
        raise ParamWrongValue("A list has no versions: name a time or a position, such as #120.", param="at")
    return moment


async def _page(services: Services, site: Site, query: OrderQuery, moment: ListMoment | None) -> OrderPage:
    if moment is None:
        return await services.orders.page(site, query)
    return await services.past_lists.page(site, query, moment)
