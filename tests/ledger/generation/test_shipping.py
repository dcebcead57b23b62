"""When orders ship and until when they are paid in time (chargebee/order-generation.md, section 4)."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st

from ledger.generation.civil_time import day_of
from ledger.generation.shipping import shipment
from ledger.invoice import InvoiceFacts
from ledger.settings import DayOfMonth
from ledger.vocabulary import CancellationReason, LeftOutReason
from tests.ledger.generation.scenes import at, days, invoice_of, line, plan_of, site
from tests.ledger.laws import for_all

BERLIN = "Europe/Berlin"
TENTH = {"type": "day_of_month", "day": 10, "cut_off_day": 15}


def signed_up(date_from: str, paid_at: str, /, zone: str = "UTC", **members: Any) -> InvoiceFacts:
    """A plan of three months."""
    start = at(date_from, zone)
    end = at(members.pop("until", "2026-04-" + date_from[8:]), zone)
    return invoice_of(line(date_from=start, date_to=end, **members), paid_at=at(paid_at, zone))


def shipping_dates(invoice: InvoiceFacts, rule: dict[str, Any] | None, zone: str = "UTC") -> list[str]:
    settings = site(catalog={"plan": (1, "month")}, shipping_rule=rule, time_zone=zone)
    return days([order.shipping_date for order in plan_of(invoice, settings).orders], zone)


@pytest.mark.parametrize(
    ("sign_up", "first"),
    [(day, "2026-01-10") for day in (1, 2, 9, 10)]
    + [(day, f"2026-01-{day}") for day in (11, 12, 15)]
    + [(day, "2026-02-10") for day in (16, 17, 31)],
)
def test_the_documented_table_of_the_tenth_with_a_cut_off_on_the_fifteenth(sign_up: int, first: str) -> None:
    day = f"2026-01-{sign_up:02d} 08:00"
    invoice = invoice_of(line(date_from=at(day), date_to=at("2026-02-28")), paid_at=at(day))
    orders = plan_of(invoice, site(shipping_rule=TENTH)).orders
    assert days([order.shipping_date for order in orders]) == [first]
    assert [order.cancelled_for for order in orders] == [None]


@pytest.mark.parametrize(("sign_up", "cut_off"), [(3, "2026-01-15"), (12, "2026-01-15"), (16, "2026-02-15")])
def test_the_cut_off_is_the_end_of_its_day_in_the_month_of_the_shipment(sign_up: int, cut_off: str) -> None:
    day = f"2026-01-{sign_up:02d} 08:00"
    [order] = plan_of(
        invoice_of(line(date_from=at(day, BERLIN), date_to=at("2026-02-28")), paid_at=at(day, BERLIN)),
        site(shipping_rule=TENTH, time_zone=BERLIN),
    ).orders
    assert order.shipping_cut_off_date == at(f"{cut_off} 23:59", BERLIN) + 59


def test_later_orders_ship_on_the_next_fixed_day() -> None:
    # The second order, of February 12, missed February 10.
    assert shipping_dates(signed_up("2026-01-12", "2026-01-12"), TENTH) == ["2026-01-12", "2026-03-10", "2026-04-10"]


def test_paid_late_but_before_the_cut_off_ships_on_the_fixed_day_or_at_once() -> None:
    assert shipping_dates(signed_up("2026-01-03", "2026-01-08"), TENTH)[0] == "2026-01-10"
    assert shipping_dates(signed_up("2026-01-03", "2026-01-13 09:00"), TENTH)[0] == "2026-01-13"
    assert shipping_dates(signed_up("2026-01-20", "2026-02-12 09:00"), TENTH)[0] == "2026-02-12"


def test_paid_after_the_cut_off_the_first_order_is_cancelled_and_the_rest_is_not() -> None:
    settings = site(catalog={"plan": (1, "month")}, shipping_rule=TENTH)
    orders = plan_of(signed_up("2026-01-03", "2026-01-16"), settings).orders
    assert [order.cancelled_for for order in orders] == [CancellationReason.SHIPPING_CUT_OFF_PASSED, None, None]
    assert days([order.order_date for order in orders]) == ["2026-01-03", "2026-02-03", "2026-03-03"]
    assert days([order.shipping_date for order in orders]) == ["2026-01-10", "2026-02-10", "2026-03-10"]


def test_the_last_second_of_the_cut_off_day_is_in_time() -> None:
    settings = site(catalog={"plan": (1, "month")}, shipping_rule=TENTH)
    last = at("2026-01-15 23:59") + 59
    for moment, reason in ((last, None), (last + 1, CancellationReason.SHIPPING_CUT_OFF_PASSED)):
        invoice = invoice_of(line(date_from=at("2026-01-03"), date_to=at("2026-04-03")), paid_at=moment)
        assert plan_of(invoice, settings).orders[0].cancelled_for is reason


def test_a_missed_deadline_counts_before_a_missed_cut_off() -> None:
    settings = site(catalog={"plan": (1, "month")}, shipping_rule=TENTH)
    plan = plan_of(signed_up("2026-01-03", "2026-02-03"), settings)
    assert not plan.orders
    assert [each.reason for each in plan.left_out] == [LeftOutReason.DEADLINE_MISSED]


def test_a_charge_ships_when_it_is_paid_and_is_never_cut_off() -> None:
    invoice = signed_up("2026-01-03", "2026-01-20", entity_type="charge_item_price")
    [order] = plan_of(invoice, site(shipping_rule=TENTH)).orders
    assert order.cancelled_for is None
    assert days([order.order_date, order.shipping_date]) == ["2026-01-20", "2026-02-10"]


def test_a_cut_off_before_the_fixed_day_moves_what_comes_later_to_the_next_month() -> None:
    rule = {"type": "day_of_month", "day": 20, "cut_off_day": 10}
    assert shipping_dates(signed_up("2026-01-10", "2026-01-10"), rule)[0] == "2026-01-20"
    assert shipping_dates(signed_up("2026-01-11", "2026-01-11"), rule)[0] == "2026-02-20"


def test_fixed_days_end_with_shorter_months() -> None:
    rule = {"type": "day_of_month", "day": 31, "cut_off_day": 31}
    assert shipping_dates(signed_up("2026-01-31", "2026-01-31", until="2026-04-30"), rule) == [
        *("2026-01-31", "2026-02-28", "2026-03-31")
    ]


def test_a_fixed_day_without_a_cut_off_has_no_cut_off_date() -> None:
    invoice = signed_up("2026-01-12", "2026-01-12")
    orders = plan_of(invoice, site(shipping_rule={"type": "day_of_month", "day": 10})).orders
    assert [order.shipping_cut_off_date for order in orders] == [None]
    assert days([order.shipping_date for order in orders]) == ["2026-02-10"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (None, "2026-01-12 08:00"),
        ({"type": "lead_time", "days": 0}, "2026-01-12 08:00"),
        ({"type": "lead_time", "days": 3}, "2026-01-15 08:00"),
        # January 12, 2026 is a Monday.
        ({"type": "day_of_week", "day": "monday"}, "2026-01-12"),
        ({"type": "day_of_week", "day": "friday"}, "2026-01-16"),
        ({"type": "day_of_week", "day": "sunday"}, "2026-01-18"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", BERLIN, "America/New_York"])
def test_other_rules_ship_after_days_or_on_a_weekday(rule: dict[str, Any] | None, expected: str, zone: str) -> None:
    invoice = signed_up("2026-01-12 08:00", "2026-01-12 08:00", zone)
    settings = site(shipping_rule=rule, time_zone=zone)
    [order] = plan_of(invoice, settings).orders
    assert days([order.shipping_date], zone) == [expected]
    assert order.shipping_cut_off_date is None


def test_a_fixed_day_is_midnight_in_the_zone_of_the_site() -> None:
    # 23:30 UTC on the 9th is the 10th in Berlin.
    invoice = invoice_of(line(date_from=at("2026-01-09 23:30"), date_to=at("2026-02-09")), paid_at=at("2026-01-09"))
    [order] = plan_of(invoice, site(shipping_rule=TENTH, time_zone=BERLIN)).orders
    assert order.shipping_date == at("2026-01-10", BERLIN)


@for_all(
    order_date=st.integers(0, 9_999_999_999),
    day=st.integers(1, 31),
    cut_off=st.none() | st.integers(1, 31),
    is_first=st.booleans(),
    zone=st.sampled_from(["UTC", BERLIN, "America/New_York"]),
)
def test_no_order_ships_on_a_day_before_its_order_date_or_after_the_next_month(
    order_date: int, day: int, cut_off: int | None, is_first: bool, zone: str
) -> None:
    rule = DayOfMonth(day=day, cut_off_day=cut_off)
    found = shipment(order_date, rule, ZoneInfo(zone), is_first=is_first)
    ordered, shipped = day_of(order_date, ZoneInfo(zone)), day_of(found.shipping_date, ZoneInfo(zone))
    assert ordered <= shipped
    assert (shipped.year - ordered.year) * 12 + shipped.month - ordered.month in {0, 1}
    assert (found.cut_off_date is None) is (cut_off is None)
