"""The order view beside what the events of each order come to."""

from collections.abc import Sequence
from typing import Any

from ledger.transparency.log_audit import NamedFault
from ops.view_audits.comparison import Row, unequal
from ops.view_audits.faults import OrderUnreadable, ViewDiffers
from ops.view_audits.folded_order import FoldedOrder
from ops.view_audits.sorted_rows import SortedRows
from projections.rebuild.comparison import RowDifference
from projections.rebuild.folding import StreamBroken


class OrdersComparison:
    """Compares the order view.

    An order that cannot be read and is parked keeps the row that it has.

    Args:
        rows: a cursor of the view, by ``folding.COLUMNS``.
        position: the last one of the log.
        parked: the streams that the view has parked.
    """

    view = "orders"

    def __init__(self, rows: Any, position: int, parked: frozenset[str]) -> None:
        self._rows = SortedRows(rows)
        self._parked_streams = parked
        self.position = position
        self.rows = 0
        self.parked = 0
        self.fault: NamedFault | None = None

    async def take(self, page: Sequence[FoldedOrder], *, is_last: bool) -> None:
        """Compare some orders."""
        expected: list[Row] = []
        broken: dict[str, StreamBroken] = {}
        for order in page:
            if isinstance(order.result, StreamBroken):
                broken[order.order_id] = order.result
            else:
                expected.append(order.result.values)
        shown = await self._rows.until(None if is_last else page[-1].order_id)
        if broken:
            shown = [row for row in shown if row[0] not in broken]
            self.fault = self._not_parked(broken)
        for ours, theirs in unequal(shown, expected, _id_of):
            self.fault = self.fault or _fault(ours, theirs)
            return
        self.rows += len(expected)

    def _not_parked(self, broken: dict[str, StreamBroken]) -> NamedFault | None:
        for order_id, reason in broken.items():
            if reason.stream not in self._parked_streams:
                return OrderUnreadable(self.view, order_id, reason.reason)
            self.parked += 1
        return None


def _id_of(row: Row) -> bytes:
    order_id: str = row[0]
    return order_id.encode()


def _fault(shown: Row | None, expected: Row | None) -> ViewDiffers:
    order_id = (shown or expected or ())[0]
    found = RowDifference(order_id, shown, expected)
    first = next(iter(found.changes), None)
    if first is None or shown is None or expected is None:
        return ViewDiffers(order_id, found.finding.value)
    return ViewDiffers(order_id, found.finding.value, first.path, repr(first.before), repr(first.after))
