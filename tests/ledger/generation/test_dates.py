"""Order dates of a line (chargebee/order-generation.md, section 3)."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st

from ledger.generation.civil_time import later
from ledger.limits import ORDERS_PER_LINE_MAX
from ledger.vocabulary import LeftOutReason, PeriodUnit
from tests.ledger.generation.scenes import at, days, invoice_of, line, plan_of, site, timetable
from tests.ledger.laws import for_all

BERLIN = "Europe/Berlin"


def dates_of(period: tuple[int, str] | None, date_from: str, date_to: str, zone: str = "UTC") -> list[str]:
    bought = line(date_from=at(date_from, zone), date_to=at(date_to, zone))
    catalog = {"plan": period} if period else {}
    invoice = invoice_of(bought, paid_at=at(date_from, zone), date=at(date_from, zone))
    plan = plan_of(invoice, site(catalog=catalog, time_zone=zone))
    return days([order.order_date for order in plan.orders], zone)


def test_a_plan_of_six_months_that_ships_every_two_has_three_orders() -> None:
    assert dates_of((2, "month"), "2026-01-01", "2026-07-01") == ["2026-01-01", "2026-03-01", "2026-05-01"]


def test_months_keep_the_day_clip_it_to_the_month_and_count_from_the_start() -> None:
    assert dates_of((1, "month"), "2026-01-31", "2026-06-30") == [
        *("2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31")
    ]


def test_a_leap_day_comes_back_in_leap_years() -> None:
    assert dates_of((1, "year"), "2024-02-29", "2029-02-28") == [
        *("2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29")
    ]


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ((10, "day"), ["2026-01-01", "2026-01-11", "2026-01-21", "2026-01-31"]),
        ((2, "week"), ["2026-01-01", "2026-01-15", "2026-01-29"]),
        ((1, "month"), ["2026-01-01"]),
        ((1, "year"), ["2026-01-01"]),
        (None, ["2026-01-01"]),
    ],
)
def test_periods_are_stepped_while_they_are_within_the_term(period: tuple[int, str], expected: list[str]) -> None:
    assert dates_of(period, "2026-01-01", "2026-02-01") == expected


@pytest.mark.parametrize(("invoiced_in", "site_zone"), [(BERLIN, "UTC"), ("UTC", BERLIN), (BERLIN, BERLIN)])
def test_no_order_more_where_invoice_and_site_count_in_different_zones(invoiced_in: str, site_zone: str) -> None:
    """Half a year from summer to winter ends an hour later in UTC than its sixth month, and the other way round."""
    for start, end in (("2026-05-22", "2026-11-22"), ("2026-11-22", "2027-05-22")):
        bought = line(date_from=at(start, invoiced_in), date_to=at(end, invoiced_in))
        invoice = invoice_of(bought, paid_at=at(start, invoiced_in), date=at(start, invoiced_in))
        plan = plan_of(invoice, site(catalog={"plan": (2, "month")}, time_zone=site_zone))
        assert len(plan.orders) == 3


def test_the_time_of_day_is_kept_over_a_clock_change() -> None:
    assert dates_of((1, "month"), "2026-02-15 18:30", "2026-05-15 18:30", BERLIN) == [
        *("2026-02-15 18:30", "2026-03-15 18:30", "2026-04-15 18:30")
    ]
    assert dates_of((1, "day"), "2026-03-28 18:30", "2026-03-31 18:30", BERLIN) == [
        *("2026-03-28 18:30", "2026-03-29 18:30", "2026-03-30 18:30")
    ]


def test_a_time_of_day_that_a_clock_change_skips_is_later_that_day() -> None:
    assert dates_of((1, "day"), "2026-03-28 02:30", "2026-03-31 00:00", BERLIN) == [
        *("2026-03-28 02:30", "2026-03-29 03:30", "2026-03-30 02:30")
    ]


def test_months_are_those_of_the_sites_zone() -> None:
    # In UTC the term begins on December 31, and a month later would be January 31.
    assert dates_of((1, "month"), "2026-01-01", "2026-04-01", BERLIN) == ["2026-01-01", "2026-02-01", "2026-03-01"]


@pytest.mark.parametrize("entity_type", ["charge_item_price", "plan_setup"])
def test_a_one_time_charge_ships_once_whatever_its_period(entity_type: str) -> None:
    plan = plan_of(invoice_of(line(entity_type=entity_type)), site(catalog={"plan": (1, "month")}))
    assert timetable(plan) == [("2026-01-01", ("plan",))]


@pytest.mark.parametrize("dates", [{"date_to": None}, {"date_to": at("2026-01-01")}, {"date_from": None}])
def test_a_line_without_a_term_ships_once_on_the_date_of_the_invoice(dates: dict[str, int | None]) -> None:
    bought = {name: value for name, value in (line() | dates).items() if value is not None}
    catalog = {} if "date_to" in bought and "date_from" not in bought else {"plan": (1, "month")}
    assert timetable(plan_of(invoice_of(bought), site(catalog=catalog))) == [("2026-01-01", ("plan",))]


def test_a_line_of_too_many_orders_is_left_out() -> None:
    century = line(date_to=at("2126-01-01"))
    plan = plan_of(invoice_of(century), site(catalog={"plan": (1, "day")}))
    assert not plan.orders
    assert [(each.invoice_line_item_id, each.reason) for each in plan.left_out] == [
        ("plan", LeftOutReason.TOO_MANY_ORDERS)
    ]


@pytest.mark.parametrize(("more", "orders"), [(0, ORDERS_PER_LINE_MAX), (1, 0)])
def test_a_line_has_as_many_orders_as_the_limit_allows(more: int, orders: int) -> None:
    term = line(date_to=at("2026-01-01") + (ORDERS_PER_LINE_MAX + more) * 86_400)
    assert len(plan_of(invoice_of(term), site(catalog={"plan": (1, "day")})).orders) == orders


@for_all(
    start=st.integers(0, 9_999_999_999),
    steps=st.integers(1, 400),
    period=st.integers(1, 365),
    unit=st.sampled_from(PeriodUnit),
    zone=st.sampled_from(["UTC", BERLIN, "America/New_York", "Pacific/Auckland", "Asia/Kathmandu", "Africa/Monrovia"]),
)
def test_steps_go_forward(start: int, steps: int, period: int, unit: PeriodUnit, zone: str) -> None:
    centuries = {PeriodUnit.DAY: 146_000, PeriodUnit.WEEK: 20_800, PeriodUnit.MONTH: 4_800, PeriodUnit.YEAR: 400}
    within = min(steps, centuries[unit] // period)
    dates = [later(start, step * period, unit, ZoneInfo(zone)) for step in range(within + 1)]
    assert dates == sorted(set(dates))
    assert dates[0] == start
