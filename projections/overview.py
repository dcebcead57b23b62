"""A site at a glance: how many orders are in which status, and how much happened on each of the last days."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from ledger.consumer import ConsumerCheckpoint
from ledger.ids import Site
from ledger.limits import OVERVIEW_COUNT_MAX, OVERVIEW_DAYS
from ledger.vocabulary import OrderStatus
from projections.changes.index import CONSUMER
from projections.changes.times import positions_before
from projections.order_document import Document
from projections.sql import query


class StatusCountDocument(Document, frozen=True, kw_only=True):
    """Orders of a status that are not deleted; ``is_bounded`` where they were not counted to their end."""

    status: OrderStatus
    orders: int
    is_bounded: bool


class DayCountDocument(Document, frozen=True, kw_only=True):
    """Events that were recorded on a day, which begins at ``begins_at``, in seconds."""

    begins_at: int
    events: int


class OverviewDocument(Document, frozen=True, kw_only=True):
    """``overview``: statuses that orders are in, in the order of the vocabulary; the last days, today the last one."""

    statuses: tuple[StatusCountDocument, ...] = ()
    days: tuple[DayCountDocument, ...]
    time_zone: str
    object: str


async def site_overview(pool: asyncpg.Pool, site: Site, zone: ZoneInfo, now_ms: int) -> OverviewDocument:
    """A site as it is now.

    Args:
        zone: of the site, in which days begin.
    """
    return OverviewDocument(
        statuses=tuple(await _statuses(pool, site)),
        days=tuple(await _days(pool, site, last_days(now_ms // 1000, zone))),
        time_zone=zone.key,
        object="overview",
    )


def last_days(now: int, zone: ZoneInfo) -> list[int]:
    """Where the last days begin, in seconds, and where today ends."""
    today = datetime.fromtimestamp(now, zone).date()
    days = [today + timedelta(days=number) for number in range(1 - OVERVIEW_DAYS, 2)]
    return [int(datetime.combine(day, time(), zone).timestamp()) for day in days]


async def _statuses(pool: asyncpg.Pool, site: Site) -> list[StatusCountDocument]:
    rows = await pool.fetch(query("status_counts"), site, list(OrderStatus), OVERVIEW_COUNT_MAX)
    return [
        StatusCountDocument(
            status=OrderStatus(row["status"]), orders=row["orders"], is_bounded=row["orders"] >= OVERVIEW_COUNT_MAX
        )
        for row in rows
        if row["orders"]
    ]


async def _days(pool: asyncpg.Pool, site: Site, days: Sequence[int]) -> list[DayCountDocument]:
    """How many events were recorded on each day, as far as the index of the log has come.

    Clocks of two workers differ by milliseconds, so an event may be counted for its neighbour day at midnight.

    Args:
        days: where each day begins, and behind them where the last one ends.
    """
    indexed = await ConsumerCheckpoint(pool, site, CONSUMER).load()
    before = await positions_before(pool, site, indexed, [day * 1000 for day in days])
    return [
        DayCountDocument(begins_at=day, events=after - first)
        for day, first, after in zip(days, before, before[1:], strict=False)
    ]
