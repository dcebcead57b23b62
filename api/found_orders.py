"""Orders that are found by words and actors beside the filters of lists, now or as of a moment: what the API, the
console and its downloads answer with.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from api.offsets import read_offset, write_offset
from api.schemas.listing import ListRequest
from api.services import Services
from ledger.ids import Site
from projections.listing import OrderQuery
from projections.orders import OrderPage
from projections.past.cut import ListMoment
from projections.search.lookup import look_up


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundOrders:
    """A page of orders. ``next_offset`` is None on the last one; ``is_bounded`` where a search ended at its bound."""

    documents: tuple[bytes, ...] = ()
    next_offset: str | None = None
    is_bounded: bool = False


async def find_page(services: Services, site: Site, asked: ListRequest) -> FoundOrders:
    """One page. Words and actors are looked up for each page anew, in the same list.

    Raises:
        ParamWrongValue: the offset is of another list.
    """
    query, moment = asked.query, asked.moment
    if asked.offset:
        query = replace(query, start=read_offset(asked.offset, query=query, site=site, moment=moment))
    looked_up = await look_up(services.pool, site, query)
    found = await _read(services, site, looked_up.query, moment)
    start = found.next_start
    behind = write_offset(start, query=query, site=site, moment=moment) if start else None
    return FoundOrders(documents=found.documents, next_offset=behind, is_bounded=looked_up.is_bounded)


async def find_all(services: Services, site: Site, asked: ListRequest) -> AsyncIterator[bytes]:
    """Every order, read in pages of the list's limit; looked up once."""
    query = (await look_up(services.pool, site, asked.query)).query
    while True:
        found = await _read(services, site, query, asked.moment)
        for document in found.documents:
            yield document
        if found.next_start is None:
            return
        query = replace(query, start=found.next_start)


async def _read(services: Services, site: Site, query: OrderQuery, moment: ListMoment | None) -> OrderPage:
    if any(each.field == "id" and not each.values for each in query.filters):
        return OrderPage((), None)
    if moment is None:
        return await services.orders.page(site, query)
    return await services.past_lists.page(site, query, moment)
