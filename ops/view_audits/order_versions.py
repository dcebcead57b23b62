"""The index of past orders beside the versions that the events made, as far as its consumer has come."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from ledger.transparency.log_audit import NamedFault
from ops.view_audits.comparison import Row, finding_of, first_difference, unequal
from ops.view_audits.faults import OrderUnreadable, VersionDiffers
from ops.view_audits.folded_order import FoldedOrder
from ops.view_audits.sorted_rows import SortedRows
from projections.past.columns import values_of
from projections.past.consumer import CONSUMER, ROW_COLUMNS, row_of
from projections.past.versions import Replaced, fork_of, is_revised, replaced
from projections.rebuild.folding import StreamBroken, TrueRow, order_id_of

_ID, _VERSION = ROW_COLUMNS.index("id"), ROW_COLUMNS.index("version")


class VersionsComparison:
    """Compares the index.

    Of an order that cannot be read from an event on, the versions up to there are compared. The others are left out:
    another version of the code may have read them.

    Args:
        rows: a cursor of the index, by ``ROW_COLUMNS``, sorted by order and version.
        position: how far the consumer has come.
        parked: the streams that it has parked.
    """

    view = CONSUMER

    def __init__(self, rows: Any, position: int, parked: frozenset[str]) -> None:
        self._rows = SortedRows(rows)
        self._parked_streams = parked
        self.position = position
        self.rows = 0
        self.parked = 0
        self.fault: NamedFault | None = None

    async def take(self, page: Sequence[FoldedOrder], *, is_last: bool) -> None:
        """Compare the versions of some orders."""
        expected: list[Row] = []
        broken: list[StreamBroken] = []
        for order in page:
            if isinstance(order.result, TrueRow):
                expected += rows_of(order, self.position)
            else:
                found = self._replaced(order)
                expected += map(row_of, found.versions)
                broken += found.broken.values()
        shown = await self._rows.until(None if is_last else page[-1].order_id)
        if broken:
            last = {order_id_of(each.stream): each.version - 2 for each in broken}
            expected, shown = _readable(expected, last), _readable(shown, last)
        for ours, theirs in unequal(shown, expected, _key):
            self.fault = _fault(ours, theirs)
            return
        self.rows += len(expected)
        self.fault = self._not_parked(broken)

    def _replaced(self, order: FoldedOrder) -> Replaced:
        """The versions of an order that cannot be read as a whole, up to where the consumer can read what it needs."""
        return replaced((event for event in order.events if event.position <= self.position), {})

    def _not_parked(self, found: Iterable[StreamBroken]) -> NamedFault | None:
        for broken in found:
            if broken.stream not in self._parked_streams:
                return OrderUnreadable(self.view, order_id_of(broken.stream), broken.reason)
            self.parked += 1
        return None


def rows_of(order: FoldedOrder, position: int) -> Iterator[Row]:
    """The rows of an order that can be read, where the consumer has come to a position.

    The consumer makes them with a fold of its own (``projections/past/columns.py``).
    """
    for number, ((last, before), (event, after)) in enumerate(
        pairwise(zip(order.events, order.states, strict=True)), 1
    ):
        if event.position > position:
            break
        yield (
            order.order_id,
            number,
            last.position,
            event.position,
            last.recorded_at,
            event.recorded_at,
            fork_of(last.position, event.position),
            is_revised(before, after),
            *values_of(before),
        )


def _readable(rows: Sequence[Row], last: Mapping[str, int]) -> list[Row]:
    """Rows without those of versions that nobody can say what they, or what replaced them, come to."""
    return [row for row in rows if row[_VERSION] <= last.get(row[_ID], row[_VERSION])]


def _key(row: Row) -> tuple[bytes, int]:
    return row[_ID].encode(), row[_VERSION]


def _fault(shown: Row | None, expected: Row | None) -> VersionDiffers:
    row = shown or expected or ()
    finding = finding_of(shown, expected).value
    return VersionDiffers(row[_ID], row[_VERSION], finding, **first_difference(ROW_COLUMNS, shown, expected))
