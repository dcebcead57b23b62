"""A site at a glance: how many orders are in which status, and how much happened on each of the last days."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from ledger.consumer import ConsumerCheckpoint
from ledger.ids import Site
from ledger.limits import OVERVIEW_COUNT_MAX
from ledger.vocabulary import OrderStatus
from projections.changes.index import CONSUMER
from projections.changes.times import positions_before
from projections.sql import query


@dataclass(frozen=True, slots=True)
class StatusCount:
    """Orders of a status; ``is_more`` where they were not counted to their end."""

    status: OrderStatus
    orders: int

    @property
    def is_more(self) -> bool:
        """Whether there are more."""
        return self.orders >= OVERVIEW_COUNT_MAX


async def status_counts(pool: asyncpg.Pool, site: Site) -> list[StatusCount]:
    """The statuses that orders are in, in the order of the vocabulary."""
    rows = await pool.fetch(query("status_counts"), site, list(OrderStatus), OVERVIEW_COUNT_MAX)
    return [StatusCount(OrderStatus(row["status"]), row["orders"]) for row in rows if row["orders"]]


@dataclass(frozen=True, slots=True)
class DayCount:
    """Events that were recorded on a day, which begins at ``since``, in seconds."""

    since: int
    events: int


async def changes_by_day(pool: asyncpg.Pool, site: Site, days: Sequence[int]) -> list[DayCount]:
    """How many events were recorded on each day, as far as the index of the log has come.

    Clocks of two workers differ by milliseconds, so an event may be counted for its neighbour day at midnight.

    Args:
        days: where each day begins, in seconds, and behind them where the last one ends.
    """
    indexed = await ConsumerCheckpoint(pool, site, CONSUMER).load()
    before = await positions_before(pool, site, indexed, [day * 1000 for day in days])
    return [DayCount(day, after - first) for day, first, after in zip(days, before, before[1:], strict=False)]
