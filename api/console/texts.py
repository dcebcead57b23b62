"""How values are written on pages: words, money, times, and text of users made harmless."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from markupsafe import Markup, escape

from projections.money_text import money_text
from projections.visible_text import visible


def words(name: str) -> str:
    """``awaiting_shipment`` as people write it."""
    return visible(str(name)).replace("_", " ")


def money(amount: int | None, currency_code: str | None) -> str:
    """An amount of the minor unit with its decimals; nothing where nothing is known."""
    if amount is None:
        return ""
    return visible(money_text(amount, currency_code)) if currency_code else str(amount)


def seconds(value: int | None) -> Markup:
    """A time of seconds since 1970; scripts write it as it was chosen."""
    return milliseconds(None if value is None else value * 1000, shows_ms=False)


def milliseconds(value: int | None, *, shows_ms: bool = True) -> Markup:
    """A time of milliseconds since 1970."""
    if value is None:
        return Markup("")
    try:
        moment = datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError):
        return escape(str(value))
    written = moment.strftime("%Y-%m-%d %H:%M:%S") + (f".{value % 1000:03}" if shows_ms else "")
    machine = moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{value % 1000:03}Z"
    return Markup('<time datetime="{}">{} UTC</time>').format(machine, written)


def lasted(value: int) -> str:
    """A span of milliseconds, as exactly as anybody needs it: ``0.4 s``, ``47 s``, ``3 min 5 s``, ``2 h 10 min``."""
    seconds_of_it = max(0, value) / 1000
    if seconds_of_it < 10:
        return f"{seconds_of_it:.1f} s"
    whole = round(seconds_of_it)
    for unit, smaller, size, part in (("d", "h", 86_400, 3_600), ("h", "min", 3_600, 60), ("min", "s", 60, 1)):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // part} {smaller}"
    return f"{whole} s"


def day(value: int, zone: tzinfo) -> str:
    """The day that a second falls on in a zone."""
    return datetime.fromtimestamp(value, zone).date().isoformat()


FILTERS: Mapping[str, Callable[..., Any]] = {
    "visible": visible,
    "words": words,
    "money": money,
    "day": day,
    "lasted": lasted,
    "seconds": seconds,
    "milliseconds": milliseconds,
}
