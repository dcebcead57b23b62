"""One sentence for every event of an order, in the words of the domain."""

from typing import Any

import pytest
from hypothesis import strategies as st

from ledger.commands import (
    AssignOrderNumber,
    CancelOrder,
    Command,
    CreateRefundableCreditNote,
    DeleteOrder,
    LineResend,
    LineUpdate,
    ReopenOrder,
    ResendOrder,
    UpdateOrder,
)
from ledger.events import EVENT_TYPES, DomainEvent, OrderChanges
from ledger.order import Order, evolve
from ledger.parts import AddressChanges
from ledger.vocabulary import CancellationReason, CreditNoteReason, LineItemStatus, OrderStatus
from projections.history.changes import occurred_at
from projections.history.event_types import OrderEventType
from projections.history.sentences import _SENTENCES, sentence
from projections.visible_text import is_visible
from tests.ledger.given import CREATED, NOW, Ledger, given, imported, invoice, manual
from tests.ledger.laws import for_all
from tests.ledger.random_events import structs
from tests.projections.random_orders import orders

ORDER_EVENTS = [each for each in EVENT_TYPES if each.TOPIC.startswith("order.")]


def test_every_type_of_order_event_has_a_sentence_and_a_name_to_filter_by() -> None:
    assert set(_SENTENCES) == set(ORDER_EVENTS)
    assert {each.value for each in OrderEventType} == {each.TOPIC for each in ORDER_EVENTS}


def ledger(*history: Command) -> Ledger:
    return given(invoice(), imported(), manual(), *history)


def told(ledger: Ledger, command: Command, place: int = -1) -> str:
    """The sentence of the last event of an order that a command makes."""
    before: dict[str, Order | None] = {}
    for order_id in ("1", "m"):
        before[f"order-{order_id}"] = ledger.order(order_id)
    sentences = []
    for event in ledger.when(command).events:
        if event.TOPIC.startswith("order."):
            order = evolve(before.get(event.originator_id), event)
            sentences.append(sentence(event, before.get(event.originator_id), order))
            before[event.originator_id] = order
    return sentences[place]


CANCEL = CancelOrder(order_id="1", cancellation_reason=CancellationReason.PRODUCT_UNSATISFACTORY, credit_note_total=100)


def test_births_say_for_what_and_with_what() -> None:
    assert told(ledger(), manual("n")) == "Created by hand for invoice inv_1: new"
    assert told(ledger(), imported("2")) == "Imported for invoice inv_1: queued, 2 lines, total 130.00 USD"
    delivered = imported("2", status=OrderStatus.DELIVERED, refundable_credits_issued=5)
    assert told(ledger(), delivered).endswith("delivered, 2 lines, total 130.00 USD, credit note 0.05 USD")


def test_a_cancellation_says_why_and_what_was_credited() -> None:
    assert told(ledger(), CANCEL) == "Cancelled: product unsatisfactory, credit note 1.00 USD"
    without = CancelOrder(order_id="m", cancellation_reason=CancellationReason.OTHERS, comment="by phone")
    assert told(ledger(), without) == 'Cancelled: others, comment "by phone"'


def test_a_reopening_names_the_credit_notes_that_it_voids() -> None:
    note = ledger(CANCEL).order("1").linked_credit_notes[0].id
    voiding = ReopenOrder(order_id="1", void_cancellation_credit_notes=True)
    assert told(ledger(CANCEL), voiding) == f"Reopened: queued, credit note {note} over 1.00 USD voided"
    assert told(ledger(CANCEL), ReopenOrder(order_id="1")) == "Reopened: queued"


@pytest.mark.parametrize(
    ("changes", "more", "expected"),
    [
        ({"note": "x"}, {}, "Updated: note"),
        ({"note": "x", "tracking_id": "t"}, {}, "Updated: note, tracking id"),
        ({"status": OrderStatus.ON_HOLD}, {}, "On hold, before queued"),
        ({"status": OrderStatus.SHIPPED, "note": "x"}, {}, "Shipped, before queued, shipped at, note"),
        ({"status": OrderStatus.DELIVERED}, {}, "Delivered"),
        ({"status": OrderStatus.DELIVERED, "delivered_at": CREATED, "batch_id": "b"}, {}, "Delivered, batch id"),
        ({}, {"shipping_address": AddressChanges(city="Reno", zip="1")}, "Updated: shipping address (city, zip)"),
    ],
)
def test_an_update_names_what_changed(changes: dict[str, Any], more: dict[str, Any], expected: str) -> None:
    command = UpdateOrder(order_id="1", changes=OrderChanges(**changes), **more)
    assert sorted(told(ledger(), command).split(", ")) == sorted(expected.split(", "))


def test_an_update_counts_the_lines_that_it_names() -> None:
    here = ledger()
    entry = LineUpdate(index=0, id=here.lines("1")[0], sku="x", status=LineItemStatus.ON_HOLD)
    assert told(here, UpdateOrder(order_id="1", order_line_items=(entry,))) == "Updated: 1 line"


def test_other_events_say_what_came_of_them() -> None:
    returned = UpdateOrder(order_id="1", changes=OrderChanges(status=OrderStatus.RETURNED))
    delivered = UpdateOrder(order_id="1", changes=OrderChanges(status=OrderStatus.DELIVERED))
    assert told(ledger(delivered), returned) == "Returned"
    credit = CreateRefundableCreditNote(order_id="1", reason_code=CreditNoteReason.ORDER_CHANGE, total=50, comment="c")
    assert told(ledger(), credit) == 'Credit note TEST-CN-1 issued: order change, 0.50 USD, comment "c"'
    assert told(ledger(), AssignOrderNumber(order_id="1")) == "Document number assigned: 1"
    assert told(ledger(), DeleteOrder(order_id="1")) == "Deleted"


def test_a_resend_is_told_on_both_orders() -> None:
    whole = ResendOrder(order_id="1", resend_reason="Lost")
    assert told(ledger(), whole, 0) == ('Created to resend order 1: queued, 2 lines, total 0.00 USD, reason "Lost"')
    assert told(ledger(), whole, 1) == 'Resent in full as order 2, worth 130.00 USD, reason "Lost"'
    assert told(ledger(), whole, 2) == "Cancelled: order resent"
    here = ledger()
    part = ResendOrder(
        order_id="1", order_line_items=(LineResend(index=0, id=here.lines("1")[0], fulfillment_quantity=1),)
    )
    assert told(here, part, 1) == "Resent in part as order 2, worth 50.00 USD"


@pytest.mark.parametrize("kind", ORDER_EVENTS, ids=lambda kind: kind.TOPIC)
@for_all(order=orders, data=st.data(), examples=20)
def test_a_sentence_is_harmless_and_bounded_whatever_the_event_holds(
    kind: type[DomainEvent], order: Order, data: st.DataObject
) -> None:
    text = sentence(data.draw(structs(kind)), order, order)
    assert text
    assert all(map(is_visible, text))
    assert len(text) < 2_000


def last_event(ledger: Ledger, command: Command) -> DomainEvent:
    return next(event for event in ledger.when(command).events if event.TOPIC.startswith("order."))


def test_a_change_happened_at_another_time_only_where_the_caller_says_so() -> None:
    assert occurred_at(last_event(ledger(), imported("2"))) == CREATED
    assert occurred_at(last_event(ledger(), imported("2", created_at=NOW))) is None
    assert occurred_at(last_event(ledger(), manual("n"))) is None
    assert occurred_at(last_event(ledger(), CANCEL)) is None
    earlier = CancelOrder(order_id="1", cancellation_reason=CancellationReason.OTHERS, cancelled_at=CREATED)
    assert occurred_at(last_event(ledger(), earlier)) == CREATED
    for changes in (
        OrderChanges(status=OrderStatus.SHIPPED, shipped_at=CREATED + 5),
        OrderChanges(status=OrderStatus.DELIVERED, delivered_at=CREATED + 5),
    ):
        assert occurred_at(last_event(ledger(), UpdateOrder(order_id="1", changes=changes))) == CREATED + 5
    corrected = OrderChanges(shipped_at=CREATED)
    assert occurred_at(last_event(ledger(), UpdateOrder(order_id="1", changes=corrected))) is None
