"""Decisions that make an order: create (manual) and import (chargebee/orders.md, section 6)."""

from ledger.commands import CreateOrder, ImportOrder
from ledger.decision import CREDIT_NOTE_NUMBERS, ORDER_NUMBERS, Context, Decision, Recording, Stream
from ledger.decisions.credit import credit_note_id, record_issued_credit_note
from ledger.decisions.numbers import given_document_number, given_number, refuse_number_of_series
from ledger.errors import (
    ConfigurationIncompatible,
    DuplicateEntry,
    ParamWrongValue,
    ResourceNotFound,
)
from ledger.events import OrderCreated, OrderFacts, OrderImported
from ledger.ids import order_stream
from ledger.invoice import Invoice, InvoiceFacts
from ledger.order import Order, with_credit_note
from ledger.order_contents import OrderContents, known_address, spread_credit, whole_invoice
from ledger.parts import IssuedCreditNote
from ledger.vocabulary import (
    CreditNoteReason,
    InvoiceStatus,
    LineItemStatus,
    OrderStatus,
    OrderType,
    PaymentStatus,
)


def create(
    command: CreateOrder, order: Stream[Order | None] | None, invoice: Stream[Invoice | None], context: Context
) -> Decision:
    """Make a manual order: it has no lines, amounts or customer.

    ``order`` is the stream of the id that the caller gave, None when no id was given.
    """
    if not context.settings.manual_orders_enabled:
        raise ConfigurationIncompatible("Manual orders are switched off for this site.")
    _refuse_taken_id(order)
    facts = _known_invoice(invoice, context).facts
    recording = Recording(context.now_ms)
    order_id = command.id or context.ids.order_id(live=context.live)
    recording.add(
        order or Stream(order_stream(order_id), None),
        OrderCreated,
        order=OrderFacts(
            invoice_id=command.invoice_id,
            status=command.status,
            order_type=OrderType.MANUAL,
            price_type=facts.price_type,
            created_at=context.now,
            created_by=context.created_by,
            business_entity_id=context.business_entity_id or facts.business_entity_id,
            reference_id=command.reference_id,
            fulfillment_status=command.fulfillment_status,
            note=command.note,
            tracking_id=command.tracking_id,
            tracking_url=command.tracking_url,
            batch_id=command.batch_id,
            cancelled_at=context.now if command.status is OrderStatus.CANCELLED else None,
        ),
    )
    return Decision(events=recording.events, order_id=order_id, numbers=given_number(command.id))


def import_order(
    command: ImportOrder,
    order: Stream[Order | None] | None,
    invoice: Stream[Invoice | None],
    context: Context,
    *,
    number_owner: str | None,
) -> Decision:
    """Take over an order, with the lines and amounts of its invoice.

    ``number_owner`` is the id of the order that has the wanted document number, if any has.
    """
    _refuse_taken_id(order)
    if command.document_number:
        refuse_number_of_series(command.document_number, context.settings)
        if number_owner is not None:
            raise DuplicateEntry(param="document_number")
    known = _known_invoice(invoice, context)
    _refuse_foreign_owner(command, known.facts)
    contents = whole_invoice(
        known.facts,
        context.settings,
        status=LineItemStatus(command.status.value),
        new_line_id=lambda: context.ids.line_item_id(live=context.live),
    )
    note = _credit_note(command, known, contents, context)
    order_id = command.id or str(context.number(ORDER_NUMBERS))
    facts = _imported_facts(command, known.facts, contents, context)
    recording = Recording(context.now_ms)
    recording.add(
        order or Stream(order_stream(order_id), None),
        OrderImported,
        order=with_credit_note(facts, note, from_cancellation=False) if note else facts,
    )
    if note:
        record_issued_credit_note(recording, note, facts=facts, order_id=order_id, invoice=invoice)
    return Decision(
        events=recording.events,
        order_id=order_id,
        numbers=given_number(command.id) + given_document_number(command.document_number, context.settings),
    )


def _refuse_taken_id(order: Stream[Order | None] | None) -> None:
    if order is not None and order.version > 0:
        raise DuplicateEntry(param="id")


def _known_invoice(invoice: Stream[Invoice | None], context: Context) -> Invoice:
    known = invoice.state
    if known is None or not known.facts.is_visible_to(context.business_entity_id):
        raise ResourceNotFound(param="invoice_id")
    return known


def _refuse_foreign_owner(command: ImportOrder, facts: InvoiceFacts) -> None:
    subscriptions = facts.subscription_ids
    if command.subscription_id and subscriptions and command.subscription_id not in subscriptions:
        raise ParamWrongValue("is not the subscription of the invoice", param="subscription_id")
    if command.customer_id and facts.customer_id and command.customer_id != facts.customer_id:
        raise ParamWrongValue("is not the customer of the invoice", param="customer_id")


def _credit_note(
    command: ImportOrder, invoice: Invoice, contents: OrderContents, context: Context
) -> IssuedCreditNote | None:
    total = command.refundable_credits_issued
    if total == 0:
        return None
    paid = sum(line.amount_paid for line in contents.order_line_items)
    if total > min(paid, invoice.refundable):
        raise ParamWrongValue("is more than what was paid", param="refundable_credits_issued")
    return IssuedCreditNote(
        id=credit_note_id(context.number(CREDIT_NOTE_NUMBERS), live=context.live),
        total=total,
        reason_code=CreditNoteReason.ORDER_CANCELLATION
        if command.status is OrderStatus.CANCELLED
        else CreditNoteReason.OTHER,
        lines=spread_credit(contents.order_line_items, total),
    )


def _imported_facts(
    command: ImportOrder, invoice: InvoiceFacts, contents: OrderContents, context: Context
) -> OrderFacts:
    is_paid = invoice.status is InvoiceStatus.PAID
    cancelled_at = command.cancelled_at
    if cancelled_at is None and command.status is OrderStatus.CANCELLED:
        cancelled_at = command.created_at
    return OrderFacts(
        invoice_id=command.invoice_id,
        status=command.status,
        order_type=OrderType.SYSTEM_GENERATED,
        price_type=invoice.price_type,
        created_at=command.created_at,
        created_by=context.created_by,
        is_imported=True,
        is_gifted=False,
        document_number=command.document_number,
        subscription_id=command.subscription_id or invoice.subscription_id,
        customer_id=command.customer_id or invoice.customer_id,
        business_entity_id=context.business_entity_id or invoice.business_entity_id,
        currency_code=invoice.currency_code,
        payment_status=PaymentStatus.PAID if is_paid else PaymentStatus.NOT_PAID,
        paid_on=invoice.paid_at if is_paid else None,
        invoice_round_off_amount=abs(invoice.round_off_amount) or None,
        cancellation_reason=command.cancellation_reason,
        cancelled_at=cancelled_at,
        order_date=command.order_date,
        shipping_date=command.shipping_date,
        shipping_cut_off_date=command.shipping_cut_off_date,
        shipped_at=command.shipped_at,
        delivered_at=command.delivered_at,
        reference_id=command.reference_id,
        fulfillment_status=command.fulfillment_status,
        note=command.note,
        tracking_id=command.tracking_id,
        tracking_url=command.tracking_url,
        batch_id=command.batch_id,
        shipment_carrier=command.shipment_carrier,
        shipping_address=known_address(command.shipping_address) or known_address(invoice.shipping_address),
        billing_address=known_address(command.billing_address) or known_address(invoice.billing_address),
        order_line_items=contents.order_line_items,
        line_item_taxes=contents.line_item_taxes,
        line_item_discounts=contents.line_item_discounts,
        linked_credit_notes=contents.linked_credit_notes,
    )
