"""The event that brings an order from how it is to how it should be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ledger.events import OrderCancelled, OrderChanges, OrderInvoiceUpdated
from ledger.order import Order
from ledger.parts import LineChange, LinkedCreditNote, OrderLine

_ORDER_MEMBERS = (
    "status",
    "status_update_at",
    "cancellation_reason",
    "cancelled_at",
    "payment_status",
    "paid_on",
)
_LINE_MEMBERS = ("status", "amount_paid", "amount_adjusted")


@dataclass(frozen=True, slots=True)
class OrderChange:
    """One event of an order, ready to be recorded: its type, and its data by name."""

    order: Order
    event_type: type[OrderCancelled | OrderInvoiceUpdated]
    data: dict[str, Any]


def difference(before: Order, after: Order) -> OrderChange | None:
    """The change between two states of an order; None where they are the same.

    What credit notes do to the credits of the lines is told by the notes alone: folding them moves the credits.
    """
    data: dict[str, Any] = {}
    if changes := _changed(before, after, _ORDER_MEMBERS):
        data["changes"] = OrderChanges(**changes)
    if lines := _changed_lines(before.order_line_items, after.order_line_items):
        data["order_line_items"] = lines
    if notes := _changed_notes(before.linked_credit_notes, after.linked_credit_notes):
        data["linked_credit_notes"] = notes
    if not data:
        return None
    return OrderChange(before, OrderInvoiceUpdated if before.status is after.status else OrderCancelled, data)


def _changed(before: Order | OrderLine, after: Order | OrderLine, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(after, name) for name in names if getattr(after, name) != getattr(before, name)}


def _changed_lines(before: Sequence[OrderLine], after: Sequence[OrderLine]) -> tuple[LineChange, ...]:
    changed = ((new.id, _changed(old, new, _LINE_MEMBERS)) for old, new in zip(before, after, strict=True))
    return tuple(LineChange(id=line_id, **members) for line_id, members in changed if members)


def _changed_notes(
    before: Sequence[LinkedCreditNote], after: Sequence[LinkedCreditNote]
) -> tuple[LinkedCreditNote, ...]:
    known = {note.id: note for note in before}
    return tuple(note for note in after if note != known.get(note.id))
