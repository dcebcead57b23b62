"""When an order ships, and until when its shipment can be paid (chargebee/order-generation.md, section 4)."""

from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ledger.generation.civil_time import day_in_month, day_of, end_of_day, later, month_later, start_of_day
from ledger.settings import DayOfMonth, DayOfWeek, LeadTime, ShippingRule
from ledger.vocabulary import PeriodUnit, Weekday

_WEEKDAYS = list(Weekday)


class Shipment(NamedTuple):
    """Its date, and the last second in which it can be paid; None where the site has no cut-off day."""

    shipping_date: int
    cut_off_date: int | None = None


def shipment(order_date: int, rule: ShippingRule | None, zone: ZoneInfo, *, is_first: bool) -> Shipment:
    """The shipment of an order.

    Fixed days give 00:00 in the zone, so an order of the same day ships on it.

    Args:
        is_first: whether a line ships for the first time with it. Then the day between a fixed day of the month and
            its cut-off day ships at once; later orders wait for the next fixed day.
    """
    match rule:
        case None:
            return Shipment(order_date)
        case LeadTime(days=days):
            return Shipment(later(order_date, days, PeriodUnit.DAY, zone))
        case DayOfWeek(day=weekday):
            day = day_of(order_date, zone)
            wait = (_WEEKDAYS.index(weekday) - day.weekday()) % 7
            return Shipment(start_of_day(day + timedelta(days=wait), zone))
        case DayOfMonth():
            day = _shipping_day(day_of(order_date, zone), rule, is_first=is_first)
            return Shipment(start_of_day(day, zone), _cut_off(day, rule, zone))


def _shipping_day(day: date, rule: DayOfMonth, *, is_first: bool) -> date:
    fixed = day_in_month(day, rule.day)
    cut_off_day = rule.cut_off_day if is_first else None
    if cut_off_day is not None and day.day > cut_off_day:
        return day_in_month(month_later(day, 1), rule.day)
    if day <= fixed:
        return fixed
    return day if cut_off_day is not None else day_in_month(month_later(day, 1), rule.day)


def _cut_off(day: date, rule: DayOfMonth, zone: ZoneInfo) -> int | None:
    return None if rule.cut_off_day is None else end_of_day(day_in_month(day, rule.cut_off_day), zone)
