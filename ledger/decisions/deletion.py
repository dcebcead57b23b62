"""Delete: imported orders only, and none whose credit was paid out (chargebee/orders.md, section 6)."""

from ledger.commands import DeleteOrder
from ledger.decision import Context, Decision, Recording, Stream
from ledger.errors import InvalidState
from ledger.events import OrderDeleted
from ledger.order import Order
from ledger.vocabulary import CreditNoteStatus, CreditNoteType


def delete(command: DeleteOrder, order: Stream[Order], context: Context) -> Decision:
    """Mark the order as deleted; it keeps its id and its history."""
    if not order.state.is_imported:
        raise InvalidState("Only an imported order can be deleted.")
    if any(
        note.type is CreditNoteType.REFUNDABLE and note.status is CreditNoteStatus.REFUNDED
        for note in order.state.linked_credit_notes
    ):
        raise InvalidState("A refunded order cannot be deleted.")
    recording = Recording(context.now_ms)
    recording.add(order, OrderDeleted)
    return Decision(events=recording.events, order_id=command.order_id)
