"""Days and times of day in the time zone of a site: dates are reckoned as its people reckon them.

Seconds since 1970 go in and out. A time of day that a clock change skips is that much later on its day.
"""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ledger.vocabulary import PeriodUnit

_DAYS = {PeriodUnit.DAY: 1, PeriodUnit.WEEK: 7}
_MONTHS = {PeriodUnit.MONTH: 1, PeriodUnit.YEAR: 12}


def day_of(at: int, zone: ZoneInfo) -> date:
    """The day in the zone."""
    return _local(at, zone).date()


def start_of_day(day: date, zone: ZoneInfo) -> int:
    """00:00 of the day."""
    return _moment(day, time(), zone)


def end_of_day(day: date, zone: ZoneInfo) -> int:
    """The last second of the day."""
    return start_of_day(day + timedelta(days=1), zone) - 1


def later(at: int, count: int, unit: PeriodUnit, zone: ZoneInfo) -> int:
    """So many units later at the same time of day. Months keep the day, or end with the month where it is shorter."""
    if count == 0:
        return at
    start = _local(at, zone)
    if unit in _DAYS:
        day = start.date() + timedelta(days=count * _DAYS[unit])
    else:
        day = month_later(start.date(), count * _MONTHS[unit])
    return _moment(day, start.time(), zone)


def month_later(day: date, months: int) -> date:
    """The same day of a later month, or its last one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day_in_month(date(year, month + 1, 1), day.day)


def day_in_month(month: date, day: int) -> date:
    """A day of the month that a date is in, or its last one where it is shorter."""
    return month.replace(day=min(day, calendar.monthrange(month.year, month.month)[1]))


def months_between(start: int, end: int, zone: ZoneInfo) -> int | None:
    """After how many whole months the end comes, None where it does not come after whole months."""
    first, last = day_of(start, zone), day_of(end, zone)
    months = (last.year - first.year) * 12 + last.month - first.month
    return months if months > 0 and later(start, months, PeriodUnit.MONTH, zone) == end else None


def _local(at: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at, UTC).astimezone(zone)


def _moment(day: date, at: time, zone: ZoneInfo) -> int:
    # The earlier of two equal times of day, whichever of them the reckoning began with.
    return int(datetime.combine(day, at.replace(fold=0), tzinfo=zone).timestamp())
