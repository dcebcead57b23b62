"""The orders that a filter bar finds, at any moment: what the screen and the export of orders are made of."""

from collections.abc import AsyncIterator
from dataclasses import replace
from zoneinfo import ZoneInfo

from api.console.bar import Chip
from api.console.order_bar import read_order_bar
from api.found_orders import FoundOrders, find_all, find_page
from api.schemas.listing import ListRequest
from api.services import Services
from api.typed_moments import read_moment
from ledger.errors import ParamWrongValue
from ledger.ids import Site
from ledger.limits import CONSOLE_ROWS, PAGE_LIMIT_MAX, SEARCH_ORDERS_MAX
from projections.history.moments import AtVersion
from projections.past.cut import ListMoment
from projections.search.lookup import is_looked_up


class OrderFinder:
    """Finds the orders of a site that a bar asks for.

    Args:
        zone: of the site, for whole days.
        at: the moment as it was typed; empty for now.

    Raises:
        ParamWrongValue: bar or moment cannot be read.
    """

    def __init__(self, services: Services, site: Site, zone: ZoneInfo, *, bar: str, at: str) -> None:
        self._services = services
        self._site = site
        self._bar = read_order_bar(bar, zone)
        self._moment = _moment(at, zone)

    @property
    def chips(self) -> tuple[Chip, ...]:
        """The qualifiers of the bar."""
        return self._bar.chips

    async def page(self, offset: str | None) -> FoundOrders:
        """One page of the screen."""
        # What was looked up is short, and may be others by the next page: it is shown on one.
        limit = SEARCH_ORDERS_MAX if is_looked_up(self._bar.query) else CONSOLE_ROWS
        return await find_page(self._services, self._site, self._asked(limit, offset))

    def all(self) -> AsyncIterator[bytes]:
        """Every order of the list, read page by page."""
        return find_all(self._services, self._site, self._asked(PAGE_LIMIT_MAX))

    def _asked(self, limit: int, offset: str | None = None) -> ListRequest:
        return ListRequest(replace(self._bar.query, limit=limit), offset, self._moment)


def _moment(text: str, zone: ZoneInfo) -> ListMoment | None:
    moment = read_moment(text or None, zone)
    if isinstance(moment, AtVersion):
        raise ParamWrongValue("A list has no versions: name a time or a position, such as #120.", param="at")
    return moment
