"""Refundable credit notes: issued for an order, against its invoice (chargebee/orders.md, section 6)."""

from ledger.commands import CreateRefundableCreditNote
from ledger.decision import CREDIT_NOTE_NUMBERS, Context, Decision, Recording, Stream
from ledger.errors import InvalidState, ParamWrongValue
from ledger.events import CreditNoteCreated, InvoiceCreditNoteIssued, OrderCreditNoteCreated, OrderFacts
from ledger.ids import credit_note_stream
from ledger.invoice import Invoice
from ledger.order import Order
from ledger.order_contents import spread_credit
from ledger.parts import IssuedCreditNote
from ledger.vocabulary import CreditNoteReason, PaymentStatus


def create_refundable_credit_note(
    command: CreateRefundableCreditNote, order: Stream[Order], invoice: Stream[Invoice | None], context: Context
) -> Decision:
    """Issue a credit note; the order keeps its status, cancelled or not."""
    if command.total == 0:
        raise ParamWrongValue("should be greater than 0", param="credit_note[total]")
    if not order.state.has_amounts:
        raise InvalidState("The order has no amounts that could be credited.")
    if order.state.payment_status is not PaymentStatus.PAID:
        raise InvalidState("The order is not paid.")
    note = issue(
        order.state,
        invoice,
        context,
        total=command.total,
        reason_code=command.reason_code,
        customer_notes=command.customer_notes,
        comment=command.comment,
    )
    recording = Recording(context.now_ms)
    recording.add(order, OrderCreditNoteCreated, credit_note=note)
    record_issued_credit_note(recording, note, facts=order.state, order_id=order.state.id, invoice=invoice)
    return Decision(events=recording.events, order_id=command.order_id)


def issue(
    order: Order,
    invoice: Stream[Invoice | None],
    context: Context,
    *,
    total: int,
    reason_code: CreditNoteReason,
    customer_notes: str | None,
    comment: str | None,
) -> IssuedCreditNote:
    """A new credit note over what the order and, over all of its orders, the invoice still allow."""
    left_on_invoice = invoice.state.refundable if invoice.state else 0
    if total > min(order.refundable_credits, left_on_invoice):
        raise ParamWrongValue("is more than the refundable credits of the order", param="credit_note[total]")
    return IssuedCreditNote(
        id=credit_note_id(context.number(CREDIT_NOTE_NUMBERS), live=context.live),
        total=total,
        reason_code=reason_code,
        lines=spread_credit(order.order_line_items, total),
        customer_notes=customer_notes,
        comment=comment,
    )


def record_issued_credit_note(
    recording: Recording,
    note: IssuedCreditNote,
    *,
    facts: OrderFacts,
    order_id: str,
    invoice: Stream[Invoice | None],
) -> None:
    """Record the credit note in its own stream and in the invoice's, which bounds what all orders may issue."""
    recording.add(
        Stream(credit_note_stream(note.id), None),
        CreditNoteCreated,
        order_id=order_id,
        invoice_id=facts.invoice_id,
        total=note.total,
        reason_code=note.reason_code,
        currency_code=facts.currency_code,
        customer_id=facts.customer_id,
        subscription_id=facts.subscription_id,
        business_entity_id=facts.business_entity_id,
        customer_notes=note.customer_notes,
        comment=note.comment,
    )
    recording.add(invoice, InvoiceCreditNoteIssued, credit_note_id=note.id, order_id=order_id, total=note.total)


def credit_note_id(number: int, *, live: bool) -> str:
    """``CN-1``, on test sites ``TEST-CN-1``."""
    return f"CN-{number}" if live else f"TEST-CN-{number}"
