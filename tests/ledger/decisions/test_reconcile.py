"""Reconcile: what an invoice, its credit notes, subscriptions and gift make of its orders, in one append
(chargebee/order-generation.md).
"""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from ledger.commands import (
    Command,
    DeleteOrder,
    ReconcileInvoice,
    RecordCreditNote,
    RecordGift,
    RecordSubscription,
    ReopenOrder,
    UpdateOrder,
)
from ledger.events import InvoiceOrdersGenerated, InvoiceRecorded, OrderChanges
from ledger.order import Order
from ledger.vocabulary import CancellationReason, LeftOutReason, OrderStatus, PaymentStatus
from tests.ledger.given import (
    BEFORE,
    NOW,
    NOW_MS,
    Happened,
    Ledger,
    given,
    imported,
    invoice,
    invoice_line,
    manual,
    settings,
)
from tests.ledger.laws import for_all

DAY = 86_400
ON = settings(order_generation_enabled=True, catalog={"coffee": {"shipping_period": 30, "shipping_period_unit": "day"}})
EARLY = settings(unpaid_statuses=["posted", "payment_due"])
COFFEE = invoice_line(
    "li_1", 30_000, entity_type="plan_item_price", entity_id="coffee", date_from=BEFORE, date_to=BEFORE + 90 * DAY
)
SERVICE = invoice_line("li_2", 500, entity_type="adhoc")
RECONCILE = ReconcileInvoice(invoice_id="inv_1")


def coffee(**members: Any) -> Command:
    """A paid invoice over three deliveries of coffee."""
    return invoice(**{"line_items": [COFFEE], "paid_at": BEFORE} | members)


def unpaid(**members: Any) -> Command:
    """The same invoice before its payment."""
    return coffee(**{"status": "payment_due", "amount_paid": 0, "paid_at": None, "date": BEFORE} | members)


def credit_note(**members: Any) -> RecordCreditNote:
    described = {"id": "CN-9", "type": "refundable", "status": "refund_due", "total": 500} | members
    return RecordCreditNote(
        credit_note_id="CN-9", invoice_id="inv_1", description=described | {"reference_invoice_id": "inv_1"}
    )


def subscription(**members: Any) -> RecordSubscription:
    described = {"id": "sub_1", "status": "cancelled", "cancelled_at": BEFORE + 40 * DAY} | members
    return RecordSubscription(subscription_id="sub_1", description=described)


def gift(**members: Any) -> RecordGift:
    described = {
        "id": "gift_1",
        "status": "claimed",
        "gifter": {"invoice_id": "inv_1", "note": "Enjoy!"},
        "gift_timelines": [{"status": "claimed", "occurred_at": BEFORE + 10 * DAY}],
    } | members
    return RecordGift(invoice_id="inv_1", description=described)


def orders(ledger: Ledger) -> list[Order]:
    """The generated orders in the order of their birth."""
    return [ledger.order(each.order_id) for each in ledger.invoice().generated]


def silence(happened: Happened) -> bool:
    return happened.types == []


# Generation


def test_a_paid_invoice_gets_its_orders_in_one_append() -> None:
    happened = given(ON, coffee()).when(RECONCILE)
    assert happened.types == [
        ("order-1", "order.generated"),
        ("order-2", "order.generated"),
        ("order-3", "order.generated"),
        ("invoice-inv_1", "invoice.orders_generated"),
    ]


def test_a_generated_order_is_that_of_its_invoice() -> None:
    ledger = given(ON, coffee())
    ledger.when(RECONCILE)
    first, second, _ = orders(ledger)
    assert (first.id, first.version, first.status, first.order_type) == ("1", 1, "queued", "system_generated")
    assert (first.created_by, first.created_at, first.resource_version) == ("system", NOW, NOW_MS)
    assert (first.customer_id, first.subscription_id, first.currency_code) == ("cust_1", "sub_1", "USD")
    assert (first.payment_status, first.paid_on) == ("paid", BEFORE)
    assert (first.is_imported, first.is_gifted, first.document_number) == (False, False, None)
    assert (first.order_date, second.order_date) == (BEFORE, BEFORE + 30 * DAY)
    [line] = first.order_line_items
    assert (line.amount, line.amount_paid, line.invoice_line_item_id) == (10_000, 10_000, "li_1")
    assert first.shipping_address
    assert first.shipping_address.city == "Walnut"


def test_the_invoice_remembers_its_orders_and_the_lines_that_get_none() -> None:
    ledger = given(ON, coffee(line_items=[COFFEE, SERVICE]))
    event = ledger.when(RECONCILE).events[-1]
    assert isinstance(event, InvoiceOrdersGenerated)
    assert [(each.order_id, each.invoice_line_item_ids) for each in event.orders] == [
        ("1", ("li_1",)),
        ("2", ("li_1",)),
        ("3", ("li_1",)),
    ]
    assert [(each.invoice_line_item_id, each.reason) for each in event.left_out] == [
        ("li_2", LeftOutReason.NOT_SHIPPABLE)
    ]
    assert ledger.invoice().settled_lines == {"li_1", "li_2"}


def test_once_is_enough() -> None:
    ledger = given(ON, coffee(line_items=[COFFEE, SERVICE]), RECONCILE)
    assert silence(ledger.when(RECONCILE))


def test_a_line_that_comes_later_gets_orders_of_its_own() -> None:
    ledger = given(ON, coffee(), RECONCILE)
    more = invoice_line("li_3", 900, date_from=BEFORE, date_to=BEFORE + 90 * DAY)
    ledger.when(coffee(line_items=[COFFEE, more]))
    happened = ledger.when(RECONCILE)
    assert happened.types == [("order-4", "order.generated"), ("invoice-inv_1", "invoice.orders_generated")]


def test_ids_go_on_behind_those_that_are_taken() -> None:
    ledger = given(ON, coffee(), invoice("other"), imported("41", "other"))
    ledger.when(RECONCILE)
    assert [order.id for order in orders(ledger)] == ["42", "43", "44"]
    ledger.when(imported(None, "other"))
    assert ledger.order("45").is_imported


def test_document_numbers_are_given_at_generation_where_the_site_wants_so() -> None:
    numbers = settings(order_number_assignment="at_generation", order_number_prefix="ORDER", order_number_start=1_000)
    ledger = given(ON, numbers, coffee(), RECONCILE)
    assert [order.document_number for order in orders(ledger)] == ["ORDER1000", "ORDER1001", "ORDER1002"]


def test_an_unpaid_invoice_waits_unless_its_status_was_chosen() -> None:
    assert silence(given(ON, unpaid()).when(RECONCILE))
    ledger = given(ON, EARLY, unpaid(), RECONCILE)
    assert {order.payment_status for order in orders(ledger)} == {PaymentStatus.NOT_PAID}


def test_a_missed_deadline_is_settled_without_orders() -> None:
    ledger = given(ON, coffee(paid_at=BEFORE + 30 * DAY))
    assert ledger.when(RECONCILE).types == [("invoice-inv_1", "invoice.orders_generated")]
    assert silence(ledger.when(RECONCILE))


def test_an_unknown_invoice_is_no_error() -> None:
    assert silence(given(ON).when(RECONCILE))


# Settings


def test_nothing_is_generated_while_it_is_off() -> None:
    assert silence(given(coffee()).when(RECONCILE))


def test_settings_count_as_they_were_when_the_invoice_was_first_recorded() -> None:
    assert silence(given(coffee(), ON).when(RECONCILE))
    off = settings(order_generation_enabled=False)
    assert len(given(ON, coffee(), off).when(RECONCILE).events) == 4
    lead = settings(shipping_rule={"type": "lead_time", "days": 2})
    ledger = given(ON, coffee(), lead, coffee(resource_version=9), RECONCILE)
    assert orders(ledger)[0].shipping_date == BEFORE


def test_the_catalog_counts_as_it_is_now() -> None:
    catalog = settings(catalog={"coffee": {"shipping_period": 45, "shipping_period_unit": "day"}})
    assert [order.order_date for order in orders(given(ON, coffee(), catalog, RECONCILE))] == [
        BEFORE,
        BEFORE + 45 * DAY,
    ]


def test_an_item_that_was_forgotten_is_added_and_the_invoice_taken_again() -> None:
    known_alone = settings(order_generation_enabled=True, shippable_by_default=False)
    ledger = given(known_alone, coffee(), RECONCILE)
    assert ledger.invoice().settled_lines == frozenset()
    ledger.when(settings(catalog={"coffee": {}}))
    assert ledger.when(RECONCILE).types[0] == ("order-1", "order.generated")


# Gifts


def test_a_gift_waits_for_its_claim_and_starts_with_it() -> None:
    ledger = given(ON, coffee(is_gifted=True, term_finalized=False), gift(status="unclaimed", gift_timelines=[]))
    assert silence(ledger.when(RECONCILE))
    ledger.when(gift())
    ledger.when(RECONCILE)
    first, *_ = orders(ledger)
    assert (first.order_date, first.is_gifted, first.gift_id) == (BEFORE + 10 * DAY, True, "gift_1")
    assert first.gift_note == "Enjoy!"


# What happens later


def test_a_payment_reaches_the_orders_once() -> None:
    ledger = given(ON, EARLY, unpaid(), RECONCILE, coffee(paid_at=NOW - 5))
    happened = ledger.when(RECONCILE)
    assert happened.types == [(f"order-{number}", "order.invoice_updated") for number in (1, 2, 3)]
    assert {(order.payment_status, order.paid_on) for order in orders(ledger)} == {("paid", NOW - 5)}
    assert [order.order_line_items[0].amount_paid for order in orders(ledger)] == [10_000, 10_000, 10_000]
    assert silence(ledger.when(RECONCILE))


def test_a_voided_invoice_cancels_its_open_orders_and_generates_none() -> None:
    ledger = given(ON, EARLY, unpaid(), RECONCILE)
    ledger.when(UpdateOrder(order_id="1", changes=OrderChanges(status=OrderStatus.SHIPPED)))
    ledger.when(unpaid(status="voided"))
    assert ledger.when(RECONCILE).types == [("order-2", "order.cancelled"), ("order-3", "order.cancelled")]
    assert silence(given(ON, coffee(status="voided")).when(RECONCILE))


def test_who_reopens_an_order_is_not_overruled() -> None:
    ledger = given(ON, EARLY, unpaid(), RECONCILE, subscription(), RECONCILE)
    cancelled = [order.id for order in orders(ledger) if order.status is OrderStatus.CANCELLED]
    assert cancelled == ["2", "3"]
    ledger.when(ReopenOrder(order_id="3"))
    assert silence(ledger.when(RECONCILE))


def test_a_credit_note_that_was_known_before_is_part_of_the_birth() -> None:
    ledger = given(ON, coffee(), credit_note())
    happened = ledger.when(RECONCILE)
    assert [event for _, event in happened.types] == ["order.generated"] * 3 + ["invoice.orders_generated"]
    last = orders(ledger)[-1]
    assert [(note.id, note.amount) for note in last.linked_credit_notes] == [("CN-9", 500)]
    assert (last.version, last.refundable_credits) == (1, 9_500)
    assert silence(ledger.when(RECONCILE))


def test_a_cancellation_that_was_known_before_is_part_of_the_birth() -> None:
    ledger = given(ON, coffee(), subscription(), RECONCILE)
    last = orders(ledger)[-1]
    assert (last.version, last.status) == (1, OrderStatus.CANCELLED)
    assert (last.cancellation_reason, last.cancelled_at) == (CancellationReason.SUBSCRIPTION_CANCELLED, BEFORE)
    assert {line.status for line in last.order_line_items} == {"cancelled"}


def test_a_credit_note_is_found_though_the_invoice_does_not_list_it() -> None:
    ledger = given(ON, coffee(), RECONCILE, credit_note())
    assert ledger.when(RECONCILE).types == [("order-3", "order.invoice_updated")]


def test_an_invoice_that_was_written_off_gets_cancelled_orders() -> None:
    ledger = given(ON, coffee(amount_paid=0, write_off_amount=30_000), RECONCILE)
    assert {(order.status, order.cancellation_reason) for order in orders(ledger)} == {
        (OrderStatus.CANCELLED, CancellationReason.INVOICE_WRITTEN_OFF)
    }
    assert silence(ledger.when(RECONCILE))


def test_imported_orders_follow_their_invoice_and_manual_ones_do_not() -> None:
    ledger = given(ON, unpaid(), imported("7"), manual("m"), coffee())
    assert ledger.when(RECONCILE).types == [("order-7", "order.invoice_updated")]


def test_lines_that_an_imported_order_ships_get_no_second_order_until_it_is_deleted() -> None:
    ledger = given(ON, coffee(), imported("7"))
    assert silence(ledger.when(RECONCILE))
    ledger.when(DeleteOrder(order_id="7"))
    assert len(ledger.when(RECONCILE).events) == 4


def test_imported_orders_get_credit_note_states_alone_while_generation_is_off() -> None:
    ledger = given(coffee(), imported("7", refundable_credits_issued=400))
    [note] = ledger.order("7").linked_credit_notes
    ledger.when(coffee(status="voided", amount_paid=0))
    assert silence(ledger.when(RECONCILE))
    refunded = {"id": note.id, "type": "refundable", "status": "refunded", "total": 400, "amount_refunded": 400}
    ledger.when(
        RecordCreditNote(
            credit_note_id=note.id, invoice_id="inv_1", description=refunded | {"reference_invoice_id": "inv_1"}
        )
    )
    assert ledger.when(RECONCILE).types == [("order-7", "order.invoice_updated")]


def test_an_invoice_that_was_recorded_before_a_member_was_checked_stays_readable() -> None:
    described = {"id": "inv_1", "status": "paid", "currency_code": "USD", "line_items": [COFFEE], "is_gifted": "no"}
    old = InvoiceRecorded(
        originator_id="invoice-inv_1", originator_version=1, timestamp=BEFORE * 1_000, invoice=described
    )
    ledger = given(ON, old, RECONCILE)
    assert [order.is_gifted for order in orders(ledger)] == [False, False, False]


# Whatever the order of the news


def outcome(ledger: Ledger) -> list[Any]:
    """The orders without what depends on the moment of the news."""
    return [
        (
            order.order_date,
            order.shipping_date,
            order.status,
            order.cancellation_reason,
            order.payment_status,
            order.paid_on,
            [(line.amount, line.amount_paid, line.amount_adjusted) for line in order.order_line_items],
            sorted((note.id, note.status, note.amount) for note in order.linked_credit_notes),
        )
        for order in orders(ledger)
    ]


ADJUSTED = [{"cn_id": "CN-A", "cn_total": 3_000, "cn_status": "adjusted"}]
STORY: Sequence[Command] = (
    unpaid(resource_version=1),
    coffee(resource_version=3, amount_paid=27_000, amount_adjusted=3_000, adjustment_credit_notes=ADJUSTED),
    credit_note(resource_version=1),
    credit_note(resource_version=2, status="refunded", amount_refunded=500),
    subscription(),
)


SITES = ((ON,), (ON, EARLY))
"""One that waits for payments, and one that does not."""


def told(site: Sequence[Command], story: Sequence[Command]) -> Ledger:
    """A ledger that reconciles after each piece of news."""
    return given(*site, *(each for step in story for each in (step, RECONCILE)))


@for_all(site=st.sampled_from(SITES), story=st.permutations([*STORY, *STORY]))
def test_however_the_news_come_the_orders_are_the_same(site: Sequence[Command], story: Sequence[Command]) -> None:
    ledger = told(site, story)
    assert outcome(ledger) == outcome(told(site, STORY))
    assert len(orders(ledger)) == 3
    assert silence(ledger.when(RECONCILE))
