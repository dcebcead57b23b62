"""Whether an order is paid, and since when."""

from msgspec.structs import replace

from ledger.invoice import InvoiceFacts
from ledger.invoice_changes.schedule import follows_invoice
from ledger.order import Order
from ledger.vocabulary import InvoiceStatus, OrderStatus, PaymentStatus


def with_payment(order: Order, invoice: InvoiceFacts) -> Order:
    """The order paid as its invoice is.

    When a payment is removed, only queued orders become not paid (order-generation.md, section 6): of the others
    somebody has taken care while they were paid.
    """
    if not follows_invoice(order):
        return order
    if invoice.status is InvoiceStatus.PAID:
        paid_on = order.paid_on if invoice.paid_at is None else invoice.paid_at
        return replace(order, payment_status=PaymentStatus.PAID, paid_on=paid_on)
    if order.payment_status is PaymentStatus.PAID and order.status is not OrderStatus.QUEUED:
        return order
    return replace(order, payment_status=PaymentStatus.NOT_PAID, paid_on=None)
