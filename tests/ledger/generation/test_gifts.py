"""Gifts: nothing before they are claimed, then a term from the claim (chargebee/order-generation.md, section 2)."""

from typing import Any

from ledger.generation.due import is_due
from ledger.invoice import InvoiceFacts
from tests.ledger.generation.scenes import at, gift_of, invoice_of, line, orders_of, plan_of, site, timetable

CLAIMED = "2026-03-20 09:00"


def gift_invoice(**members: Any) -> InvoiceFacts:
    """Three months, bought on the last day of January."""
    bought = line(date_from=at("2026-01-31"), date_to=at("2026-04-30"))
    return invoice_of(bought, paid_at=at("2026-01-31"), **{"is_gifted": True, "term_finalized": False} | members)


def test_a_gift_generates_nothing_until_it_is_claimed() -> None:
    assert not is_due(gift_invoice(), site(), None)
    assert not is_due(gift_invoice(), site(), gift_of("unclaimed"))
    assert is_due(gift_invoice(), site(), gift_of())
    assert is_due(invoice_of(), site(), None)


def test_the_term_is_as_long_as_it_was_bought_for_and_starts_with_the_claim() -> None:
    plan = plan_of(gift_invoice(), site(catalog={"plan": (1, "month")}), gift_of())
    assert [day for day, _ in timetable(plan)] == [CLAIMED, "2026-04-20 09:00", "2026-05-20 09:00"]


def test_a_term_that_is_not_of_whole_months_keeps_its_days() -> None:
    bought = line(date_from=at("2026-01-01"), date_to=at("2026-01-11"))
    invoice = invoice_of(bought, is_gifted=True, term_finalized=False)
    plan = plan_of(invoice, site(catalog={"plan": (4, "day")}), gift_of())
    assert [day for day, _ in timetable(plan)] == [CLAIMED, "2026-03-24 09:00", "2026-03-28 09:00"]


def test_dates_that_chargebee_calls_final_are_taken_as_they_are() -> None:
    final = line(date_from=at("2026-03-20"), date_to=at("2026-06-20"))
    invoice = invoice_of(final, is_gifted=True, term_finalized=True)
    plan = plan_of(invoice, site(catalog={"plan": (1, "month")}), gift_of())
    assert [day for day, _ in timetable(plan)] == ["2026-03-20", "2026-04-20", "2026-05-20"]


def test_what_is_claimed_late_was_paid_in_time() -> None:
    gift = gift_of(gift_timelines=[{"status": "claimed", "occurred_at": at("2026-09-01")}])
    assert timetable(plan_of(gift_invoice(), site(), gift)) == [("2026-09-01", ("plan",))]


def test_a_claim_without_a_time_leaves_the_dates_of_the_invoice() -> None:
    assert timetable(plan_of(gift_invoice(), site(), gift_of(gift_timelines=[]))) == [("2026-01-31", ("plan",))]


def test_its_orders_say_that_they_are_gifts() -> None:
    invoice = gift_invoice(shipping_address={"first_name": "Bob", "country": "US"})
    [order] = orders_of(invoice, gift=gift_of())
    assert (order.is_gifted, order.gift_id, order.gift_note) == (True, "gift_1", "Enjoy!")
    assert order.shipping_address
    assert order.shipping_address.first_name == "Bob"
    [plain] = orders_of(invoice_of())
    assert (plain.is_gifted, plain.gift_id, plain.gift_note) == (False, None, None)


def test_a_long_message_is_cut_to_what_an_order_holds() -> None:
    gift = gift_of(gifter={"invoice_id": "inv_1", "note": "x" * 501})
    assert orders_of(gift_invoice(), gift=gift)[0].gift_note == "x" * 500
