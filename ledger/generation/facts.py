"""What a generated order is born with (chargebee/order-generation.md, section 5)."""

from collections.abc import Callable, Sequence

from ledger.billing import GiftFacts
from ledger.events import OrderFacts
from ledger.generation.contents import contents_of_orders
from ledger.generation.grouping import PlannedOrder
from ledger.invoice import InvoiceFacts
from ledger.order_contents import OrderContents, known_address
from ledger.settings import SiteSettings
from ledger.vocabulary import InvoiceStatus, OrderStatus, OrderType, PaymentStatus

CREATED_BY = "system"
_GIFT_NOTE_LENGTH_MAX = 500  # chargebee/orders.md, section 2; Chargebee does not bound what the gifter writes


def facts_of_orders(
    orders: Sequence[PlannedOrder],
    invoice: InvoiceFacts,
    settings: SiteSettings,
    gift: GiftFacts | None,
    *,
    now: int,
    new_line_id: Callable[[], str],
) -> list[OrderFacts]:
    """The facts of each order, without the numbers that it gets; a round-off of the invoice is on the last one.

    A gift goes to the shipping address of its invoice: that is where the gifter has it sent.
    """
    contents = contents_of_orders(invoice, settings, orders, new_line_id=new_line_id)
    last = len(orders) - 1
    return [
        _facts(order, held, invoice, gift, now, round_off=abs(invoice.round_off_amount) if place == last else 0)
        for place, (order, held) in enumerate(zip(orders, contents, strict=True))
    ]


def _facts(
    order: PlannedOrder,
    contents: OrderContents,
    invoice: InvoiceFacts,
    gift: GiftFacts | None,
    now: int,
    *,
    round_off: int,
) -> OrderFacts:
    is_paid = invoice.status is InvoiceStatus.PAID
    given = gift if invoice.is_gifted else None
    return OrderFacts(
        invoice_id=invoice.id,
        status=OrderStatus.CANCELLED if order.cancelled_for else OrderStatus.QUEUED,
        order_type=OrderType.SYSTEM_GENERATED,
        price_type=invoice.price_type,
        created_at=now,
        created_by=CREATED_BY,
        subscription_id=order.subscription_id,
        customer_id=invoice.customer_id,
        business_entity_id=invoice.business_entity_id,
        currency_code=invoice.currency_code,
        payment_status=PaymentStatus.PAID if is_paid else PaymentStatus.NOT_PAID,
        paid_on=invoice.paid_at if is_paid else None,
        invoice_round_off_amount=round_off or None,
        cancellation_reason=order.cancelled_for,
        cancelled_at=now if order.cancelled_for else None,
        order_date=order.order_date,
        shipping_date=order.shipping_date,
        shipping_cut_off_date=order.shipping_cut_off_date,
        is_gifted=invoice.is_gifted,
        gift_id=given.id if given else None,
        gift_note=given.gifter.note[:_GIFT_NOTE_LENGTH_MAX] if given and given.gifter.note else None,
        order_line_items=contents.order_line_items,
        line_item_taxes=contents.line_item_taxes,
        line_item_discounts=contents.line_item_discounts,
        linked_credit_notes=contents.linked_credit_notes,
        shipping_address=known_address(invoice.shipping_address),
        billing_address=known_address(invoice.billing_address),
    )
