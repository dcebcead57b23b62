"""Update: members of an order, alone and on cancelled orders (chargebee/orders.md, section 6).

Statuses and lines are in ``test_update_status.py``, addresses in ``test_update_address.py``.
"""

from typing import Any

import pytest
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import asdict

from ledger.commands import CancelOrder, LineUpdate, UpdateOrder
from ledger.events import OrderChanges, OrderUpdated
from ledger.order import set_members
from ledger.parts import AddressChanges
from ledger.vocabulary import CancellationReason, LineItemStatus, OrderStatus
from tests.ledger.given import BEFORE, CREATED, NOW, NOW_MS, Ledger, Refusal, given, imported, invoice, manual
from tests.ledger.laws import for_all

TEXTS = (
    "reference_id",
    "batch_id",
    "note",
    "tracking_id",
    "tracking_url",
    "shipment_carrier",
    "fulfillment_status",
)
DATES = ("order_date", "shipping_date", "shipped_at", "delivered_at")
CANCEL = CancelOrder(order_id="1", cancellation_reason=CancellationReason.OTHERS)


def update(order_id: str = "1", /, **changes: Any) -> UpdateOrder:
    return UpdateOrder(order_id=order_id, changes=OrderChanges(**changes))


def cancelled(reason: CancellationReason = CancellationReason.OTHERS) -> Ledger:
    return given(invoice(), imported("1"), CancelOrder(order_id="1", cancellation_reason=reason))


# Members


@pytest.mark.parametrize("member", TEXTS)
def test_a_text_is_set(member: str) -> None:
    ledger = given(invoice(), imported("1"))
    happened = ledger.when(update(**{member: "new"}))
    assert happened.types == [("order-1", "order.updated")]
    assert happened.document[member] == "new"


@pytest.mark.parametrize("member", DATES)
@pytest.mark.parametrize("date", [0, NOW + 5])
def test_a_date_is_set(member: str, date: int) -> None:
    ledger = given(invoice(), imported("1"))
    happened = ledger.when(update(**{member: date}))
    assert happened.types == [("order-1", "order.updated")]
    assert happened.document[member] == date


@pytest.mark.parametrize("member", [*TEXTS, *DATES])
def test_a_member_is_cleared(member: str) -> None:
    ledger = given(invoice(), imported("1"), update(**{member: 7 if member in DATES else "there"}))
    happened = ledger.when(update(**{member: None}))
    assert happened.types == [("order-1", "order.updated")]
    assert member not in happened.document


def test_a_manual_order_is_updated_too() -> None:
    happened = given(invoice(), manual("m")).when(update("m", note="new"))
    assert happened.types == [("order-m", "order.updated")]


def test_the_event_says_only_what_is_new() -> None:
    ledger = given(invoice(), imported("1", note="there", batch_id="b1"))
    happened = ledger.when(update(note="there", batch_id="b2"))
    assert happened.events == (
        OrderUpdated(
            originator_id="order-1",
            originator_version=2,
            timestamp=NOW_MS,
            changes=OrderChanges(batch_id="b2"),
        ),
    )


def test_an_update_moves_the_version_and_leaves_the_time_of_the_status() -> None:
    happened = given(invoice(), imported("1")).when(update(note="new"))
    times = {name: happened.document[name] for name in ("resource_version", "updated_at", "status_update_at")}
    assert times == {"resource_version": NOW_MS, "updated_at": NOW, "status_update_at": CREATED}


def test_the_version_grows_even_when_the_clock_does_not() -> None:
    ledger = given(invoice(), imported("1"), update(note="a"), update(note="b"))
    ledger.now_ms = (BEFORE - 3_600) * 1000
    happened = ledger.when(update(note="c"))
    assert happened.document["resource_version"] == BEFORE * 1000 + 3
    assert happened.document["updated_at"] == BEFORE


# No change


@pytest.mark.parametrize(
    "command",
    [
        update(),
        update(note="there"),
        update(status=OrderStatus.QUEUED),
        update(shipping_date=CREATED + 86_400),
        update(batch_id=None),
        update(cancellation_reason=None, cancelled_at=None),
        UpdateOrder(order_id="1", shipping_address=AddressChanges()),
        UpdateOrder(order_id="1", shipping_address=AddressChanges(city="Walnut", line1=None)),
    ],
    ids=["nothing", "same text", "same status", "same date", "cleared", "not cancelled", "no address", "same address"],
)
def test_no_effective_change_is_no_event(command: UpdateOrder) -> None:
    ledger = given(invoice(), imported("1", note="there"))
    happened = ledger.when(command)
    assert happened.events == ()
    assert happened.document["resource_version"] == BEFORE * 1000


def test_a_line_that_stays_as_it_is_is_no_change() -> None:
    ledger = given(invoice(), imported("1"))
    same = LineUpdate(index=0, id=ledger.lines("1")[0], status=LineItemStatus.QUEUED, sku=None)
    assert ledger.when(UpdateOrder(order_id="1", order_line_items=(same,))).events == ()


member_changes = st.builds(
    OrderChanges,
    **{name: st.sampled_from([UNSET, None, "a", "b"]) for name in TEXTS},
    **{name: st.sampled_from([UNSET, None, 0, NOW]) for name in DATES},
)


@for_all(first=member_changes, second=member_changes)
def test_an_update_leaves_what_was_asked_for_and_saying_it_again_is_no_change(
    first: OrderChanges, second: OrderChanges
) -> None:
    ledger = given(invoice(), imported("1"), UpdateOrder(order_id="1", changes=first))
    before = ledger.order("1")
    happened = ledger.when(UpdateOrder(order_id="1", changes=second))
    after = ledger.order("1")
    assert set_members(second).items() <= asdict(after).items()
    assert len(happened.events) == (any(getattr(before, name) != value for name, value in set_members(second).items()))
    assert ledger.when(UpdateOrder(order_id="1", changes=second)).events == ()


# Facts about a cancellation


@pytest.mark.parametrize(
    ("param", "value"), [("cancellation_reason", CancellationReason.OTHERS), ("cancelled_at", NOW), ("cancelled_at", 0)]
)
@pytest.mark.parametrize("status", [UNSET, OrderStatus.SHIPPED], ids=["no status", "shipped"])
def test_what_belongs_to_cancelled_orders_is_refused_on_others(param: str, value: object, status: object) -> None:
    ledger = given(invoice(), imported("1"))
    refusal = ledger.refusal(update(**{param: value, "status": status}))
    assert refusal == Refusal(400, "param_wrong_value", param)


def test_what_belongs_to_cancelled_orders_comes_with_the_status() -> None:
    ledger = given(invoice(), imported("1"))
    changes = {"cancellation_reason": CancellationReason.ALTERNATIVE_FOUND, "cancelled_at": BEFORE}
    happened = ledger.when(update(status=OrderStatus.CANCELLED, **changes))
    assert happened.types == [("order-1", "order.cancelled")]
    assert changes.items() <= happened.document.items()


def test_what_belongs_to_cancelled_orders_comes_with_the_last_line_that_is_cancelled() -> None:
    ledger = given(invoice(), imported("1"))
    lines = tuple(
        LineUpdate(index=index, id=line, status=LineItemStatus.CANCELLED)
        for index, line in enumerate(ledger.lines("1"))
    )
    changes = OrderChanges(cancellation_reason=CancellationReason.OTHERS)
    happened = ledger.when(UpdateOrder(order_id="1", changes=changes, order_line_items=lines))
    assert happened.types == [("order-1", "order.cancelled")]
    assert happened.document["cancellation_reason"] == "others"
    assert happened.document["cancelled_at"] == NOW


def test_an_update_cancels_without_a_credit_note_and_needs_no_reason() -> None:
    ledger = given(invoice(), imported("1"))
    happened = ledger.when(update(status=OrderStatus.CANCELLED))
    assert happened.types == [("order-1", "order.cancelled")]
    assert not {"cancellation_reason", "linked_credit_notes"} & happened.document.keys()


# Cancelled orders


@pytest.mark.parametrize("member", TEXTS)
def test_a_cancelled_order_still_accepts_notes_references_and_tracking(member: str) -> None:
    happened = cancelled().when(update(**{member: "new"}))
    assert happened.types == [("order-1", "order.updated")]
    assert happened.document[member] == "new"


@pytest.mark.parametrize(
    ("member", "value"),
    [("cancellation_reason", CancellationReason.ALTERNATIVE_FOUND), ("cancelled_at", BEFORE - 5)],
)
def test_a_cancelled_order_still_accepts_facts_about_its_cancellation(member: str, value: object) -> None:
    happened = cancelled().when(update(**{member: value}))
    assert happened.types == [("order-1", "order.updated")]
    assert happened.document[member] == value


@pytest.mark.parametrize(
    "reason",
    [CancellationReason.ORDER_RESENT, CancellationReason.INVOICE_VOIDED, CancellationReason.INVOICE_WRITTEN_OFF],
)
@pytest.mark.parametrize("other", [CancellationReason.OTHERS, None], ids=["others", "none"])
def test_a_reason_that_forbids_reopening_cannot_be_taken_back(
    reason: CancellationReason, other: CancellationReason | None
) -> None:
    refusal = cancelled(reason).refusal(update(cancellation_reason=other))
    assert refusal == Refusal(409, "invalid_state_for_request")


@pytest.mark.parametrize("member", DATES)
def test_a_cancelled_order_accepts_no_new_dates(member: str) -> None:
    assert cancelled().refusal(update(**{member: NOW})) == Refusal(409, "invalid_state_for_request")


@pytest.mark.parametrize("status", [OrderStatus.QUEUED, OrderStatus.DELIVERED])
def test_a_cancelled_order_accepts_no_other_status(status: OrderStatus) -> None:
    assert cancelled().refusal(update(status=status)) == Refusal(409, "invalid_state_for_request")


def test_a_cancelled_order_accepts_no_new_address() -> None:
    refusal = cancelled().refusal(UpdateOrder(order_id="1", shipping_address=AddressChanges(city="Paris")))
    assert refusal == Refusal(409, "invalid_state_for_request")


@pytest.mark.parametrize("change", [{"sku": "new"}, {"status": LineItemStatus.QUEUED}], ids=["sku", "status"])
def test_a_cancelled_order_accepts_no_changes_of_lines(change: dict[str, Any]) -> None:
    ledger = cancelled()
    line = LineUpdate(index=0, id=ledger.lines("1")[0], **change)
    refusal = ledger.refusal(UpdateOrder(order_id="1", order_line_items=(line,)))
    assert refusal == Refusal(409, "invalid_state_for_request")


def test_what_a_cancelled_order_has_already_is_no_change() -> None:
    happened = cancelled().when(
        update(status=OrderStatus.CANCELLED, order_date=CREATED, cancellation_reason=CancellationReason.OTHERS)
    )
    assert happened.events == ()


# The order of checks


def unknown_line(**members: Any) -> tuple[LineUpdate, ...]:
    return (LineUpdate(index=3, id="o_li_of_another", **members),)


def test_a_line_of_another_order_is_not_found() -> None:
    refusal = given(invoice(), imported("1")).refusal(UpdateOrder(order_id="1", order_line_items=unknown_line()))
    assert refusal == Refusal(404, "resource_not_found", "order_line_items[id][3]")


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"status": OrderStatus.COMPLETE}, "status"),
        ({"cancelled_at": NOW}, "cancelled_at"),
        ({"cancellation_reason": CancellationReason.OTHERS}, "cancellation_reason"),
    ],
)
def test_parameters_are_checked_before_lines_are_looked_for(changes: dict[str, Any], param: str) -> None:
    ledger = given(invoice(), imported("1"))
    command = UpdateOrder(order_id="1", changes=OrderChanges(**changes), order_line_items=unknown_line())
    assert ledger.refusal(command) == Refusal(400, "param_wrong_value", param)


def test_parameters_are_checked_before_the_state() -> None:
    refusal = cancelled().refusal(update(status=OrderStatus.NEW))
    assert refusal == Refusal(400, "param_wrong_value", "status")


@pytest.mark.parametrize("status", [OrderStatus.CANCELLED, OrderStatus.RETURNED])
def test_lines_are_looked_for_before_the_state_is_checked(status: OrderStatus) -> None:
    ledger = given(invoice(), imported("1", status=status))
    changes = OrderChanges(status=OrderStatus.SHIPPED)
    refusal = ledger.refusal(UpdateOrder(order_id="1", changes=changes, order_line_items=unknown_line()))
    assert refusal == Refusal(404, "resource_not_found", "order_line_items[id][3]")
