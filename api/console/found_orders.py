"""The orders that a filter bar finds, at any moment: what the screen and the export of orders are made of."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from api.console.bar import Chip
from api.console.order_bar import OrderBar, read_order_bar
from api.offsets import read_offset, write_offset
from api.services import Services
from api.typed_moments import read_moment
from ledger.errors import ParamWrongValue
from ledger.ids import Site
from ledger.limits import CONSOLE_ROWS, PAGE_LIMIT_MAX, SEARCH_ORDERS_MAX
from projections.history.moments import AtVersion
from projections.listing import Filter, Operator, OrderQuery
from projections.orders import OrderPage
from projections.past.cut import ListMoment
from projections.search.search import orders_changed_by, orders_with_words


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundOrders:
    """A page of orders; ``next_offset`` is None on the last one."""

    documents: tuple[bytes, ...] = ()
    next_offset: str | None = None
    chips: tuple[Chip, ...] = ()


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
        self._bar: OrderBar = read_order_bar(bar, zone)
        self._moment = _moment(at, zone)

    async def page(self, offset: str | None) -> FoundOrders:
        """One page of the screen."""
        query, chips = await self._query(), self._bar.chips
        # What was looked up is short, and may be others by the next page: it is shown on one.
        query = replace(query, limit=SEARCH_ORDERS_MAX if self._is_looked_up else CONSOLE_ROWS)
        site, moment = self._site, self._moment
        if offset:
            query = replace(query, start=read_offset(offset, query=query, site=site, moment=moment))
        found = await self._read(query)
        start = found.next_start
        behind = write_offset(start, query=query, site=site, moment=moment) if start else None
        return FoundOrders(documents=found.documents, next_offset=behind, chips=chips)

    async def all(self) -> AsyncIterator[bytes]:
        """Every order of the list, read page by page."""
        query = replace(await self._query(), limit=PAGE_LIMIT_MAX)
        while True:
            found = await self._read(query)
            for document in found.documents:
                yield document
            if found.next_start is None:
                return
            query = replace(query, start=found.next_start)

    @property
    def _is_looked_up(self) -> bool:
        return bool(self._bar.words or self._bar.actors)

    async def _query(self) -> OrderQuery:
        pool, site = self._services.pool, self._site
        looked_up = [await orders_changed_by(pool, site, actor) for actor in self._bar.actors]
        if self._bar.words:
            looked_up.append(await orders_with_words(pool, site, self._bar.words))
        filters = tuple(Filter("id", Operator.IN, tuple(ids)) for ids in looked_up)
        return replace(self._bar.query, filters=self._bar.query.filters + filters)

    async def _read(self, query: OrderQuery) -> OrderPage:
        if any(each.field == "id" and not each.values for each in query.filters):
            return OrderPage((), None)
        if self._moment is None:
            return await self._services.orders.page(self._site, query)
        return await self._services.past_lists.page(self._site, query, self._moment)


def _moment(text: str, zone: ZoneInfo) -> ListMoment | None:
    moment = read_moment(text or None, zone)
    if isinstance(moment, AtVersion):
        raise ParamWrongValue("A list has no versions: name a time or a position, such as #120.", param="at")
    return moment
