"""Pages of lists as they were at a moment of the past, exact whatever has been written since.

A page is merged from three sources that have no order in common, all read in one snapshot: rows of the order view
that have not changed since the moment (``candidates``), versions that later ones replaced (``held``), and the same for
events that the index of these has not come to yet, which are folded here.
"""

import asyncio
import heapq
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import asyncpg

from ledger.envelope import RecordedEvent
from ledger.errors import OperationFailed, TemporaryError
from ledger.ids import Position, Site, system_clock_ms
from ledger.limits import PAST_EVENTS_BEHIND_INDEX_MAX, PAST_INDEX_RETRY_S, PAST_INDEX_WAIT_S_MAX
from ledger.sql import query as ledger_query
from ledger.store import recorded
from ledger.subscription import assert_none_missed
from projections.history.moments import AtPosition
from projections.listing import OrderQuery
from projections.order_document import Document
from projections.orders import OrderPage
from projections.past.candidates import Row, unchanged
from projections.past.consumer import standing_before
from projections.past.cut import Cut, ListMoment, cut_at, with_tail
from projections.past.documents import past_documents
from projections.past.held import held
from projections.past.predicate import is_listed
from projections.past.versions import Superseded, replaced
from projections.sql.conditions import Condition, conditions_of

_LOOK_S = 0.05


class ListAsOf(Document, frozen=True, kw_only=True):
    """Which moment a list is of: a position, or a time, whose last millisecond is included."""

    position: int | None = None
    time: int | None = None
    time_ms: int | None = None


def list_as_of(moment: ListMoment) -> ListAsOf:
    """How the API tells a moment."""
    if isinstance(moment, AtPosition):
        return ListAsOf(position=moment.position)
    return ListAsOf(time=moment.until_ms // 1000, time_ms=moment.until_ms)


class _Behind(Exception):
    """The index of past orders is too far behind the log."""

    def __init__(self, events: int) -> None:
        super().__init__()
        self.events = events


@dataclass(frozen=True, slots=True)
class _Tail:
    """What the log has behind the index: the cut with it, the versions that held and that it replaced, and the orders
    that it changed.
    """

    cut: Cut
    versions: tuple[Superseded, ...] = ()
    changed: frozenset[str] = frozenset()


class PastLists:
    """Reads lists of orders as they were."""

    def __init__(self, pool: asyncpg.Pool, clock_ms: Callable[[], int] = system_clock_ms) -> None:
        self._pool = pool
        self._clock_ms = clock_ms

    async def page(self, site: Site, wanted: OrderQuery, moment: ListMoment) -> OrderPage:
        """One page of the orders that passed all filters at a moment.

        Raises:
            ParamWrongValue: the moment lies in the future.
            ResourceNotFound: the site's log had not begun.
            TemporaryError: the index of past orders is being built.
        """
        deadline = time.monotonic() + PAST_INDEX_WAIT_S_MAX
        while True:
            try:
                return await self._page(site, wanted, moment)
            except _Behind as behind:
                if time.monotonic() > deadline:
                    raise TemporaryError(
                        f"Lists of the past are being prepared: {behind.events} events are to go. Please try again.",
                        retry_after_s=PAST_INDEX_RETRY_S,
                    ) from None
            await asyncio.sleep(_LOOK_S)

    async def _page(self, site: Site, wanted: OrderQuery, moment: ListMoment) -> OrderPage:
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            cut = await cut_at(connection, site, moment, self._clock_ms())
            conditions = conditions_of(wanted.filters)
            if conditions is None:
                return OrderPage((), None)
            tail = await _tail(connection, site, cut)
            rows = await unchanged(connection, site, wanted, conditions, tail.cut)
            until = rows[-1].value if len(rows) > wanted.limit else None
            replaced_since = await held(
                connection, site, wanted, conditions, tail.cut, until=until, newly_changed=tail.changed
            )
            sources = (rows, replaced_since, _listed(tail, conditions, wanted))
            merged = list(heapq.merge(*sources, key=_place, reverse=wanted.sort.descending))
            shown = merged[: wanted.limit]
            documents = await past_documents(
                connection, site, [(row.id, row.version) for row in shown if row.document is None]
            )
        return OrderPage(
            documents=tuple(row.document or documents[row.id] for row in shown),
            next_start=shown[-1].place if len(merged) > wanted.limit else None,
        )


async def _tail(connection: Any, site: Site, cut: Cut) -> _Tail:
    """What the index has not come to, where it matters."""
    behind = cut.head - cut.indexed
    if behind == 0 or cut.is_present:
        return _Tail(cut)
    if behind > PAST_EVENTS_BEHIND_INDEX_MAX:
        raise _Behind(behind)
    page = await _events(connection, site, cut.indexed, behind)
    found = replaced(page, await standing_before(connection, site, page))
    changed = frozenset(each.order_id for each in found.versions)
    return _Tail(with_tail(cut, page, found.born), tuple(filter(cut.holds, found.versions)), changed)


async def _events(connection: Any, site: Site, after: Position, count: int) -> list[RecordedEvent]:
    rows = await connection.fetch(ledger_query("read_log"), site, after, count)
    page = [recorded(row) for row in rows]
    assert_none_missed(site, after, page)
    if len(page) < count:
        raise OperationFailed("The log of the site has become shorter: it is an older copy.")
    return page


def _listed(tail: _Tail, conditions: Iterable[Condition], wanted: OrderQuery) -> list[Row]:
    rows = [
        Row(getattr(each.columns, wanted.sort.field), each.order_id, version=each.version)
        for each in tail.versions
        if is_listed(each.order_id, each.columns, conditions, wanted)
    ]
    return sorted(rows, key=_place, reverse=wanted.sort.descending)


def _place(row: Row) -> tuple[int, str]:
    return row.value, row.id
