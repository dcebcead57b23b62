"""Values of documents as lines and words, with nothing in them that could steer a page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from api.console.texts import seconds
from projections.history.difference import MemberChange
from projections.visible_text import visible

_VALUE_LENGTH_MAX = 2_000
_TIMES = frozenset(
    {
        "order_date",
        "paid_on",
        "shipping_cut_off_date",
        "shipping_date",
        "created_at",
        "status_update_at",
        "shipped_at",
        "delivered_at",
        "cancelled_at",
        "updated_at",
        "date_from",
        "date_to",
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a document: how deep it stands, its name (None in a list), and its value; None opens or closes."""

    depth: int
    name: str | None
    value: str | None
    bracket: str = ""


def written_out(document: Any) -> list[Line]:
    """A document as lines, in the order of its members."""
    return list(_lines(document, 0, None))


def value_text(change: MemberChange) -> tuple[str | None, str | None]:
    """Both sides of a change as text; None where there is nothing."""
    if change.money and (change.money.before or change.money.after):
        return change.money.before, change.money.after
    is_time = change.path.rpartition(".")[2] in _TIMES
    return _text(change.before, is_time=is_time), _text(change.after, is_time=is_time)


def _lines(value: Any, depth: int, name: str | None) -> Iterator[Line]:
    if isinstance(value, dict) and value:
        yield Line(depth, name, None, "{")
        for key, inner in value.items():
            yield from _lines(inner, depth + 1, visible(str(key)))
        yield Line(depth, None, None, "}")
    elif isinstance(value, list) and value:
        yield Line(depth, name, None, "[")
        for inner in value:
            yield from _lines(inner, depth + 1, None)
        yield Line(depth, None, None, "]")
    else:
        yield Line(depth, name, visible(msgspec.json.encode(value).decode(), _VALUE_LENGTH_MAX))


def _text(value: Any, *, is_time: bool) -> str | None:
    if value is None:
        return None
    if is_time and isinstance(value, int):
        return seconds(value)
    if isinstance(value, dict):
        return visible(", ".join(f"{name}: {_plain(each)}" for name, each in value.items()), _VALUE_LENGTH_MAX)
    return visible(_plain(value), _VALUE_LENGTH_MAX)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
