"""Hands the log to the comparisons of all views, once by stream and once in its order, in pages: memory stays small."""

from collections.abc import AsyncIterator, Sequence
from itertools import groupby
from typing import Any, TypeVar

from ledger.envelope import RecordedEvent
from ledger.ids import Position, Site
from ledger.limits import LOG_PAGE_EVENTS
from ledger.sql import query as ledger_query
from ledger.store import recorded
from ledger.transparency.log_audit import ViewChecked, ViewsChecked
from ops.view_audits.changes import ChangesComparison
from ops.view_audits.comparison import Comparison
from ops.view_audits.faults import ViewAhead
from ops.view_audits.folded_order import FoldedOrder, folded_order
from ops.view_audits.order_versions import VersionsComparison
from ops.view_audits.orders import OrdersComparison
from ops.view_audits.version_documents import VersionDocumentsComparison
from ops.view_audits.version_times import VersionTimesComparison
from projections.changes import index
from projections.past import consumer as past
from projections.rebuild.parking import ORDERS, parked
from projections.sql import query

ORDER_PAGE_EVENTS = 2_000

Part = TypeVar("Part")


async def check_views(connection: Any, site: Site) -> ViewsChecked:
    """Compare all views of a site with its events, which must have been verified; each up to its first fault.

    Args:
        connection: in a transaction that sees one moment.
    """
    orders = await check_by_order(connection, site)
    return ViewsChecked((*orders, *await check_in_log_order(connection, site)))


async def check_by_order(connection: Any, site: Site) -> tuple[ViewChecked, ...]:
    """Compare the orders as they are, and as they were."""
    aside = await parked(connection, site)
    size = await _head(connection, site)
    reached = await _reached(connection, site, past.CONSUMER)
    orders = await connection.cursor(query("order_rows"), site)
    versions = await connection.cursor(query("version_rows"), site, None, "", None)
    documents = await connection.cursor(query("version_documents"), site, None, "", None)
    comparisons = (
        OrdersComparison(orders, size, _streams(aside, ORDERS)),
        VersionsComparison(versions, reached, _streams(aside, past.CONSUMER)),
        VersionDocumentsComparison(documents, reached),
    )
    return await _compare(whole_orders(connection, site), comparisons, size)


async def check_in_log_order(connection: Any, site: Site) -> tuple[ViewChecked, ...]:
    """Compare what is known of the log's times, and the index of the log."""
    comparisons = (
        VersionTimesComparison(connection, site, await _reached(connection, site, past.CONSUMER)),
        ChangesComparison(connection, site, await _reached(connection, site, index.CONSUMER)),
    )
    return await _compare(_log_pages(connection, site), comparisons, await _head(connection, site))


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


def _folded(events: Sequence[RecordedEvent]) -> list[FoldedOrder]:
    return [folded_order(list(own)) for _, own in groupby(events, lambda event: event.stream)]


async def _log_pages(connection: Any, site: Site) -> AsyncIterator[Sequence[RecordedEvent]]:
    after = Position(0)
    while page := await connection.fetch(ledger_query("read_log"), site, after, LOG_PAGE_EVENTS):
        yield list(map(recorded, page))
        after = page[-1]["position"]


async def _compare(
    pages: AsyncIterator[Sequence[Part]], comparisons: Sequence[Comparison[Part]], size: int
) -> tuple[ViewChecked, ...]:
    async for page in pages:
        await _take(comparisons, page, is_last=False)
    await _take(comparisons, (), is_last=True)
    return tuple(_checked(each, size) for each in comparisons)


async def _take(comparisons: Sequence[Comparison[Part]], page: Sequence[Part], *, is_last: bool) -> None:
    for each in comparisons:
        if each.fault is None:
            await each.take(page, is_last=is_last)


def _checked(comparison: Comparison[Any], size: int) -> ViewChecked:
    fault = comparison.fault
    if fault is None and comparison.position > size:
        fault = ViewAhead(comparison.view, comparison.position, size)
    return ViewChecked(comparison.view, comparison.position, comparison.rows, comparison.parked, fault)


def _streams(aside: Sequence[Any], projection: str) -> frozenset[str]:
    return frozenset(each.stream for each in aside if each.projection == projection)


async def _head(connection: Any, site: Site) -> Position:
    return Position(await connection.fetchval(ledger_query("head_position"), site) or 0)


async def _reached(connection: Any, site: Site, consumer: str) -> Position:
    return Position(await connection.fetchval(ledger_query("find_consumer"), site, consumer) or 0)
