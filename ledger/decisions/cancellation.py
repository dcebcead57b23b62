"""Cancel and reopen (chargebee/orders.md, section 6)."""

from collections.abc import Mapping, Sequence

from ledger.billing import CreditNote
from ledger.commands import CancelOrder, ReopenOrder
from ledger.decision import Context, Decision, Recording, Stream
from ledger.decisions.credit import issue, record_issued_credit_note
from ledger.errors import InvalidState
from ledger.events import (
    CreditNoteVoided,
    InvoiceCreditNoteVoided,
    OrderCancelled,
    OrderChanges,
    OrderReopened,
)
from ledger.ids import StreamId, credit_note_stream
from ledger.invoice import Invoice
from ledger.order import Order
from ledger.parts import LineChange, LinkedCreditNote
from ledger.vocabulary import (
    CancellationReason,
    CreditNoteReason,
    CreditNoteStatus,
    LineItemStatus,
    OrderStatus,
    OrderType,
)

# Cancelled for these, an order stays cancelled: what it stood for is gone, or another order took its place.
FINAL_REASONS = frozenset(
    {
        CancellationReason.INVOICE_VOIDED,
        CancellationReason.INVOICE_WRITTEN_OFF,
        CancellationReason.ORDER_RESENT,
    }
)


def cancel(command: CancelOrder, order: Stream[Order], invoice: Stream[Invoice | None], context: Context) -> Decision:
    """Cancel in any status but cancelled and voided, with a credit note when a total is given."""
    if order.state.status in {OrderStatus.CANCELLED, OrderStatus.VOIDED}:
        raise InvalidState(f"The order is {order.state.status} already.")
    note = None
    if command.credit_note_total:
        note = issue(
            order.state,
            invoice,
            context,
            total=command.credit_note_total,
            reason_code=CreditNoteReason.ORDER_CANCELLATION,
            customer_notes=command.customer_notes,
            comment=command.comment,
        )
    cancelled_at = context.now if command.cancelled_at is None else command.cancelled_at
    recording = Recording(context.now_ms)
    recording.add(
        order,
        OrderCancelled,
        changes=cancelled_changes(command.cancellation_reason, cancelled_at, context.now),
        order_line_items=moved_lines(order.state, LineItemStatus.CANCELLED),
        credit_note=note,
        customer_notes=command.customer_notes,
        comment=command.comment,
    )
    if note:
        record_issued_credit_note(recording, note, facts=order.state, order_id=order.state.id, invoice=invoice)
    return Decision(events=recording.events, order_id=command.order_id)


def reopen(
    command: ReopenOrder,
    order: Stream[Order],
    invoice: Stream[Invoice | None],
    credit_notes: Mapping[StreamId, Stream[CreditNote | None]],
    context: Context,
) -> Decision:
    """Take a cancelled order up again; its unused cancellation credit notes are voided when asked.

    ``credit_notes`` are the streams of ``voidable_notes``.
    """
    if order.state.status is not OrderStatus.CANCELLED:
        raise InvalidState("Only a cancelled order can be reopened.")
    if order.state.cancellation_reason in FINAL_REASONS:
        raise InvalidState(f"An order cancelled for {order.state.cancellation_reason} cannot be reopened.")
    voided = _still_unused(order.state, credit_notes) if command.void_cancellation_credit_notes else ()
    is_manual = order.state.order_type is OrderType.MANUAL
    recording = Recording(context.now_ms)
    recording.add(
        order,
        OrderReopened,
        changes=OrderChanges(
            status=OrderStatus.NEW if is_manual else OrderStatus.QUEUED,
            status_update_at=context.now,
            cancellation_reason=None,
            cancelled_at=None,
        ),
        order_line_items=moved_lines(order.state, LineItemStatus.QUEUED),
        voided_credit_notes=tuple(note.id for note in voided),
    )
    for note in voided:
        recording.add(credit_notes[credit_note_stream(note.id)], CreditNoteVoided)
        recording.add(invoice, InvoiceCreditNoteVoided, credit_note_id=note.id)
    return Decision(events=recording.events, order_id=command.order_id)


def voidable_notes(order: Order) -> Sequence[LinkedCreditNote]:
    """Credit notes that the cancellation made and that nobody has used since."""
    return tuple(
        note
        for note in order.linked_credit_notes
        if note.from_cancellation and note.status is CreditNoteStatus.REFUND_DUE and not note.used
    )


def _still_unused(
    order: Order, credit_notes: Mapping[StreamId, Stream[CreditNote | None]]
) -> Sequence[LinkedCreditNote]:
    """Those of the ``voidable_notes`` of which nothing else has become known, told to the order already or not."""
    known = ((note, credit_notes[credit_note_stream(note.id)].state) for note in voidable_notes(order))
    return tuple(note for note, state in known if state is None or (state.facts.is_in_force and not state.facts.used))


def cancelled_changes(reason: CancellationReason | None, cancelled_at: int, now: int) -> OrderChanges:
    """What a cancellation sets on the order."""
    return OrderChanges(
        status=OrderStatus.CANCELLED,
        status_update_at=now,
        cancellation_reason=reason,
        cancelled_at=cancelled_at,
    )


def moved_lines(order: Order, status: LineItemStatus) -> tuple[LineChange, ...]:
    """Every line set to the status that is not there yet."""
    return tuple(LineChange(id=line.id, status=status) for line in order.order_line_items if line.status is not status)
