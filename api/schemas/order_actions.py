"""Operations that act on an order: number, cancel, credit, reopen, delete, resend (chargebee/orders.md, section 6)."""

from typing import Any

from marshmallow import ValidationError, validates

from api.field_groups import Entries, Group, PathId
from api.fields import Boolean, Choice, Integer, Money, Text, Timestamp
from api.schemas.operation import OperationSchema, ParameterSchema
from ledger.commands import (
    AssignOrderNumber,
    CancelOrder,
    CreateRefundableCreditNote,
    DeleteOrder,
    LineResend,
    ReopenOrder,
    ResendOrder,
)
from ledger.vocabulary import CancellationReason, CreditNoteReason


class AssignOrderNumberSchema(OperationSchema[AssignOrderNumber]):
    """POST /orders/{order-id}/assign_order_number"""

    order_id = PathId(40)

    def build(self, members: dict[str, Any]) -> AssignOrderNumber:
        return AssignOrderNumber(**members)


class CancellationCreditNoteSchema(ParameterSchema):
    """``credit_note`` of a cancellation; a total of 0 makes none."""

    total = Money()


class CancelOrderSchema(OperationSchema[CancelOrder]):
    """POST /orders/{order-id}/cancel"""

    order_id = PathId(40)
    cancellation_reason = Choice(CancellationReason, required=True)
    customer_notes = Text(2000)
    comment = Text(300)
    cancelled_at = Timestamp()
    credit_note: Group[dict[str, Any]] = Group(CancellationCreditNoteSchema, into=dict)

    def build(self, members: dict[str, Any]) -> CancelOrder:
        credit_note = members.pop("credit_note", None) or {}
        return CancelOrder(**members, credit_note_total=credit_note.get("total", 0))


class CreditNoteSchema(ParameterSchema):
    """``credit_note`` of create_refundable_credit_note; a total of 0 is refused."""

    reason_code = Choice(CreditNoteReason, required=True)
    total = Money(1, required=True)


class CreateRefundableCreditNoteSchema(OperationSchema[CreateRefundableCreditNote]):
    """POST /orders/{order-id}/create_refundable_credit_note"""

    order_id = PathId(40)
    customer_notes = Text(2000)
    comment = Text(300)
    credit_note: Group[dict[str, Any]] = Group(CreditNoteSchema, into=dict)

    def build(self, members: dict[str, Any]) -> CreateRefundableCreditNote:
        return CreateRefundableCreditNote(**members.pop("credit_note"), **members)


class ReopenOrderSchema(OperationSchema[ReopenOrder]):
    """POST /orders/{order-id}/reopen"""

    order_id = PathId(40)
    void_cancellation_credit_notes = Boolean()

    def build(self, members: dict[str, Any]) -> ReopenOrder:
        return ReopenOrder(**members)


class DeleteOrderSchema(OperationSchema[DeleteOrder]):
    """POST /orders/{order-id}/delete"""

    order_id = PathId(40)

    def build(self, members: dict[str, Any]) -> DeleteOrder:
        return DeleteOrder(**members)


class LineResendSchema(ParameterSchema):
    """An entry of ``order_line_items`` in a resend."""

    id = Text(40, required=True)
    fulfillment_quantity = Integer()


class ResendOrderSchema(OperationSchema[ResendOrder]):
    """POST /orders/{order-id}/resend"""

    order_id = PathId(40)
    shipping_date = Timestamp()
    resend_reason = Text(100)
    order_line_items = Entries(LineResendSchema, into=LineResend)

    @validates("order_line_items")
    def name_each_line_once(self, lines: tuple[LineResend, ...], **_: Any) -> None:
        """The same line twice is refused at its second place."""
        seen: set[str] = set()
        for line in lines:
            if line.id in seen:
                raise ValidationError({line.index: {"id": ["names the same line twice"]}})
            seen.add(line.id)

    def build(self, members: dict[str, Any]) -> ResendOrder:
        return ResendOrder(**members)


ASSIGN_ORDER_NUMBER = AssignOrderNumberSchema()
CANCEL_ORDER = CancelOrderSchema()
CREATE_REFUNDABLE_CREDIT_NOTE = CreateRefundableCreditNoteSchema()
REOPEN_ORDER = ReopenOrderSchema()
DELETE_ORDER = DeleteOrderSchema()
RESEND_ORDER = ResendOrderSchema()
