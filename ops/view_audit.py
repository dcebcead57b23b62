"""Compares the order view with what the events of each order come to, as a part of a verification."""

from dataclasses import dataclass
from typing import Any

from ledger.envelope import EventMapper
from ledger.ids import Site
from ledger.transparency.log_audit import ViewsChecked
from projections.rebuild.comparison import Finding, RowDifference, compare
from projections.rebuild.folding import StreamBroken
from projections.rebuild.snapshot import pairs


@dataclass(frozen=True, slots=True)
class ViewDiffers:
    """The view shows an order otherwise than its events have it, does not show it, or shows one that has no events.

    ``path`` is the first member that differs (``column.<name>`` for what is beside the document); values as text.
    """

    order_id: str
    finding: str
    path: str | None = None
    shown: str | None = None
    expected: str | None = None

    @property
    def sentence(self) -> str:
        """What is wrong, for people."""
        match self.finding:
            case Finding.MISSING:
                return f"The view does not show the order {self.order_id!r}, which has events."
            case Finding.GHOST:
                return f"The view shows an order {self.order_id!r}, which has no events."
        said = f"The view of the order {self.order_id!r} says {self.path} is {self.shown}"
        return f"{said}, but its events come to {self.expected}."


@dataclass(frozen=True, slots=True)
class OrderUnreadable:
    """The events of an order are sound, but this version of the code cannot read them."""

    order_id: str
    reason: str

    @property
    def sentence(self) -> str:
        """What is wrong, for people."""
        return f"The events of the order {self.order_id!r} cannot be read by this version: {self.reason}"


async def check_views(connection: Any, site: Site) -> ViewsChecked:
    """Compare all orders of a site in the transaction of the connection; ends at the first that differs."""
    orders = 0
    async for pair in pairs(connection, site, EventMapper()):
        orders += 1
        if isinstance(pair.truth, StreamBroken):
            return ViewsChecked(orders, OrderUnreadable(pair.order_id, pair.truth.reason))
        if found := compare(pair.order_id, pair.shown, pair.truth):
            return ViewsChecked(orders, _fault(found))
    return ViewsChecked(orders, None)


def _fault(found: RowDifference) -> ViewDiffers:
    first = next(iter(found.changes), None)
    if first is None or found.finding is not Finding.DIFFERS:
        return ViewDiffers(found.order_id, found.finding.value)
    return ViewDiffers(found.order_id, found.finding.value, first.path, repr(first.before), repr(first.after))
