"""Moments of the past as people type them, on the command line and in the console."""

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from api.schemas.filters import day_of
from ledger.errors import ParamWrongValue
from ledger.limits import INTEGER_MAX
from projections.history.moments import AtPosition, AtTime, AtVersion, Moment
from projections.visible_text import visible

MOMENT_HELP = "a version such as 3, a time (RFC 3339, or a date, which means its end in the site's zone), or #POSITION"

_is_number = re.compile(r"\d{1,16}", re.ASCII).fullmatch
_is_date = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII).fullmatch
_NOON = time(12)


def read_moment(text: str | None, zone: ZoneInfo) -> Moment | None:
    """A moment as it is typed; None for none.

    Raises:
        ParamWrongValue: not a moment.
    """
    if text is None:
        return None
    try:
        return _moment(text, zone)
    except (ValueError, OverflowError):
        raise ParamWrongValue(f"{visible(text, 80)} is no moment: it should be {MOMENT_HELP}") from None


def _moment(text: str, zone: ZoneInfo) -> Moment:
    if _is_number(text):
        return AtVersion(version=_counted(text))
    if text.startswith("#") and _is_number(text[1:]):
        return AtPosition(position=_counted(text[1:]))
    if _is_date(text):
        first, last = day_named(text, zone)
        return AtTime(since_ms=first * 1000, until_ms=last * 1000 + 999)
    return AtTime.instant(text)


def day_named(text: str, zone: ZoneInfo) -> tuple[int, int]:
    """The first and last second of a day such as 2026-11-22, in the zone.

    Raises:
        ValueError: there is no such day.
    """
    return day_of(int(datetime.combine(date.fromisoformat(text), _NOON, zone).timestamp()), zone)


def _counted(text: str) -> int:
    number = int(text)
    if not 1 <= number <= INTEGER_MAX:
        raise ValueError(text)
    return number
