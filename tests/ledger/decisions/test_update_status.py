"""Update: which status may follow which; how an order and its lines move together (chargebee/orders.md, section 5)."""

from typing import Any

import pytest
from hypothesis import strategies as st

from ledger.commands import Command, LineUpdate, UpdateOrder
from ledger.events import OrderChanges
from ledger.vocabulary import CURRENT_STATUSES, LEGACY_STATUSES, LineItemStatus, OrderStatus
from tests.contract.contract import CONTRACT
from tests.ledger.given import (
    BEFORE,
    COFFEE,
    CREATED,
    GRINDER,
    NOW,
    Happened,
    Ledger,
    Refusal,
    given,
    imported,
    invoice,
    invoice_line,
    manual,
    settings,
)
from tests.ledger.laws import for_all

TRANSITIONS: dict[str, list[str]] = CONTRACT["status"]["update_transitions"]["table"]
EVENTS = {"delivered": "order.delivered", "returned": "order.returned", "cancelled": "order.cancelled"}
TIMES = {"shipped": "shipped_at", "delivered": "delivered_at", "cancelled": "cancelled_at"}
LEGACY_ONLY = LEGACY_STATUSES - CURRENT_STATUSES

MANUAL_MOVES = [(OrderStatus(present), wanted) for present in TRANSITIONS for wanted in OrderStatus]
CURRENT_MOVES = [(present, wanted) for present, wanted in MANUAL_MOVES if present in CURRENT_STATUSES]


def to(status: OrderStatus, /, **changes: Any) -> UpdateOrder:
    return UpdateOrder(order_id="1", changes=OrderChanges(status=status, **changes))


def manual_in(status: OrderStatus) -> list[Command]:
    if status in LEGACY_STATUSES:
        return [manual("1", status=status)]
    way = [OrderStatus.DELIVERED, status] if status is OrderStatus.RETURNED else [status]
    return [manual("1"), *(to(each) for each in way)]


def expect(ledger: Ledger, present: OrderStatus, wanted: OrderStatus) -> None:
    if wanted is present:
        assert ledger.when(to(wanted)).events == ()
    elif wanted.value in TRANSITIONS[present]:
        happened = ledger.when(to(wanted))
        assert happened.types == [("order-1", EVENTS.get(wanted, "order.updated"))]
        assert (happened.document["status"], happened.document["status_update_at"]) == (wanted, NOW)
    else:
        assert ledger.refusal(to(wanted)) == Refusal(409, "invalid_state_for_request")


@pytest.mark.parametrize(("present", "wanted"), MANUAL_MOVES)
def test_a_manual_order_moves_as_the_table_says(present: OrderStatus, wanted: OrderStatus) -> None:
    expect(given(invoice(), *manual_in(present)), present, wanted)


@pytest.mark.parametrize(("present", "wanted"), [move for move in CURRENT_MOVES if move[1] in CURRENT_STATUSES])
def test_another_order_moves_as_the_table_says(present: OrderStatus, wanted: OrderStatus) -> None:
    expect(given(invoice(), imported("1", status=present)), present, wanted)


@pytest.mark.parametrize(("present", "wanted"), [move for move in CURRENT_MOVES if move[1] in LEGACY_ONLY])
def test_another_order_takes_no_status_of_manual_orders(present: OrderStatus, wanted: OrderStatus) -> None:
    ledger = given(invoice(), imported("1", status=present))
    assert ledger.refusal(to(wanted)) == Refusal(400, "param_wrong_value", "status")


def test_the_table_of_the_contract_knows_every_status() -> None:
    assert set(TRANSITIONS) == set(OrderStatus)


# Times


@pytest.mark.parametrize(("status", "member"), TIMES.items())
def test_a_status_sets_its_time_to_now(status: str, member: str) -> None:
    happened = given(invoice(), imported("1")).when(to(OrderStatus(status)))
    assert {name: happened.document.get(name) for name in TIMES.values()} == {
        name: NOW if name == member else None for name in TIMES.values()
    }


@pytest.mark.parametrize("status", [OrderStatus.ON_HOLD, OrderStatus.PARTIALLY_DELIVERED])
def test_another_status_sets_no_time(status: OrderStatus) -> None:
    happened = given(invoice(), imported("1")).when(to(status))
    assert not set(TIMES.values()) & happened.document.keys()


@pytest.mark.parametrize(("status", "member"), TIMES.items())
@pytest.mark.parametrize("time", [0, CREATED])
def test_a_time_that_was_given_with_its_status_is_kept(status: str, member: str, time: int) -> None:
    happened = given(invoice(), imported("1")).when(to(OrderStatus(status), **{member: time}))
    assert happened.document[member] == time


@pytest.mark.parametrize(("status", "member"), [("shipped", "shipped_at"), ("delivered", "delivered_at")])
def test_a_time_that_is_there_already_is_kept(status: str, member: str) -> None:
    happened = given(invoice(), imported("1", **{member: CREATED})).when(to(OrderStatus(status)))
    assert happened.document[member] == CREATED


@pytest.mark.parametrize(("status", "member"), [("shipped", "shipped_at"), ("delivered", "delivered_at")])
@pytest.mark.parametrize("present", [None, CREATED], ids=["absent", "present"])
def test_a_time_that_is_cleared_with_its_status_is_now(status: str, member: str, present: int | None) -> None:
    happened = given(invoice(), imported("1", **{member: present})).when(to(OrderStatus(status), **{member: None}))
    assert happened.document[member] == NOW


def test_an_order_that_is_delivered_at_once_was_never_shipped() -> None:
    happened = given(invoice(), imported("1")).when(to(OrderStatus.DELIVERED))
    assert "shipped_at" not in happened.document


def test_other_changes_come_with_the_status_in_one_event() -> None:
    happened = given(invoice(), imported("1")).when(to(OrderStatus.DELIVERED, note="at the door", shipped_at=CREATED))
    assert happened.types == [("order-1", "order.delivered")]
    assert (happened.document["note"], happened.document["shipped_at"]) == ("at the door", CREATED)


# Lines that follow the order


def lines_now(happened: Happened) -> list[str]:
    return [line["status"] for line in happened.document["order_line_items"]]


def line_updates(ledger: Ledger, *statuses: LineItemStatus | None) -> tuple[LineUpdate, ...]:
    return tuple(
        LineUpdate(index=index, id=line, status=status)
        for index, (line, status) in enumerate(zip(ledger.lines("1"), statuses, strict=False))
        if status
    )


def set_lines(ledger: Ledger, *statuses: LineItemStatus | None, **changes: Any) -> UpdateOrder:
    return UpdateOrder(order_id="1", changes=OrderChanges(**changes), order_line_items=line_updates(ledger, *statuses))


CANCELLED, DELIVERED, RETURNED = LineItemStatus.CANCELLED, LineItemStatus.DELIVERED, LineItemStatus.RETURNED
QUEUED, SHIPPED, ON_HOLD = LineItemStatus.QUEUED, LineItemStatus.SHIPPED, LineItemStatus.ON_HOLD
PARTIALLY_DELIVERED = LineItemStatus.PARTIALLY_DELIVERED


@pytest.mark.parametrize("status", ["awaiting_shipment", "on_hold", "shipped", "delivered", "cancelled"])
def test_the_lines_follow_the_order(status: str) -> None:
    happened = given(invoice(), imported("1")).when(to(OrderStatus(status)))
    assert lines_now(happened) == [status, status]


def test_the_lines_stay_as_they_are_when_the_order_is_partially_delivered() -> None:
    happened = given(invoice(), imported("1", status=OrderStatus.SHIPPED)).when(to(OrderStatus.PARTIALLY_DELIVERED))
    assert lines_now(happened) == ["shipped", "shipped"]


@pytest.mark.parametrize("settled", [CANCELLED, RETURNED])
def test_a_cancelled_or_returned_line_stays_where_it_is(settled: LineItemStatus) -> None:
    ledger = given(invoice(), imported("1", status=OrderStatus.SHIPPED))
    ledger.when(set_lines(ledger, settled))
    happened = ledger.when(to(OrderStatus.DELIVERED))
    assert lines_now(happened) == [settled, "delivered"]


def test_a_line_that_is_not_shipped_does_not_follow() -> None:
    adhoc = invoice_line("li_3", 500, entity_type="adhoc")
    ledger = given(invoice(line_items=[COFFEE, adhoc]), settings(include_non_shippable=True), imported("1"))
    happened = ledger.when(to(OrderStatus.SHIPPED))
    assert lines_now(happened) == ["shipped", "queued"]


def test_a_line_that_is_named_takes_its_own_status() -> None:
    ledger = given(invoice(), imported("1"))
    happened = ledger.when(set_lines(ledger, ON_HOLD, status=OrderStatus.SHIPPED))
    assert happened.document["status"] == "shipped"
    assert lines_now(happened) == ["on_hold", "shipped"]


def test_a_line_that_is_named_with_its_present_status_keeps_it() -> None:
    ledger = given(invoice(), imported("1"))
    happened = ledger.when(set_lines(ledger, QUEUED, status=OrderStatus.SHIPPED))
    assert lines_now(happened) == ["queued", "shipped"]


def test_a_line_that_is_named_for_its_sku_alone_follows_the_order() -> None:
    ledger = given(invoice(), imported("1"))
    line = LineUpdate(index=0, id=ledger.lines("1")[0], sku="S-1")
    command = UpdateOrder(order_id="1", changes=OrderChanges(status=OrderStatus.SHIPPED), order_line_items=(line,))
    happened = ledger.when(command)
    assert lines_now(happened) == ["shipped", "shipped"]
    assert [line.get("sku") for line in happened.document["order_line_items"]] == ["S-1", None]


def test_a_status_that_the_order_has_already_holds_it_where_its_lines_move() -> None:
    ledger = given(invoice(), imported("1"))
    happened = ledger.when(set_lines(ledger, DELIVERED, DELIVERED, status=OrderStatus.QUEUED))
    assert happened.types == [("order-1", "order.updated")]
    assert happened.document["status"] == "queued"
    assert "delivered_at" not in happened.document


# The order that follows its lines


@pytest.mark.parametrize(
    ("lines", "status", "event"),
    [
        ([SHIPPED, SHIPPED], "shipped", "order.updated"),
        ([ON_HOLD, ON_HOLD], "on_hold", "order.updated"),
        ([DELIVERED, DELIVERED], "delivered", "order.delivered"),
        ([CANCELLED, CANCELLED], "cancelled", "order.cancelled"),
        ([DELIVERED, None], "partially_delivered", "order.updated"),
        ([DELIVERED, SHIPPED], "partially_delivered", "order.updated"),
        ([PARTIALLY_DELIVERED, PARTIALLY_DELIVERED], "partially_delivered", "order.updated"),
        ([CANCELLED, DELIVERED], "delivered", "order.delivered"),
        ([CANCELLED, None], "queued", "order.updated"),
        ([SHIPPED, None], "queued", "order.updated"),
        ([SHIPPED, ON_HOLD], "queued", "order.updated"),
        ([PARTIALLY_DELIVERED, None], "queued", "order.updated"),
    ],
)
def test_the_order_follows_its_lines(lines: list[LineItemStatus | None], status: str, event: str) -> None:
    ledger = given(invoice(), imported("1"))
    happened = ledger.when(set_lines(ledger, *lines))
    assert happened.types == [("order-1", event)]
    assert happened.document["status"] == status
    assert happened.document["status_update_at"] == (CREATED if status == "queued" else NOW)


def test_the_order_is_returned_with_all_of_its_lines() -> None:
    ledger = given(invoice(), imported("1", status=OrderStatus.DELIVERED))
    assert ledger.when(set_lines(ledger, RETURNED)).document["status"] == "delivered"
    assert ledger.when(set_lines(ledger, None, RETURNED)).types == [("order-1", "order.returned")]


@pytest.mark.parametrize(("status", "member"), TIMES.items())
def test_a_status_that_comes_from_the_lines_sets_its_time(status: str, member: str) -> None:
    ledger = given(invoice(), imported("1"))
    each = LineItemStatus(status)
    happened = ledger.when(set_lines(ledger, each, each))
    assert happened.document[member] == NOW


def test_lines_that_are_not_shipped_have_no_say() -> None:
    adhoc = invoice_line("li_3", 500, entity_type="adhoc")
    ledger = given(invoice(line_items=[COFFEE, adhoc]), settings(include_non_shippable=True), imported("1"))
    assert ledger.when(set_lines(ledger, None, DELIVERED)).document["status"] == "queued"
    assert ledger.when(set_lines(ledger, DELIVERED)).document["status"] == "delivered"


def test_lines_that_are_not_shipped_cannot_cancel_an_order_that_has_no_others() -> None:
    adhoc = invoice_line("li_1", 500, entity_type="adhoc")
    ledger = given(invoice(line_items=[adhoc]), settings(include_non_shippable=True), imported("1"))
    happened = ledger.when(set_lines(ledger, CANCELLED))
    assert happened.types == [("order-1", "order.updated")]
    assert happened.document["status"] == "queued"


def test_a_sku_alone_leaves_the_order_where_it_is() -> None:
    ledger = given(invoice(), imported("1"))
    ledger.when(set_lines(ledger, ON_HOLD, ON_HOLD, status=OrderStatus.QUEUED))
    line = LineUpdate(index=0, id=ledger.lines("1")[0], sku="S-1")
    happened = ledger.when(UpdateOrder(order_id="1", order_line_items=(line,)))
    assert happened.types == [("order-1", "order.updated")]
    assert happened.document["status"] == "queued"


def test_a_status_that_the_order_has_already_moves_no_line() -> None:
    ledger = given(invoice(), imported("1"))
    ledger.when(set_lines(ledger, ON_HOLD))
    assert ledger.when(to(OrderStatus.QUEUED)).events == ()


def test_a_sku_is_cleared() -> None:
    ledger = given(invoice(), settings(catalog={"coffee": {"sku": "S-1"}}), imported("1"))
    line = LineUpdate(index=0, id=ledger.lines("1")[0], sku=None)
    happened = ledger.when(UpdateOrder(order_id="1", order_line_items=(line,)))
    assert "sku" not in happened.document["order_line_items"][0]


@pytest.mark.parametrize(("present", "wanted"), [move for move in CURRENT_MOVES if move[1] in CURRENT_STATUSES])
def test_a_line_moves_as_the_table_says(present: OrderStatus, wanted: OrderStatus) -> None:
    ledger = given(invoice(line_items=[COFFEE, GRINDER]), imported("1", status=OrderStatus.QUEUED))
    way = [DELIVERED, RETURNED] if present is OrderStatus.RETURNED else [LineItemStatus(present)]
    ledger.given(*(set_lines(ledger, each, status=OrderStatus.QUEUED) for each in way))
    move = set_lines(ledger, LineItemStatus(wanted), status=OrderStatus.QUEUED)
    if wanted is present:
        assert ledger.when(move).events == ()
    elif wanted.value in TRANSITIONS[present]:
        assert lines_now(ledger.when(move))[0] == wanted
    else:
        assert ledger.refusal(move) == Refusal(409, "invalid_state_for_request")


def derived(present: str, lines: list[str]) -> str:
    """The rule of orders.md, section 5, in its own words."""
    active = [line for line in lines if line != "cancelled"]
    if not active:
        wanted = "cancelled"
    elif len(set(active)) == 1:
        wanted = active[0]
    elif "delivered" in active:
        wanted = "partially_delivered"
    else:
        wanted = present
    return wanted if wanted in TRANSITIONS[present] else present


@for_all(data=st.data(), start=st.sampled_from(["queued", "on_hold", "shipped", "partially_delivered", "delivered"]))
def test_wherever_lines_move_the_order_follows_by_the_rule(data: st.DataObject, start: str) -> None:
    three = [invoice_line(f"li_{number}", 100) for number in range(3)]
    ledger = given(invoice(line_items=three), imported("1", status=OrderStatus(start)))
    for _ in range(data.draw(st.integers(1, 4), label="updates")):
        before = ledger.order("1")
        choices = [[line.status.value, *TRANSITIONS[line.status.value]] for line in before.order_line_items]
        wanted = [data.draw(st.sampled_from([c for c in each if c in set(LineItemStatus)])) for each in choices]
        statuses = [line.status.value for line in before.order_line_items]
        if before.status is OrderStatus.CANCELLED:
            return
        ledger.when(set_lines(ledger, *map(LineItemStatus, wanted)))
        after = ledger.order("1")
        assert [line.status for line in after.order_line_items] == wanted
        assert after.status == (before.status if wanted == statuses else derived(before.status, wanted))


def test_the_time_of_an_earlier_status_is_kept() -> None:
    ledger = given(invoice(), imported("1"), to(OrderStatus.SHIPPED))
    happened = ledger.when(to(OrderStatus.DELIVERED))
    assert (happened.document["shipped_at"], happened.document["delivered_at"]) == (BEFORE, NOW)
