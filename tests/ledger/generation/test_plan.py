"""Which orders an invoice gets, with which lines (chargebee/order-generation.md, sections 1 to 3)."""

from typing import Any

import pytest
from hypothesis import strategies as st

from ledger.invoice import InvoiceFacts
from ledger.settings import SiteSettings
from ledger.vocabulary import CancellationReason, InvoiceStatus, LeftOutReason
from tests.ledger.generation.scenes import at, days, invoice_of, line, plan_of, site, timetable
from tests.ledger.laws import for_all

MONTHLY = {"plan": (1, "month")}
QUARTER = {"date_to": at("2026-04-01")}


def left_out(invoice: InvoiceFacts, settings: SiteSettings) -> dict[str, str]:
    return {each.invoice_line_item_id: str(each.reason) for each in plan_of(invoice, settings).left_out}


# Several periods


def test_lines_of_different_periods_share_the_dates_they_have_in_common() -> None:
    addon = line("addon", 60_000, entity_type="addon_item_price")
    settings = site(catalog={"plan": (3, "month"), "addon": (2, "month")})
    assert timetable(plan_of(invoice_of(line(), addon), settings)) == [
        ("2026-01-01", ("plan", "addon")),
        ("2026-03-01", ("addon",)),
        ("2026-04-01", ("plan",)),
        ("2026-05-01", ("addon",)),
        ("2026-07-01", ("plan", "addon")),
        ("2026-09-01", ("addon",)),
        ("2026-10-01", ("plan",)),
        ("2026-11-01", ("addon",)),
    ]


def test_lines_that_are_due_on_one_day_share_an_order_at_the_earlier_time() -> None:
    morning = line(date_from=at("2026-01-01 08:00"))
    evening = line("addon", entity_type="addon_item_price", date_from=at("2026-01-01 20:00"))
    [order] = plan_of(invoice_of(morning, evening)).orders
    assert order.order_date == at("2026-01-01 08:00")


def test_the_day_that_lines_share_is_one_of_the_sites_zone() -> None:
    # Both on January 1 in UTC, on different days in New York.
    night = line(date_from=at("2026-01-01 03:00"))
    noon = line("addon", entity_type="addon_item_price", date_from=at("2026-01-01 12:00"))
    assert len(plan_of(invoice_of(night, noon, paid_at=None), site()).orders) == 1
    assert len(plan_of(invoice_of(night, noon), site(time_zone="America/New_York")).orders) == 2


def test_two_orders_of_one_line_are_never_one_even_on_one_day() -> None:
    # Paid in the morning of the day on which the second delivery is due in the evening.
    invoice = invoice_of(line(date_from=at("2026-01-01 20:00"), **QUARTER), paid_at=at("2026-02-01 08:00"))
    assert timetable(plan_of(invoice, site(catalog=MONTHLY))) == [
        ("2026-02-01 08:00", ("plan",)),
        ("2026-02-01 20:00", ("plan",)),
        ("2026-03-01 20:00", ("plan",)),
    ]


# Late payment


def test_paid_late_but_in_time_the_first_order_is_due_on_the_day_of_the_payment() -> None:
    invoice = invoice_of(line(**QUARTER), paid_at=at("2026-01-10"))
    orders = timetable(plan_of(invoice, site(catalog=MONTHLY)))
    assert [day for day, _ in orders] == ["2026-01-10", "2026-02-01", "2026-03-01"]


@pytest.mark.parametrize(
    ("catalog", "last_second"),
    [({}, at("2026-04-01") - 1), (MONTHLY, at("2026-02-01") - 1)],
    ids=["one order: until the period ends", "several: until the second order date"],
)
def test_the_deadline_of_a_line(catalog: dict[str, Any], last_second: int) -> None:
    settings = site(catalog=catalog)
    in_time = invoice_of(line(**QUARTER), paid_at=last_second)
    assert plan_of(in_time, settings).orders[0].order_date == last_second
    late = invoice_of(line(**QUARTER), paid_at=last_second + 1)
    assert not plan_of(late, settings).orders
    assert left_out(late, settings) == {"plan": "deadline_missed"}


def test_the_deadline_is_one_of_each_line() -> None:
    addon = line("addon", entity_type="addon_item_price", **QUARTER)
    plan = plan_of(invoice_of(line(**QUARTER), addon, paid_at=at("2026-02-10")), site(catalog=MONTHLY))
    assert timetable(plan) == [("2026-02-10", ("addon",))]
    assert [each.invoice_line_item_id for each in plan.left_out] == ["plan"]


def test_a_one_time_charge_has_no_deadline() -> None:
    charge = line(entity_type="charge_item_price", date_to=at("2026-01-01"))
    assert timetable(plan_of(invoice_of(charge, paid_at=at("2026-05-01")))) == [("2026-05-01", ("plan",))]


def test_before_the_payment_of_an_unpaid_invoice_dates_are_those_of_the_term() -> None:
    settings = site(catalog=MONTHLY, unpaid_statuses=["posted", "payment_due"])
    unpaid = invoice_of(line(**QUARTER), status="payment_due", paid_at=None)
    paid = invoice_of(line(**QUARTER), paid_at=at("2026-02-10"))
    # Whether the payment was known when the orders were generated makes no difference.
    assert plan_of(unpaid, settings).orders == plan_of(paid, settings).orders
    assert [day for day, _ in timetable(plan_of(paid, settings))] == ["2026-01-01", "2026-02-01", "2026-03-01"]


def test_where_only_overdue_invoices_do_not_wait_a_payment_still_counts() -> None:
    settings = site(catalog=MONTHLY, unpaid_statuses=["not_paid"])
    paid = invoice_of(line(**QUARTER), paid_at=at("2026-01-10"))
    assert timetable(plan_of(paid, settings))[0] == ("2026-01-10", ("plan",))


def test_a_paid_invoice_without_a_time_of_payment_is_taken_as_paid_on_its_date() -> None:
    invoice = invoice_of(line(**QUARTER), paid_at=None, date=at("2026-01-05"))
    assert timetable(plan_of(invoice))[0] == ("2026-01-05", ("plan",))


def test_an_invoice_that_was_written_off_gets_its_orders_cancelled_however_late() -> None:
    invoice = invoice_of(line(amount=300, **QUARTER), amount_paid=0, write_off_amount=300, paid_at=at("2026-05-01"))
    plan = plan_of(invoice, site(catalog=MONTHLY))
    assert [day for day, _ in timetable(plan)] == ["2026-01-01", "2026-02-01", "2026-03-01"]
    assert {order.cancelled_for for order in plan.orders} == {CancellationReason.INVOICE_WRITTEN_OFF}


# Consolidated invoices


def of_two_subscriptions(**members: Any) -> InvoiceFacts:
    return invoice_of(
        line("coffee", subscription_id="sub_1"),
        line("tea", subscription_id="sub_2"),
        **{"subscription_id": None} | members,
    )


def test_subscriptions_of_a_consolidated_invoice_get_orders_of_their_own() -> None:
    orders = plan_of(of_two_subscriptions()).orders
    assert [(order.subscription_id, order.line_ids) for order in orders] == [
        ("sub_1", ("coffee",)),
        ("sub_2", ("tea",)),
    ]


def test_a_site_may_want_one_order_for_what_ships_on_one_day() -> None:
    [order] = plan_of(of_two_subscriptions(), site(single_order_with_multiple_items=True)).orders
    assert (order.subscription_id, order.line_ids) == (None, ("coffee", "tea"))


def test_what_ships_on_one_day_shares_an_order_though_it_is_due_on_another() -> None:
    invoice = invoice_of(
        line("coffee", subscription_id="sub_1", date_from=at("2026-01-02"), date_to=at("2026-04-02")),
        line("tea", subscription_id="sub_2", date_from=at("2026-01-05"), date_to=at("2026-03-05")),
    )
    settings = site(
        single_order_with_multiple_items=True,
        shipping_rule={"type": "day_of_month", "day": 10},
        catalog={"coffee": (1, "month"), "tea": (1, "month")},
    )
    orders = plan_of(invoice, settings).orders
    assert [order.line_ids for order in orders] == [("coffee", "tea"), ("coffee", "tea"), ("coffee",)]
    assert days([order.order_date for order in orders]) == ["2026-01-02", "2026-02-02", "2026-03-02"]


def test_what_ships_on_different_days_stays_apart() -> None:
    invoice = invoice_of(
        line("coffee", subscription_id="sub_1"), line("tea", subscription_id="sub_2", date_from=at("2026-01-02"))
    )
    assert len(plan_of(invoice, site(single_order_with_multiple_items=True)).orders) == 2


def test_two_deliveries_that_ship_on_one_day_stay_two_orders_of_their_subscription() -> None:
    invoice = invoice_of(line(date_to=at("2026-01-15")))
    settings = site(
        catalog={"plan": (7, "day")},
        shipping_rule={"type": "day_of_month", "day": 10},
        single_order_with_multiple_items=True,
    )
    assert [order.line_ids for order in plan_of(invoice, settings).orders] == [("plan",), ("plan",)]


# What is not shipped


SERVICE = line("service", 5_000, entity_type="addon_item_price")
FEE = line("fee", 1_000, entity_type="adhoc", entity_id=None)
KNOWN = {"service": {"is_shippable": False}}


def test_lines_that_are_not_shipped_are_left_out() -> None:
    invoice = invoice_of(line(), SERVICE, FEE)
    settings = site(catalog=KNOWN)
    assert timetable(plan_of(invoice, settings)) == [("2026-01-01", ("plan",))]
    assert left_out(invoice, settings) == {"service": "not_shippable", "fee": "not_shippable"}


def test_lines_that_are_not_shipped_ride_along_on_the_first_order_where_the_site_wants_so() -> None:
    settings = site(catalog=KNOWN | MONTHLY, include_non_shippable=True)
    invoice = invoice_of(SERVICE, line(**QUARTER), FEE)
    assert [lines for _, lines in timetable(plan_of(invoice, settings))] == [
        ("service", "plan", "fee"),
        ("plan",),
        ("plan",),
    ]
    assert left_out(invoice, settings) == {}


def test_they_do_not_travel_alone_nor_with_another_subscription() -> None:
    settings = site(catalog=KNOWN, include_non_shippable=True)
    assert not plan_of(invoice_of(SERVICE, FEE), settings).orders
    apart = invoice_of(line(subscription_id="sub_1"), SERVICE | {"subscription_id": "sub_2"})
    assert timetable(plan_of(apart, settings)) == [("2026-01-01", ("plan",))]
    assert left_out(apart, settings) == {"service": "not_shippable"}


def test_an_item_that_is_missing_from_the_catalog_is_not_settled_where_known_ones_alone_are_shipped() -> None:
    settings = site(shippable_by_default=False)
    plan = plan_of(invoice_of(line()), settings)
    assert (plan.orders, plan.left_out) == ((), ())
    assert plan_of(invoice_of(line()), site(shippable_by_default=False, catalog={"plan": {}})).orders


# Once for each line


def test_lines_that_are_settled_get_no_order_again() -> None:
    invoice = invoice_of(line(), SERVICE)
    assert timetable(plan_of(invoice, settled=frozenset({"plan"}))) == [("2026-01-01", ("service",))]
    assert plan_of(invoice, settled=frozenset({"plan", "service"})) == plan_of(invoice_of(total=0, line_items=[]))


# Bounds


def test_lines_beyond_what_one_append_can_hold_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.generation.plan.GENERATED_LINES_MAX", 4)
    invoice = invoice_of(line(**QUARTER), line("addon", **QUARTER), line("third"))
    plan = plan_of(invoice, site(catalog={"plan": (1, "month"), "addon": (1, "month")}))
    assert {line_id for order in plan.orders for line_id in order.line_ids} == {"plan", "third"}
    assert [(each.invoice_line_item_id, each.reason) for each in plan.left_out] == [
        ("addon", LeftOutReason.TOO_MANY_ORDERS)
    ]


@for_all(status=st.sampled_from(InvoiceStatus), moment=st.integers(at("2025-12-01"), at("2026-06-01")))
def test_a_line_has_all_of_its_orders_or_none(status: InvoiceStatus, moment: int) -> None:
    invoice = invoice_of(line(**QUARTER), status=status.value, paid_at=moment)
    assert len(plan_of(invoice, site(catalog=MONTHLY)).orders) in {0, 3}
