"""Resend: a new order ships all or part of an order once more, free of charge (chargebee/orders.md, section 6)."""

from dataclasses import dataclass

from msgspec.structs import replace

from ledger.commands import LineResend, ResendOrder
from ledger.decision import ORDER_NUMBERS, Context, Decision, Recording, Stream
from ledger.decisions.cancellation import cancelled_changes, moved_lines
from ledger.errors import (
    InvalidState,
    ParamRequired,
    ParamWrongValue,
    ResourceLimitExhausted,
    ResourceNotFound,
)
from ledger.events import OrderCancelled, OrderCreatedFromResend, OrderFacts, OrderResent
from ledger.ids import order_stream
from ledger.limits import RESENDS_PER_ORDER_MAX
from ledger.order import Order
from ledger.parts import LineItemDiscount, OrderLine, ResentOrder
from ledger.settings import SiteSettings
from ledger.vocabulary import (
    CancellationReason,
    DiscountType,
    LineItemStatus,
    OrderStatus,
    OrderType,
    PaymentStatus,
    ResentStatus,
)


@dataclass(frozen=True, slots=True)
class _Portion:
    """A line of the original and how many of it go out again."""

    line: OrderLine
    quantity: int


def resend(command: ResendOrder, order: Stream[Order], context: Context) -> Decision:
    """Make the new order, mark the original as resent, and cancel it when everything was resent."""
    original = order.state
    _refuse_reason(command.resend_reason, context.settings)
    _refuse_repeated_lines(command.order_line_items)
    named = _named_lines(command.order_line_items, original)
    _refuse_state(original)
    if len(original.resent_orders) >= RESENDS_PER_ORDER_MAX:
        raise ResourceLimitExhausted(f"An order can be resent {RESENDS_PER_ORDER_MAX} times.")
    portions = _portions(command.order_line_items, named, original)
    is_full = _is_full(portions, original)
    new_id = str(context.number(ORDER_NUMBERS))
    facts = _resent_facts(command, original, portions, context)

    recording = Recording(context.now_ms)
    recording.add(Stream(order_stream(new_id), None), OrderCreatedFromResend, order=facts)
    recording.add(
        order,
        OrderResent,
        resent_status=ResentStatus.FULLY_RESENT if is_full else ResentStatus.PARTIALLY_RESENT,
        resent_order=ResentOrder(
            order_id=new_id,
            reason=command.resend_reason,
            amount=sum(line.amount for line in facts.order_line_items),
        ),
    )
    if is_full:
        recording.add(
            order,
            OrderCancelled,
            changes=cancelled_changes(CancellationReason.ORDER_RESENT, context.now, context.now),
            order_line_items=moved_lines(original, LineItemStatus.CANCELLED),
        )
    return Decision(events=recording.events, order_id=new_id)


def _refuse_reason(reason: str | None, settings: SiteSettings) -> None:
    if reason is None:
        if settings.resend_reason_mandatory:
            raise ParamRequired(param="resend_reason")
    elif settings.resend_reasons and reason not in settings.resend_reasons:
        raise ParamWrongValue("is not one of the resend reasons of the site", param="resend_reason")


def _refuse_repeated_lines(entries: tuple[LineResend, ...]) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry.id in seen:
            raise ParamWrongValue("names a line twice", param=f"order_line_items[id][{entry.index}]")
        seen.add(entry.id)


def _named_lines(entries: tuple[LineResend, ...], original: Order) -> dict[str, OrderLine]:
    lines = {line.id: line for line in original.order_line_items}
    for entry in entries:
        if entry.id not in lines:
            raise ResourceNotFound(param=f"order_line_items[id][{entry.index}]")
    return lines


def _refuse_state(original: Order) -> None:
    if original.status in {OrderStatus.CANCELLED, OrderStatus.VOIDED}:
        raise InvalidState(f"A {original.status} order cannot be resent.")
    if original.resent_status is ResentStatus.FULLY_RESENT:
        raise InvalidState("The order was resent whole already.")
    if not original.shippable_lines:
        raise InvalidState("The order has no line items that could be resent.")


def _portions(entries: tuple[LineResend, ...], lines: dict[str, OrderLine], original: Order) -> tuple[_Portion, ...]:
    if not entries:
        return tuple(_Portion(line, line.fulfillment_quantity) for line in original.shippable_lines)
    portions = []
    for entry in entries:
        line = lines[entry.id]
        quantity = line.fulfillment_quantity if entry.fulfillment_quantity is None else entry.fulfillment_quantity
        if quantity > line.fulfillment_quantity:
            raise ParamWrongValue(
                f"is more than the quantity of the line, {line.fulfillment_quantity}",
                param=f"order_line_items[fulfillment_quantity][{entry.index}]",
            )
        portions.append(_Portion(line, quantity))
    if not any(portion.quantity for portion in portions):
        raise ParamWrongValue(
            "leaves nothing to send", param=f"order_line_items[fulfillment_quantity][{entries[0].index}]"
        )
    return tuple(portion for portion in portions if portion.quantity)


def _is_full(portions: tuple[_Portion, ...], original: Order) -> bool:
    sent = {portion.line.id: portion.quantity for portion in portions}
    return all(sent.get(line.id, 0) == line.fulfillment_quantity for line in original.shippable_lines)


def _resent_facts(
    command: ResendOrder, original: Order, portions: tuple[_Portion, ...], context: Context
) -> OrderFacts:
    lines = tuple(_resent_line(portion, context) for portion in portions)
    return OrderFacts(
        invoice_id=original.invoice_id,
        status=OrderStatus.QUEUED,
        order_type=OrderType.SYSTEM_GENERATED,
        price_type=original.price_type,
        created_at=context.now,
        created_by=context.created_by,
        is_resent=True,
        original_order_id=original.id,
        resend_reason=command.resend_reason,
        is_gifted=original.is_gifted,
        gift_id=original.gift_id,
        gift_note=original.gift_note,
        subscription_id=original.subscription_id,
        customer_id=original.customer_id,
        business_entity_id=original.business_entity_id,
        currency_code=original.currency_code,
        payment_status=PaymentStatus.PAID,
        paid_on=original.paid_on,
        order_date=context.now,
        shipping_date=context.now if command.shipping_date is None else command.shipping_date,
        order_line_items=lines,
        line_item_discounts=tuple(
            LineItemDiscount(
                line_item_id=line.id, discount_type=DiscountType.CUSTOM_DISCOUNT, discount_amount=line.amount
            )
            for line in lines
            if line.amount
        ),
        shipping_address=original.shipping_address,
        billing_address=original.billing_address,
    )


def _resent_line(portion: _Portion, context: Context) -> OrderLine:
    line = portion.line
    # The line's own share of its invoice line, which is unit price times quantity unless the invoice was split.
    value = line.amount * portion.quantity // line.fulfillment_quantity if line.fulfillment_quantity else line.amount
    return replace(
        line,
        id=context.ids.line_item_id(live=context.live),
        status=LineItemStatus.QUEUED,
        fulfillment_quantity=portion.quantity,
        amount=value,
        discount_amount=value,
        item_level_discount_amount=0,
        tax_amount=0,
        fulfillment_amount=0,
        amount_paid=0,
        amount_adjusted=0,
        refundable_credits_issued=0,
    )
