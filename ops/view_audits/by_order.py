"""The views that are compared order by order: orders as they are and as they were. Pages keep memory small."""

from collections.abc import AsyncIterator, Callable, Sequence
from itertools import groupby
from typing import Any

from ledger.envelope import RecordedEvent
from ledger.ids import Site
from ledger.store import recorded
from ledger.transparency.log_audit import ViewChecked
from ops.view_audits.comparing import Comparing, log_size, reached
from ops.view_audits.folded_order import FoldedOrder, folded_order
from ops.view_audits.order_versions import VersionsComparison
from ops.view_audits.orders import OrdersComparison
from ops.view_audits.version_documents import VersionDocumentsComparison
from projections.past import consumer as past
from projections.rebuild.parking import ORDERS, parked
from projections.sql import query

ORDER_PAGE_EVENTS = 2_000

OnFolded = Callable[[int, int], None]
"""Called with how many events of orders were folded, and how many there are."""


async def check_by_order(
    connection: Any, site: Site, *, on_folded: OnFolded = lambda *_: None
) -> tuple[ViewChecked, ...]:
    """Compare the orders as they are, and as they were, with their events; each view up to its first fault.

    Args:
        connection: in a transaction that sees one moment.
    """
    comparing = await _comparing(connection, site)
    total, folded = await connection.fetchval(query("count_order_events"), site), 0
    async for page in whole_orders(connection, site):
        await comparing.take(page)
        folded += sum(len(order.events) for order in page)
        on_folded(folded, total)
    return await comparing.finish()


async def whole_orders(connection: Any, site: Site) -> AsyncIterator[Sequence[FoldedOrder]]:
    """All orders of the log by id, in pages; of no more events than a page has, or one order."""
    cursor = await connection.cursor(query("order_events"), site)
    held: list[RecordedEvent] = []
    while page := await cursor.fetch(ORDER_PAGE_EVENTS):
        held += map(recorded, page)
        last = next(
            place for place in range(len(held), -1, -1) if not place or held[place - 1].stream != held[-1].stream
        )
        if last:
            yield _folded(held[:last])
        held = held[last:]
    if held:
        yield _folded(held)


async def _comparing(connection: Any, site: Site) -> Comparing[FoldedOrder]:
    aside = await parked(connection, site)
    size = await log_size(connection, site)
    position = await reached(connection, site, past.CONSUMER)
    orders = await connection.cursor(query("order_rows"), site)
    versions = await connection.cursor(query("version_rows"), site, None, "", None)
    documents = await connection.cursor(query("version_documents"), site, None, "", None)
    comparisons = (
        OrdersComparison(orders, size, _streams(aside, ORDERS)),
        VersionsComparison(versions, position, _streams(aside, past.CONSUMER)),
        VersionDocumentsComparison(documents, position),
    )
    return Comparing(comparisons, size)


def _folded(events: Sequence[RecordedEvent]) -> list[FoldedOrder]:
    return [folded_order(list(own)) for _, own in groupby(events, lambda event: event.stream)]


def _streams(aside: Sequence[Any], projection: str) -> frozenset[str]:
    return frozenset(each.stream for each in aside if each.projection == projection)
