"""The inline view's row of an order: what lists filter and sort by, and the document they answer with."""

from ledger.batch import OrderRow
from ledger.ids import order_stream
from ledger.order import Order
from projections.order_document import order_json


def order_row(order: Order) -> OrderRow:
    """The row of the order's present state, written in the transaction that appends its events."""
    return OrderRow(
        stream=order_stream(order.id),
        id=order.id,
        version=order.version,
        deleted=order.deleted,
        status=order.status,
        order_type=order.order_type,
        invoice_id=order.invoice_id,
        subscription_id=order.subscription_id,
        original_order_id=order.original_order_id,
        document_number=order.document_number,
        business_entity_id=order.business_entity_id,
        resent_status=order.resent_status,
        is_resent=order.is_resent,
        created_at=order.created_at,
        updated_at=order.updated_at,
        order_date=order.order_date,
        shipping_date=order.shipping_date,
        shipped_at=order.shipped_at,
        paid_on=order.paid_on,
        document=order_json(order),
    )
