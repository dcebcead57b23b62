"""Operations that make an order or set its members: create, update, import_order (chargebee/orders.md, section 6)."""

from typing import Any

from api.field_groups import Entries, Group, PathId
from api.fields import Choice, Money, Text, Timestamp
from api.schemas.addresses import AddressSchema
from api.schemas.operation import OperationSchema, ParameterSchema
from ledger.commands import CreateOrder, ImportOrder, LineUpdate, UpdateOrder
from ledger.events import OrderChanges
from ledger.parts import Address, AddressChanges
from ledger.vocabulary import (
    CURRENT_STATUSES,
    LEGACY_STATUSES,
    CancellationReason,
    LineItemStatus,
    OrderStatus,
)


class CreateOrderSchema(OperationSchema[CreateOrder]):
    """POST /orders"""

    id = Text(40)
    invoice_id = Text(50, required=True)
    status = Choice(OrderStatus, LEGACY_STATUSES, clearable=False)
    reference_id = Text(50)
    fulfillment_status = Text(50)
    note = Text(600)
    tracking_id = Text(50)
    tracking_url = Text(255)
    batch_id = Text(50)

    def build(self, members: dict[str, Any]) -> CreateOrder:
        return CreateOrder(**members)


class LineUpdateSchema(ParameterSchema):
    """An entry of ``order_line_items`` in an update."""

    id = Text(40, required=True)
    status = Choice(LineItemStatus, clearable=False)
    sku = Text(250)


class UpdateOrderSchema(OperationSchema[UpdateOrder]):
    """POST /orders/{order-id}"""

    order_id = PathId(40)
    reference_id = Text(50)
    batch_id = Text(50)
    note = Text(600)
    shipping_date = Timestamp()
    order_date = Timestamp()
    cancelled_at = Timestamp()
    cancellation_reason = Choice(CancellationReason)
    shipped_at = Timestamp()
    delivered_at = Timestamp()
    tracking_url = Text(255)
    tracking_id = Text(50)
    shipment_carrier = Text(50)
    fulfillment_status = Text(50)
    status = Choice(OrderStatus, clearable=False)
    shipping_address = Group(AddressSchema, into=AddressChanges)
    order_line_items = Entries(LineUpdateSchema, into=LineUpdate)

    def build(self, members: dict[str, Any]) -> UpdateOrder:
        return UpdateOrder(
            order_id=members.pop("order_id"),
            shipping_address=members.pop("shipping_address", None),
            order_line_items=members.pop("order_line_items", ()),
            changes=OrderChanges(**members),
        )


class ImportOrderSchema(OperationSchema[ImportOrder]):
    """POST /orders/import_order"""

    id = Text(40)
    document_number = Text(50)
    invoice_id = Text(50, required=True)
    status = Choice(OrderStatus, CURRENT_STATUSES, required=True)
    subscription_id = Text(50)
    customer_id = Text(50)
    created_at = Timestamp(required=True)
    order_date = Timestamp(required=True)
    shipping_date = Timestamp(required=True)
    reference_id = Text(50)
    fulfillment_status = Text(50)
    note = Text(600)
    tracking_id = Text(50)
    tracking_url = Text(255)
    batch_id = Text(50)
    shipment_carrier = Text(50)
    shipping_cut_off_date = Timestamp()
    delivered_at = Timestamp()
    shipped_at = Timestamp()
    cancelled_at = Timestamp()
    cancellation_reason = Choice(CancellationReason)
    refundable_credits_issued = Money()
    shipping_address = Group(AddressSchema, into=lambda **members: _address(members))
    billing_address = Group(AddressSchema, into=lambda **members: _address(members))

    def build(self, members: dict[str, Any]) -> ImportOrder:
        return ImportOrder(**members)


def _address(members: dict[str, Any]) -> Address | None:
    """An address of which only empty members were given says nothing: the invoice's is taken."""
    return Address(**members) if any(value is not None for value in members.values()) else None


CREATE_ORDER = CreateOrderSchema()
UPDATE_ORDER = UpdateOrderSchema()
IMPORT_ORDER = ImportOrderSchema()
