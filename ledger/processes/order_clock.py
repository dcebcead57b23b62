"""The table ``ledger.order_clock``: which orders have a date that may have to be told, and when to look.

It is an index over the orders and no truth: a row too many costs one look, and the decision says no. A row is there
as soon as the consumer has come to the event that set the date (docs/decisions/0018).
"""

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg
import msgspec

from ledger.decisions.readiness import TOLD_STATUSES
from ledger.envelope import RecordedEvent
from ledger.events import (
    OrderCancelled,
    OrderCreated,
    OrderCreatedFromResend,
    OrderDeleted,
    OrderDelivered,
    OrderGenerated,
    OrderImported,
    OrderInvoiceUpdated,
    OrderReopened,
    OrderReturned,
    OrderUpdated,
)
from ledger.ids import Site, order_stream
from ledger.sql import query
from ledger.vocabulary import ReadyDate

# What decides whether a date is told is set by these, and of updates by those that name one of it.
_ALWAYS = frozenset(
    event_type.TOPIC
    for event_type in (
        OrderCreated,
        OrderImported,
        OrderCreatedFromResend,
        OrderGenerated,
        OrderDelivered,
        OrderReturned,
        OrderCancelled,
        OrderReopened,
        OrderDeleted,
    )
)
_WHERE_NAMED = frozenset({OrderUpdated.TOPIC, OrderInvoiceUpdated.TOPIC})
_ORDER = order_stream("")


class DueDate(msgspec.Struct, frozen=True, kw_only=True):
    """A date of an order that is to be looked at. ``due_at`` is the date, in seconds."""

    order_id: str
    date: ReadyDate
    due_at: int


class OrderClock:
    """The consumer that keeps the table up with the log."""

    name = "clock"
    pause_s = 0.1

    async def handle(self, connection: Any, site: Site, page: Sequence[RecordedEvent]) -> None:
        """Set the dates of the orders of a page as they are now, which may be behind the page: later pages agree."""
        orders = [*dict.fromkeys(_orders_with_news(page))]
        if orders:
            await connection.execute(query("arm_clock"), site, orders, sorted(TOLD_STATUSES))


class DueDates:
    """Reads and clears the table. Database errors pass through."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def sites(self, now: int) -> list[Site]:
        """The sites that have something to be looked at."""
        return [Site(row["site"]) for row in await self._pool.fetch(query("sites_with_due_orders"), now)]

    async def due(self, site: Site, now: int, limit: int) -> list[DueDate]:
        """What is to be looked at, the longest first."""
        rows = await self._pool.fetch(query("due_orders"), site, now, limit)
        return [msgspec.convert(dict(row), DueDate) for row in rows]

    async def clear(self, site: Site, due: DueDate) -> None:
        """It was looked at. A date that has moved since stays."""
        await self._pool.execute(query("disarm_clock"), site, due.order_id, due.date, due.due_at)

    async def postpone(self, site: Site, due: DueDate, until: int) -> None:
        """Look at it again later."""
        await self._pool.execute(query("postpone_clock"), site, due.order_id, due.date, due.due_at, until)


class _NamedChanges(msgspec.Struct):
    status: msgspec.Raw | None = None
    order_date: msgspec.Raw | msgspec.UnsetType | None = msgspec.UNSET
    shipping_date: msgspec.Raw | msgspec.UnsetType | None = msgspec.UNSET


class _NamedData(msgspec.Struct):
    changes: _NamedChanges = msgspec.field(default_factory=_NamedChanges)


class _NamedBody(msgspec.Struct):
    data: _NamedData


_decoder = msgspec.json.Decoder(_NamedBody)


def _orders_with_news(page: Iterable[RecordedEvent]) -> Iterable[str]:
    for event in page:
        if event.type in _ALWAYS or (event.type in _WHERE_NAMED and _names_what_counts(event.body)):
            yield event.stream.removeprefix(_ORDER)


def _names_what_counts(body: bytes) -> bool:
    """Whether an update sets the status or a date; one that cannot be read might."""
    try:
        changes = _decoder.decode(body).data.changes
    except msgspec.MsgspecError:
        return True
    unset = msgspec.UNSET
    return changes.status is not None or changes.order_date is not unset or changes.shipping_date is not unset
