"""An order as its events made it: the state, and ``evolve``, which applies one event and knows no rule."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec
from msgspec import to_builtins
from msgspec.structs import asdict, replace

from ledger.events import (
    DomainEvent,
    OrderCancelled,
    OrderChanged,
    OrderCreated,
    OrderCreatedFromResend,
    OrderCreditNoteCreated,
    OrderDeleted,
    OrderDelivered,
    OrderFacts,
    OrderGenerated,
    OrderImported,
    OrderInvoiceUpdated,
    OrderNumberAssigned,
    OrderReadyToProcess,
    OrderReadyToShip,
    OrderReopened,
    OrderResent,
    OrderReturned,
    OrderUpdated,
)
from ledger.ids import order_stream
from ledger.parts import (
    Address,
    IssuedCreditNote,
    LineChange,
    LineCredit,
    LinkedCreditNote,
    OrderLine,
    ResentOrder,
)
from ledger.vocabulary import CancellationReason, CreditNoteStatus, CreditNoteType, OrderType, ResentStatus

F = TypeVar("F", bound=OrderFacts)


class Order(OrderFacts, frozen=True, kw_only=True):
    """The current state of one order.

    ``resource_version`` is the time of its last event in milliseconds. Amounts of the order are the sums over its
    lines (chargebee/orders.md, section 4). ``ready_to_process_at`` and ``ready_to_ship_at`` are the seconds at which
    it was last told that the date was reached; ``cancelled_for`` are the reasons for which it was ever cancelled.
    """

    id: str
    version: int
    resource_version: int
    status_update_at: int
    resent_status: ResentStatus | None = None
    resent_orders: tuple[ResentOrder, ...] = ()
    deleted: bool = False
    ready_to_process_at: int | None = None
    ready_to_ship_at: int | None = None
    cancelled_for: frozenset[CancellationReason] = frozenset()

    @property
    def updated_at(self) -> int:
        """Seconds of the last change."""
        return self.resource_version // 1000

    @property
    def has_amounts(self) -> bool:
        """Whether money is known: a manual order has none."""
        return self.order_type is not OrderType.MANUAL

    @property
    def refundable_credits(self) -> int:
        """Credits that can still be issued, in minor units."""
        return sum(line.refundable_credits for line in self.order_line_items)

    @property
    def shippable_lines(self) -> tuple[OrderLine, ...]:
        """The lines that move with the order's status."""
        return tuple(line for line in self.order_line_items if line.is_shippable)


def evolve(order: Order | None, event: DomainEvent) -> Order:
    """The order after an event of its stream.

    Raises:
        ValueError: the event cannot follow (a broken or foreign stream).
    """
    apply = _APPLY.get(type(event))
    if apply is None or not _may_follow(order, event):
        raise ValueError(f"{event.TOPIC} cannot follow version {order.version if order else 0} of an order")
    return apply(order, event)


def fold(events: Iterable[DomainEvent], order: Order | None = None) -> Order | None:
    """The order after all of the events, or None where there is none."""
    for event in events:
        order = evolve(order, event)
    return order


def _may_follow(order: Order | None, event: DomainEvent) -> bool:
    if order is None:
        return isinstance(event, _BIRTHS) and event.originator_version == 1
    is_next = event.originator_version == order.version + 1 and event.originator_id == order_stream(order.id)
    return is_next and not isinstance(event, _BIRTHS)


def _born(_: Order | None, event: OrderCreated | OrderImported | OrderCreatedFromResend | OrderGenerated) -> Order:
    reason = event.order.cancellation_reason
    return Order(
        id=event.originator_id.removeprefix("order-"),
        version=event.originator_version,
        resource_version=event.timestamp,
        status_update_at=event.order.created_at,
        cancelled_for=frozenset({reason} if reason else ()),
        **asdict(event.order),
    )


def _after(order: Order, event: DomainEvent, **members: Any) -> Order:
    return replace(order, version=event.originator_version, resource_version=event.timestamp, **members)


def _changed(order: Order, event: OrderChanged) -> Order:
    changed = _after(order, event, **_changed_members(order, event))
    return with_linked_notes(changed, event.linked_credit_notes) if event.linked_credit_notes else changed


def _changed_members(order: Order, event: OrderChanged) -> dict[str, Any]:
    members = set_members(event.changes)
    if event.shipping_address is not None:
        members["shipping_address"] = merged_address(order.shipping_address, event.shipping_address)
    if event.order_line_items:
        members["order_line_items"] = changed_lines(order.order_line_items, event.order_line_items)
    return members


def _cancelled(order: Order, event: OrderCancelled) -> Order:
    changed = _changed(order, event)
    if changed.cancellation_reason:
        changed = replace(changed, cancelled_for=changed.cancelled_for | {changed.cancellation_reason})
    if event.credit_note is None:
        return changed
    return with_credit_note(changed, event.credit_note, from_cancellation=True)


def _credit_note_created(order: Order, event: OrderCreditNoteCreated) -> Order:
    return _after(with_credit_note(order, event.credit_note, from_cancellation=False), event)


def _reopened(order: Order, event: OrderReopened) -> Order:
    changed = _changed(order, event)
    voided = frozenset(event.voided_credit_notes)
    credits_back = [
        LineCredit(line_id=credit.line_id, amount=-credit.amount)
        for note in changed.linked_credit_notes
        if note.id in voided
        for credit in note.lines
    ]
    return replace(
        changed,
        order_line_items=_with_credits(changed.order_line_items, credits_back),
        linked_credit_notes=tuple(
            # What this reopening leaves was made by a cancellation that is over: a later reopening leaves it too.
            replace(note, status=CreditNoteStatus.VOIDED if note.id in voided else note.status, from_cancellation=False)
            for note in changed.linked_credit_notes
        ),
    )


def _ready_to_process(order: Order, event: OrderReadyToProcess) -> Order:
    return _after(order, event, ready_to_process_at=event.timestamp // 1000)


def _ready_to_ship(order: Order, event: OrderReadyToShip) -> Order:
    return _after(order, event, ready_to_ship_at=event.timestamp // 1000)


def _number_assigned(order: Order, event: OrderNumberAssigned) -> Order:
    return _after(order, event, document_number=event.document_number)


def _resent(order: Order, event: OrderResent) -> Order:
    return _after(
        order,
        event,
        resent_status=event.resent_status,
        resent_orders=(*order.resent_orders, event.resent_order),
    )


def _deleted(order: Order, event: OrderDeleted) -> Order:
    return _after(order, event, deleted=True)


def _with_credits(lines: tuple[OrderLine, ...], line_credits: Iterable[LineCredit]) -> tuple[OrderLine, ...]:
    amounts: dict[str, int] = {}
    for credit in line_credits:
        amounts[credit.line_id] = amounts.get(credit.line_id, 0) + credit.amount
    return tuple(
        replace(line, refundable_credits_issued=line.refundable_credits_issued + amounts[line.id])
        if line.id in amounts
        else line
        for line in lines
    )


def with_credit_note(order: F, note: IssuedCreditNote, *, from_cancellation: bool) -> F:
    """The order with a refundable credit note linked to it and spread over its lines."""
    linked = LinkedCreditNote(
        id=note.id,
        type=CreditNoteType.REFUNDABLE,
        status=CreditNoteStatus.REFUND_DUE,
        amount=note.total,
        amount_refunded=note.total,
        from_cancellation=from_cancellation,
        lines=note.lines,
    )
    return replace(
        order,
        linked_credit_notes=(*order.linked_credit_notes, linked),
        order_line_items=_with_credits(order.order_line_items, note.lines),
    )


def with_linked_notes(order: Order, notes: Iterable[LinkedCreditNote]) -> Order:
    """The order with credit notes as they are now: new ones added, known ones replaced, and the lines' credits moved.

    What a note is spread over counts as issued unless the note is voided.
    """
    linked = {note.id: note for note in order.linked_credit_notes}
    moved: list[LineCredit] = []
    for note in notes:
        if before := linked.get(note.id):
            moved += (LineCredit(line_id=credit.line_id, amount=-credit.amount) for credit in _in_force(before))
        moved += _in_force(note)
        linked[note.id] = note
    return replace(
        order,
        linked_credit_notes=tuple(linked.values()),
        order_line_items=_with_credits(order.order_line_items, moved),
    )


def _in_force(note: LinkedCreditNote) -> tuple[LineCredit, ...]:
    return () if note.status is CreditNoteStatus.VOIDED else note.lines


def changed_lines(lines: tuple[OrderLine, ...], changes: Iterable[LineChange]) -> tuple[OrderLine, ...]:
    """The lines with new values put in, matched by id."""
    by_id = {change.id: set_members(change) for change in changes}
    return tuple(replace(line, **by_id[line.id]) if line.id in by_id else line for line in lines)


def merged_address(address: Address | None, changes: msgspec.Struct) -> Address | None:
    """The address with new members put in and cleared ones removed; None when nothing is left."""
    merged = replace(address or Address(), **set_members(changes))
    return merged if merged != Address() else None


def set_members(changes: msgspec.Struct) -> dict[str, Any]:
    """The members of a change that are set, by name."""
    # Plain data have no unset members, and few of them are ever set.
    return {name: getattr(changes, name) for name in to_builtins(changes)}


_BIRTHS = (OrderCreated, OrderImported, OrderCreatedFromResend, OrderGenerated)


_APPLY: dict[type[DomainEvent], Callable[[Any, Any], Order]] = {
    OrderCreated: _born,
    OrderImported: _born,
    OrderCreatedFromResend: _born,
    OrderGenerated: _born,
    OrderUpdated: _changed,
    OrderInvoiceUpdated: _changed,
    OrderReadyToProcess: _ready_to_process,
    OrderReadyToShip: _ready_to_ship,
    OrderDelivered: _changed,
    OrderReturned: _changed,
    OrderCancelled: _cancelled,
    OrderReopened: _reopened,
    OrderCreditNoteCreated: _credit_note_created,
    OrderNumberAssigned: _number_assigned,
    OrderResent: _resent,
    OrderDeleted: _deleted,
}
