"""Values of documents as lines and words, with nothing in them that could steer a page."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from projections.history.difference import MemberChange
from projections.visible_text import visible

_VALUE_LENGTH_MAX = 2_000


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
    return _text(change.before), _text(change.after)


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


def _text(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return visible(text, _VALUE_LENGTH_MAX)
