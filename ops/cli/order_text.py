"""Orders and their differences as lines for people: money with its currency, times in words, texts made harmless."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from msgspec import Raw

from projections.history.difference import MemberChange
from projections.history.document_shape import LISTS, LOCAL_CURRENCY, OBJECTS, ORDER, Kind, Plain
from projections.history.paths import item_labels, split_path
from projections.money_text import money_text
from projections.visible_text import visible

NOTHING = "nothing"
_is_time = re.compile(r"^date_|_(at|on|date)$").search
_WORDS = frozenset(
    {
        "status",
        "cancellation_reason",
        "payment_status",
        "order_type",
        "price_type",
        "resent_status",
        "type",
        "entity_type",
        "discount_type",
        "validation_status",
    }
)
_UNTOLD = frozenset({"object"})

Row = tuple[str, str]
"""A path and what stands there."""


def order_rows(document: Plain) -> Iterator[Row]:
    """Everything that an order holds, in the order of the document."""
    currency = document.get("currency_code")
    for name in ORDER.members:
        value = document.get(name)
        if value is None or name in _UNTOLD:
            continue
        if name in LISTS:
            for label, item in zip(item_labels(name, value), value, strict=True):
                yield from _object_rows(visible(name + label), LISTS[name], item, currency)
        elif name in OBJECTS:
            yield from _object_rows(name, OBJECTS[name], value, currency)
        else:
            yield name, value_text(ORDER, name, value, currency)


def change_rows(changes: Iterable[MemberChange]) -> Iterator[tuple[str, str, str]]:
    """Path, before and after of each change."""
    for change in changes:
        if change.path in _UNTOLD:
            continue
        kind, member = _kind_of(change.path)
        money = change.money
        currency = money.currency_code if money else None
        sides = []
        for value, amount in ((change.before, money and money.before), (change.after, money and money.after)):
            sides.append(visible(amount) if amount else _side(kind, member, value, currency))
        yield visible(change.path), sides[0], sides[1]


def value_text(kind: Kind, member: str, value: Any, currency: str | None) -> str:
    """One value of an object."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int() if member in kind.money and currency:
            return visible(money_text(value, currency))
        case int() if _is_time(member):
            return time_text(value)
        case Raw():
            return bytes(value).decode()
        case str() if member in _WORDS:
            return visible(value).replace("_", " ")
    return visible(str(value))


def time_text(second: int) -> str:
    """Seconds since 1970 as UTC text; beyond the calendar as the number."""
    try:
        return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return str(second)


def _object_rows(path: str, kind: Kind, members: Plain, currency: str | None) -> Iterator[Row]:
    for member in kind.members:
        if member in members and member not in _UNTOLD:
            yield f"{path}.{member}", _member_text(kind, member, members, currency)


def _member_text(kind: Kind, member: str, members: Plain, currency: str | None) -> str:
    if member in kind.foreign_money and members.get(LOCAL_CURRENCY):
        return visible(money_text(members[member], members[LOCAL_CURRENCY]))
    return value_text(kind, member, members[member], currency)


def _kind_of(path: str) -> tuple[Kind, str]:
    """What holds the member that a path ends with, and its name; "" where it is the object itself."""
    root, label, member = split_path(path)
    if root in LISTS and (label or member):
        return LISTS[root], member
    if root in OBJECTS:
        return OBJECTS[root], member
    return ORDER, root


def _side(kind: Kind, member: str, value: Any, currency: str | None) -> str:
    match value:
        case None:
            return NOTHING
        case dict():
            told = (name for name in kind.members if name in value and name not in _UNTOLD)
            return ", ".join(f"{name} {_member_text(kind, name, value, currency)}" for name in told)
        case list():
            return " ".join(visible(str(each)) for each in value)
        case str() if member not in _WORDS:
            return f'"{visible(value)}"'
    return value_text(kind, member, value, currency)
