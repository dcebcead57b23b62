"""Telling that a date of an order is reached (chargebee/events.md, section 3)."""

import pytest

from ledger.commands import CancelOrder, DeleteOrder, MarkReady, UpdateOrder
from ledger.events import OrderChanges, OrderReadyToProcess, OrderReadyToShip
from ledger.vocabulary import CURRENT_STATUSES, CancellationReason, OrderStatus, ReadyDate
from tests.ledger.given import BEFORE, NOW, NOW_MS, Refusal, given, imported, invoice, manual

PROCESS = MarkReady(order_id="1", date=ReadyDate.ORDER_DATE)
SHIP = MarkReady(order_id="1", date=ReadyDate.SHIPPING_DATE)
TOLD = {OrderStatus.QUEUED, OrderStatus.AWAITING_SHIPMENT}


def test_an_order_whose_order_date_is_reached_is_ready_to_process() -> None:
    happened = given(invoice(), imported("1", order_date=NOW)).when(PROCESS)
    told = OrderReadyToProcess(originator_id="order-1", originator_version=2, timestamp=NOW_MS, order_date=NOW)
    assert happened.events == (told,)


def test_an_order_whose_shipping_date_is_reached_is_ready_to_ship() -> None:
    happened = given(invoice(), imported("1", shipping_date=NOW)).when(SHIP)
    told = OrderReadyToShip(originator_id="order-1", originator_version=2, timestamp=NOW_MS, shipping_date=NOW)
    assert happened.events == (told,)


@pytest.mark.parametrize("command", [PROCESS, SHIP], ids=["process", "ship"])
def test_a_date_to_come_is_not_told(command: MarkReady) -> None:
    ledger = given(invoice(), imported("1", order_date=NOW + 1, shipping_date=NOW + 1))
    assert ledger.when(command).events == ()


@pytest.mark.parametrize("command", [PROCESS, SHIP], ids=["process", "ship"])
@pytest.mark.parametrize("status", sorted(CURRENT_STATUSES))
def test_only_what_is_still_to_be_sent_is_told(command: MarkReady, status: OrderStatus) -> None:
    ledger = given(invoice(), imported("1", status=status, order_date=BEFORE, shipping_date=BEFORE))
    assert len(ledger.when(command).events) == (1 if status in TOLD else 0)


@pytest.mark.parametrize("command", [PROCESS, SHIP], ids=["process", "ship"])
def test_an_order_without_dates_is_not_told(command: MarkReady) -> None:
    assert given(invoice(), manual("1")).when(command).events == ()


@pytest.mark.parametrize("command", [PROCESS, SHIP], ids=["process", "ship"])
def test_a_date_is_told_once(command: MarkReady) -> None:
    ledger = given(invoice(), imported("1", order_date=BEFORE, shipping_date=BEFORE))
    assert len(ledger.when(command).events) == 1
    ledger.now_ms += 86_400_000
    assert ledger.when(command).events == ()


def moved(changes: OrderChanges) -> UpdateOrder:
    return UpdateOrder(order_id="1", changes=changes)


def test_a_date_that_moves_behind_the_telling_is_told_again_when_it_comes() -> None:
    ledger = given(invoice(), imported("1", order_date=BEFORE, shipping_date=BEFORE))
    ledger.when(PROCESS)
    ledger.when(moved(OrderChanges(order_date=NOW + 100)))
    assert ledger.when(PROCESS).events == ()
    ledger.now_ms = (NOW + 100) * 1000
    assert ledger.when(PROCESS).types == [("order-1", "order.ready_to_process")]
    assert ledger.when(PROCESS).events == ()
    assert ledger.order("1").ready_to_process_at == NOW + 100
    assert ledger.order("1").ready_to_ship_at is None


def test_a_date_that_moves_back_is_not_told_again() -> None:
    ledger = given(invoice(), imported("1", order_date=BEFORE, shipping_date=BEFORE))
    ledger.when(SHIP)
    ledger.when(moved(OrderChanges(shipping_date=BEFORE - 86_400)))
    assert ledger.when(SHIP).events == ()


def test_an_order_on_hold_is_told_once_it_is_queued_again() -> None:
    ledger = given(invoice(), imported("1", status=OrderStatus.ON_HOLD, order_date=BEFORE))
    assert ledger.when(PROCESS).events == ()
    ledger.when(UpdateOrder(order_id="1", changes=OrderChanges(status=OrderStatus.QUEUED)))
    assert ledger.when(PROCESS).types == [("order-1", "order.ready_to_process")]


def test_a_cancelled_order_is_not_told() -> None:
    cancelled = CancelOrder(order_id="1", cancellation_reason=CancellationReason.OTHERS)
    assert given(invoice(), imported("1", order_date=BEFORE), cancelled).when(PROCESS).events == ()


@pytest.mark.parametrize("order_id", ["1", "nobody"])
def test_a_deleted_or_unknown_order_is_not_found(order_id: str) -> None:
    ledger = given(invoice(), imported("1"), DeleteOrder(order_id="1"))
    refusal = ledger.refusal(MarkReady(order_id=order_id, date=ReadyDate.ORDER_DATE))
    assert refusal == Refusal(404, "resource_not_found")
