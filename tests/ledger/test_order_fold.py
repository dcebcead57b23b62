"""Folding: which events there are, that each can happen and be folded, and that a broken stream is not."""

import pytest
from msgspec.structs import replace

from ledger.commands import (
    AssignOrderNumber,
    CancelOrder,
    Command,
    CreateRefundableCreditNote,
    DeleteOrder,
    LineResend,
    ReopenOrder,
    ResendOrder,
    UpdateOrder,
)
from ledger.events import (
    EVENT_TYPES,
    DomainEvent,
    InvoiceCreditNoteIssued,
    InvoiceCreditNoteVoided,
    InvoiceRecorded,
    InvoiceUpdated,
    OrderChanges,
    OrderCreated,
    OrderDeleted,
    OrderFacts,
    OrderUpdated,
    SettingsChanged,
)
from ledger.invoice import fold_invoice
from ledger.order import evolve, fold
from ledger.settings import SiteSettings, fold_settings
from ledger.vocabulary import CancellationReason, CreditNoteReason, OrderStatus, OrderType, PriceType
from tests.ledger.billing_story import billing_story
from tests.ledger.given import given, imported, invoice, manual, settings

# Topics are in logs that nobody can change: add to this list, never edit it.
TOPICS = {
    "order.created",
    "order.imported",
    "order.created_from_resend",
    "order.generated",
    "order.invoice_updated",
    "order.ready_to_process",
    "order.ready_to_ship",
    "order.updated",
    "order.delivered",
    "order.returned",
    "order.cancelled",
    "order.reopened",
    "order.credit_note_created",
    "order.number_assigned",
    "order.resent",
    "order.deleted",
    "invoice.recorded",
    "invoice.updated",
    "invoice.credit_note_issued",
    "invoice.credit_note_voided",
    "invoice.orders_generated",
    "credit_note.created",
    "credit_note.voided",
    "credit_note.recorded",
    "subscription.recorded",
    "gift.recorded",
    "webhook_endpoint.created",
    "webhook_endpoint.updated",
    "webhook_endpoint.deleted",
    "settings.changed",
}


def to(status: OrderStatus) -> UpdateOrder:
    return UpdateOrder(order_id="1", changes=OrderChanges(status=status))


def everything() -> list[DomainEvent]:
    """Events of every kind that callers and their invoices bring about, in the order of the log."""
    ledger = given()
    begin: list[Command] = [
        settings(order_number_prefix="A"),
        invoice(),
        invoice(note="newer"),
        manual("m"),
        imported("1"),
    ]
    events = [event for command in begin for event in ledger.when(command).events]
    part = LineResend(index=0, id=ledger.lines("1")[0], fulfillment_quantity=1)
    go_on: list[Command] = [
        UpdateOrder(order_id="1", changes=OrderChanges(note="new")),
        AssignOrderNumber(order_id="1"),
        ResendOrder(order_id="1", order_line_items=(part,)),
        to(OrderStatus.DELIVERED),
        to(OrderStatus.RETURNED),
        CreateRefundableCreditNote(order_id="1", reason_code=CreditNoteReason.WAIVER, total=5),
        CancelOrder(order_id="1", cancellation_reason=CancellationReason.OTHERS, credit_note_total=7),
        ReopenOrder(order_id="1", void_cancellation_credit_notes=True),
        DeleteOrder(order_id="1"),
    ]
    return events + [event for command in go_on for event in ledger.when(command).events]


def streams(events: list[DomainEvent], kind: str) -> list[list[DomainEvent]]:
    ids = {event.originator_id for event in events if event.originator_id.startswith(kind)}
    return [[event for event in events if event.originator_id == each] for each in sorted(ids)]


def test_topics_are_frozen() -> None:
    assert {event_type.TOPIC for event_type in EVENT_TYPES} == TOPICS
    assert len(EVENT_TYPES) == len(TOPICS)


def test_every_event_class_with_a_topic_is_registered() -> None:
    def subclasses(parent: type[DomainEvent]) -> set[type[DomainEvent]]:
        return {parent}.union(*map(subclasses, parent.__subclasses__()))

    ours = {each for each in subclasses(DomainEvent) if each.__module__.startswith("ledger.")}
    assert {each for each in ours if "TOPIC" in vars(each)} == set(EVENT_TYPES)


def test_every_event_can_happen() -> None:
    billed = given()
    events = [*everything(), *(event for command in billing_story() for event in billed.when(command).events)]
    assert {type(event) for event in events} == set(EVENT_TYPES)


def test_every_event_of_an_order_an_invoice_and_the_settings_is_folded() -> None:
    events = everything()
    orders = [fold(stream) for stream in streams(events, "order-")]
    (found,) = [fold_invoice(stream) for stream in streams(events, "invoice-")]
    (in_force,) = [fold_settings(stream) for stream in streams(events, "settings")]
    assert [(order.id, order.version) for order in orders if order] == [("1", 10), ("2", 1), ("m", 1)]
    assert found is not None
    assert (found.description["note"], found.issued) == ("newer", {"TEST-CN-1": 5, "TEST-CN-2": 0})
    assert in_force == SiteSettings(order_number_prefix="A")


def test_a_fold_goes_on_from_wherever_it_stopped() -> None:
    events = everything()
    for stream in streams(events, "order-"):
        whole = fold(stream)
        assert all(fold(stream[place:], fold(stream[:place])) == whole for place in range(len(stream) + 1))


def test_the_fold_of_nothing_is_nothing() -> None:
    assert fold([]) is None
    assert fold_invoice([]) is None


# Broken streams

FACTS = OrderFacts(
    invoice_id="inv_1",
    status=OrderStatus.NEW,
    order_type=OrderType.MANUAL,
    price_type=PriceType.TAX_EXCLUSIVE,
    created_at=1,
)
BORN = OrderCreated(originator_id="order-1", originator_version=1, timestamp=1_000, order=FACTS)
UPDATED = OrderUpdated(originator_id="order-1", originator_version=2, timestamp=2_000)
RECORDED = InvoiceRecorded(
    originator_id="invoice-inv_1", originator_version=1, timestamp=1_000, invoice=invoice().description
)
ISSUED = InvoiceCreditNoteIssued(
    originator_id="invoice-inv_1", originator_version=2, timestamp=1, credit_note_id="CN-1", order_id="1", total=1
)


@pytest.mark.parametrize(
    "stream",
    [
        [UPDATED],
        [replace(UPDATED, originator_version=1)],
        [BORN, BORN],
        [BORN, replace(BORN, originator_version=2)],
        [BORN, replace(UPDATED, originator_version=3)],
        [BORN, replace(UPDATED, originator_version=1)],
        [BORN, UPDATED, UPDATED],
        [replace(BORN, originator_version=2)],
        [BORN, replace(UPDATED, originator_id="order-2")],
        [RECORDED],
        [BORN, SettingsChanged(originator_id="order-1", originator_version=2, timestamp=2_000, settings={})],
        [BORN, OrderDeleted(originator_id="order-1", originator_version=2, timestamp=2_000), UPDATED],
    ],
    ids=[
        "no birth",
        "an update as birth",
        "the same birth twice",
        "two births",
        "a gap",
        "a step back",
        "the same event twice",
        "a birth that is not first",
        "another order's event",
        "an invoice",
        "settings",
        "a version twice",
    ],
)
def test_a_broken_or_foreign_stream_of_an_order_is_not_folded(stream: list[DomainEvent]) -> None:
    with pytest.raises(ValueError, match="cannot follow"):
        fold(stream)


def test_the_event_that_cannot_follow_is_named() -> None:
    with pytest.raises(ValueError, match=r"order\.updated cannot follow version 0"):
        evolve(None, UPDATED)


@pytest.mark.parametrize(
    "stream",
    [
        [InvoiceUpdated(originator_id="invoice-inv_1", originator_version=1, timestamp=1, invoice={})],
        [ISSUED],
        [InvoiceCreditNoteVoided(originator_id="i", originator_version=1, timestamp=1, credit_note_id="CN-1")],
        [RECORDED, RECORDED],
        [BORN],
    ],
    ids=["an update first", "a credit note first", "a voided note first", "recorded twice", "an order"],
)
def test_a_broken_or_foreign_stream_of_an_invoice_is_not_folded(stream: list[DomainEvent]) -> None:
    with pytest.raises(ValueError, match="cannot follow"):
        fold_invoice(stream)
