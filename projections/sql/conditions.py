"""What a list asks of the rows, column by column: the meaning of its filters (chargebee/conventions.md, section 8).

Filters of one column are joined, so that each column is asked for one set of values and one range at most, and a
list that nothing can match is known without a query.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.limits import INTEGER_MAX
from ledger.vocabulary import OrderStatus, OrderType
from projections.listing import Filter, Operator

Value = str | int | bool

# Columns that always have one of a few values: what they are not says what they are.
CLOSED_COLUMNS: dict[str, tuple[str, ...]] = {"status": tuple(OrderStatus), "order_type": tuple(OrderType)}


@dataclass(frozen=True, slots=True)
class OneOf:
    """The column has one of these values, each of them named once."""

    column: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Within:
    """The column has a number from first to last."""

    column: str
    first: int = -INTEGER_MAX
    last: int = INTEGER_MAX


@dataclass(frozen=True, slots=True)
class StartsWith:
    """The column has a text that begins with the prefix."""

    column: str
    prefix: str

    @property
    def end(self) -> str | None:
        """The first text behind all that begin with the prefix; None where there is none."""
        stem = self.prefix.rstrip(_LAST_CHARACTER)
        return stem[:-1] + _after(stem[-1]) if stem else None


@dataclass(frozen=True, slots=True)
class NoneOf:
    """The column has none of these values, or no value."""

    column: str
    values: tuple[Value, ...]


Condition = OneOf | Within | StartsWith | NoneOf

_LAST_CHARACTER = chr(0x10FFFF)


def conditions_of(filters: Iterable[Filter]) -> tuple[Condition, ...] | None:
    """The conditions of all filters; None if no row can fulfil them."""
    joined: dict[object, Condition] = {}
    for condition in map(_condition, filters):
        kind = (type(condition), condition.column) if isinstance(condition, OneOf | Within) else condition
        joined[kind] = _both(joined[kind], condition) if kind in joined else condition
    if any(map(_is_impossible, joined.values())):
        return None
    return tuple(joined.values())


def _condition(each: Filter) -> Condition:
    column, first, last = each.field, each.values[0], each.values[-1]
    match each.operator:
        case Operator.IS | Operator.IN:
            return OneOf(column, tuple(dict.fromkeys(each.values)))
        case Operator.IS_NOT | Operator.NOT_IN:
            return _none_of(column, each.values)
        case Operator.STARTS_WITH:
            return StartsWith(column, str(first))
        case Operator.AFTER:
            return Within(column, first=int(first) + 1)
        case Operator.BEFORE:
            return Within(column, last=int(first) - 1)
        case Operator.ON | Operator.BETWEEN:
            return Within(column, int(first), int(last))


def _none_of(column: str, values: tuple[Value, ...]) -> Condition:
    if column in CLOSED_COLUMNS:
        return OneOf(column, tuple(value for value in CLOSED_COLUMNS[column] if value not in values))
    return NoneOf(column, values)


def _both(one: Condition, other: Condition) -> Condition:
    match one, other:
        case OneOf(), OneOf():
            return OneOf(one.column, tuple(value for value in one.values if value in other.values))
        case Within(), Within():
            return Within(one.column, max(one.first, other.first), min(one.last, other.last))
    return one


def _is_impossible(condition: Condition) -> bool:
    match condition:
        case OneOf():
            return not condition.values
        case Within():
            return condition.first > condition.last
    return False


def _after(character: str) -> str:
    """The next character; those from U+D800 to U+DFFF are none."""
    code = ord(character) + 1
    return chr(0xE000 if code == 0xD800 else code)
