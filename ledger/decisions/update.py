"""Update: members, status, address and lines of an order in one call, one event (chargebee/orders.md, section 6)."""

from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from ledger.commands import LineUpdate, UpdateOrder
from ledger.countries import state_name
from ledger.decision import Context, Decision, Recording, Stream
from ledger.decisions.cancellation import FINAL_REASONS
from ledger.decisions.statuses import (
    lines_that_follow,
    refuse_legacy_status,
    refuse_line_transition,
    refuse_transition,
    status_of_lines,
)
from ledger.errors import InvalidState, ParamWrongValue, ResourceNotFound
from ledger.events import (
    OrderCancelled,
    OrderChanged,
    OrderChanges,
    OrderDelivered,
    OrderReturned,
    OrderUpdated,
)
from ledger.order import Order, merged_address, set_members
from ledger.parts import Address, AddressChanges, LineChange
from ledger.vocabulary import LineItemStatus, OrderStatus, ValidationStatus

_EVENT_TYPES: dict[OrderStatus, type[OrderChanged]] = {
    OrderStatus.DELIVERED: OrderDelivered,
    OrderStatus.RETURNED: OrderReturned,
    OrderStatus.CANCELLED: OrderCancelled,
}

# What the status sets to now, unless the caller gives it or it is there already.
_TIME_OF_STATUS = {
    OrderStatus.SHIPPED: "shipped_at",
    OrderStatus.DELIVERED: "delivered_at",
    OrderStatus.CANCELLED: "cancelled_at",
}

# What a cancelled order still accepts: notes for people, tracking, and facts about the cancellation itself.
_ACCEPTED_WHEN_CANCELLED = frozenset(
    {
        "reference_id",
        "batch_id",
        "note",
        "tracking_id",
        "tracking_url",
        "shipment_carrier",
        "fulfillment_status",
        "cancellation_reason",
        "cancelled_at",
    }
)


def update(command: UpdateOrder, order: Stream[Order], context: Context) -> Decision:
    """Set what was given; what is there already is no change, and without a change there is no event."""
    present = order.state
    wanted = set_members(command.changes)
    changed_lines = _changed_lines(present, wanted.get("status"), command.order_line_items)
    status = _new_status(present, wanted, changed_lines)
    _refuse_parameters(present, wanted, status)
    _refuse_unknown_lines(present, command.order_line_items)
    _refuse_states(present, wanted, command.order_line_items)

    changes = _effective(present, _with_times(present, wanted, status, context.now))
    address = _address_changes(present.shipping_address, command.shipping_address)
    if present.status is OrderStatus.CANCELLED:
        _refuse_when_cancelled(present, changes, address, changed_lines)
    if not changes and address is None and not changed_lines:
        return Decision(order_id=command.order_id)

    recording = Recording(context.now_ms)
    recording.add(
        order,
        _EVENT_TYPES.get(status, OrderUpdated) if status is not None else OrderUpdated,
        changes=OrderChanges(**changes),
        shipping_address=address,
        order_line_items=changed_lines,
    )
    return Decision(events=recording.events, order_id=command.order_id)


def _refuse_parameters(order: Order, wanted: dict[str, Any], status: OrderStatus | None) -> None:
    if "status" in wanted:
        refuse_legacy_status(order, wanted["status"])
    if OrderStatus.CANCELLED in {order.status, status}:
        return
    for name in ("cancellation_reason", "cancelled_at"):
        if wanted.get(name) is not None:
            raise ParamWrongValue("belongs to cancelled orders", param=name)


def _refuse_unknown_lines(order: Order, entries: tuple[LineUpdate, ...]) -> None:
    known = {line.id for line in order.order_line_items}
    for entry in entries:
        if entry.id not in known:
            raise ResourceNotFound(param=f"order_line_items[id][{entry.index}]")


def _refuse_states(order: Order, wanted: dict[str, Any], entries: tuple[LineUpdate, ...]) -> None:
    if "status" in wanted:
        refuse_transition(order.status, wanted["status"])
    lines = {line.id: line for line in order.order_line_items}
    for entry in entries:
        if entry.status is not None:
            refuse_line_transition(lines[entry.id], entry.status)


def _refuse_when_cancelled(
    order: Order, changes: dict[str, Any], address: AddressChanges | None, lines: tuple[LineChange, ...]
) -> None:
    if address is not None or lines or not changes.keys() <= _ACCEPTED_WHEN_CANCELLED:
        raise InvalidState("A cancelled order accepts only notes, references and tracking; reopen it first.")
    if "cancellation_reason" in changes and order.cancellation_reason in FINAL_REASONS:
        # Otherwise another reason would open the way to a reopening that is refused.
        raise InvalidState(f"An order stays cancelled for {order.cancellation_reason}.")


def _changed_lines(order: Order, status: OrderStatus | None, entries: tuple[LineUpdate, ...]) -> tuple[LineChange, ...]:
    """Lines that the status takes along, overlaid by the lines that the caller names."""
    wanted: dict[str, dict[str, Any]] = {}
    if status is not None and status is not order.status:
        wanted = {line.id: {"status": LineItemStatus(status.value)} for line in lines_that_follow(order, status)}
    for entry in entries:
        members = wanted.setdefault(entry.id, {})
        if entry.status is not None:
            members["status"] = entry.status
        if entry.sku is not UNSET:
            members["sku"] = entry.sku
    changes = []
    for line in order.order_line_items:
        different = {name: value for name, value in wanted.get(line.id, {}).items() if getattr(line, name) != value}
        if different:
            changes.append(LineChange(id=line.id, **different))
    return tuple(changes)


def _new_status(order: Order, wanted: dict[str, Any], changed_lines: tuple[LineChange, ...]) -> OrderStatus | None:
    """The status that the order comes to, None where it stays."""
    if "status" in wanted:
        return wanted["status"] if wanted["status"] is not order.status else None
    if not any(change.status is not UNSET for change in changed_lines):
        return None
    statuses = {line.id: line.status for line in order.order_line_items}
    statuses |= {change.id: change.status for change in changed_lines if change.status is not UNSET}
    return status_of_lines(order, statuses)


def _with_times(order: Order, wanted: dict[str, Any], status: OrderStatus | None, now: int) -> dict[str, Any]:
    if status is None:
        return wanted
    times: dict[str, Any] = {"status": status, "status_update_at": now}
    name = _TIME_OF_STATUS.get(status)
    if name and wanted.get(name, getattr(order, name)) is None:
        times[name] = now
    return wanted | times


def _effective(order: Order, wanted: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in wanted.items() if getattr(order, name) != value or name == "status_update_at"
    }


def _address_changes(present: Address | None, wanted: AddressChanges | None) -> AddressChanges | None:
    """The members that really differ, with the state's name and the validation status filled in."""
    if wanted is None:
        return None
    merged = merged_address(present, wanted)
    if merged is not None:
        merged = _completed(merged, wanted)
    before, after = present or Address(), merged or Address()
    different = {
        name: getattr(after, name)
        for name in Address.__struct_fields__
        if getattr(before, name) != getattr(after, name)
    }
    return AddressChanges(**different) if different else None


def _completed(address: Address, wanted: AddressChanges) -> Address:
    if replace(address, validation_status=None) == Address():
        return Address()
    if wanted.state_code is not UNSET and wanted.state_code and address.country:
        filled = state_name(address.country, wanted.state_code)
        address = replace(address, state=filled or address.state)
    return replace(address, validation_status=address.validation_status or ValidationStatus.NOT_VALIDATED)
