"""What the log of a site can be asked for, as data, and what that means for an event."""

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.ids import Position
from ledger.limits import INTEGER_MAX
from projections.changes.row import ChangeRow
from projections.listing import Filter
from projections.sql.conditions import Condition, NoneOf, OneOf, StartsWith, Within, conditions_of

FILTERED = frozenset(
    {
        "actor",
        "source",
        "type",
        "order_id",
        "invoice_id",
        "request_id",
        "causation_id",
        "correlation_id",
        "business_entity_id",
        "recorded_at",
        "position",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeQuery:
    """One page of a site's log. All filters must hold; ``recorded_at`` is compared in seconds.

    ``start`` is the position that the page before came to; this one lies beyond it.
    """

    filters: tuple[Filter, ...] = ()
    descending: bool = True
    limit: int = 10
    start: Position | None = None


def change_conditions(filters: Iterable[Filter]) -> tuple[Condition, ...] | None:
    """The conditions of all filters, times in milliseconds; None if no event can fulfil them."""
    filters = tuple(filters)
    assert all(each.field in FILTERED for each in filters)
    conditions = conditions_of(filters)
    return None if conditions is None else tuple(map(_in_milliseconds, conditions))


def range_of(conditions: Iterable[Condition], column: str) -> Within:
    """The range that a column must be in."""
    ranges = (each for each in conditions if isinstance(each, Within) and each.column == column)
    return next(ranges, Within(column))


def matches(row: ChangeRow, conditions: Iterable[Condition]) -> bool:
    """Whether an event fulfils all conditions."""
    return all(_holds(row.value(each.column), each) for each in conditions)


def _holds(value: str | int | None, condition: Condition) -> bool:
    match condition:
        case OneOf():
            return value in condition.values
        case NoneOf():
            return value not in condition.values
        case Within():
            return isinstance(value, int) and condition.first <= value <= condition.last
        case StartsWith():
            return isinstance(value, str) and value.startswith(condition.prefix)


def _in_milliseconds(condition: Condition) -> Condition:
    if not isinstance(condition, Within) or condition.column != "recorded_at":
        return condition
    first = condition.first if condition.first == -INTEGER_MAX else condition.first * 1000
    last = condition.last if condition.last == INTEGER_MAX else condition.last * 1000 + 999
    return Within(condition.column, first, last)
