"""Moments that can be asked for: a version of an order, a time, or a position of the site's log.

A position is exact: all events up to it, none behind it, for ever. A time means what was recorded until then; events
get their time a little before they are committed, so an answer about the last second may still grow.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from ledger.envelope import RecordedEvent
from ledger.errors import ParamWrongValue, ResourceNotFound
from ledger.ids import Position, Version

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_rfc_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE | re.ASCII).fullmatch


@dataclass(frozen=True, kw_only=True, slots=True)
class AtVersion:
    """After this event of the order's stream. ``param`` is how the caller spelled the moment, for refusals."""

    version: int
    param: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AtTime:
    """After everything that was recorded until a millisecond, included.

    ``since_ms`` is where the time that was asked for begins: a second or a day that has begun can be asked for.
    """

    until_ms: int
    since_ms: int
    param: str | None = None

    @classmethod
    def second(cls, second: int, *, param: str | None = None) -> "AtTime":
        """The end of this second since 1970."""
        return cls(since_ms=second * 1000, until_ms=second * 1000 + 999, param=param)

    @classmethod
    def instant(cls, text: str, *, param: str | None = None) -> "AtTime":
        """An exact millisecond in RFC 3339: ``2026-01-05T09:30:00.250+01:00``.

        Raises:
            ValueError: not such a text.
        """
        instant_ms = read_instant_ms(text)
        return cls(since_ms=instant_ms, until_ms=instant_ms, param=param)


@dataclass(frozen=True, kw_only=True, slots=True)
class AtPosition:
    """After this event of the site's log."""

    position: int
    param: str | None = None


Moment: TypeAlias = AtVersion | AtTime | AtPosition


def read_instant_ms(text: str) -> int:
    """Milliseconds since 1970 of an RFC 3339 text, finer ones cut off.

    Raises:
        ValueError: not RFC 3339, without a zone, or no time of the calendar.
    """
    if not _rfc_3339(text):
        raise ValueError("not RFC 3339 with a zone")
    return (datetime.fromisoformat(text.upper()) - _EPOCH) // timedelta(milliseconds=1)


def instant_text(time_ms: int) -> str:
    """Milliseconds since 1970 as RFC 3339 text in UTC; beyond the calendar as the number."""
    try:
        instant = _EPOCH + timedelta(milliseconds=time_ms)
    except OverflowError:
        return f"{time_ms} ms"
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def refuse_future(moment: Moment, *, now_ms: int, head: Position | None) -> None:
    """Refuse a time or a position that is not there yet.

    Args:
        head: the site's last position, read before the order's events were; None where no position is asked for.

    Raises:
        ParamWrongValue: it lies in the future.
    """
    match moment:
        case AtTime() if moment.since_ms > now_ms:
            raise ParamWrongValue(f"is in the future: now it is {instant_text(now_ms)}", param=moment.param)
        case AtPosition() if moment.position > (head or 0):
            raise ParamWrongValue(f"is beyond the last position of the log, {head or 0}", param=moment.param)


def version_at(moment: Moment, records: Sequence[RecordedEvent]) -> Version:
    """Which version of a stream a moment means.

    Args:
        records: the stream from its first event on, at least one.

    Raises:
        ParamWrongValue: the version is beyond the last one.
        ResourceNotFound: the moment lies before the first event.
    """
    match moment:
        case AtVersion():
            if moment.version > len(records):
                raise ParamWrongValue(f"is beyond the last version of the order, {len(records)}", param=moment.param)
            return Version(moment.version)
        case AtTime():
            found = sum(record.recorded_at <= moment.until_ms for record in records)
            asked = f"at {instant_text(moment.until_ms)}"
        case AtPosition():
            found = sum(record.position <= moment.position for record in records)
            asked = f"at position {moment.position}"
    if not found:
        first = records[0]
        raise ResourceNotFound(
            f"The order did not exist yet {asked}: its first version was recorded at "
            f"{instant_text(first.recorded_at)}, position {first.position}"
        )
    return Version(found)
