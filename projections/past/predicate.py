"""What ``projections.sql.conditions`` means for one version of an order, without a database."""

from collections.abc import Iterable

from projections.listing import OrderQuery
from projections.past.columns import Columns
from projections.sql.conditions import Condition, NoneOf, OneOf, StartsWith, Within


def is_listed(order_id: str, columns: Columns, conditions: Iterable[Condition], wanted: OrderQuery) -> bool:
    """Whether an order is in a list, behind the start of the page."""
    if columns.deleted and not wanted.include_deleted:
        return False
    if wanted.start is not None:
        place = (getattr(columns, wanted.sort.field), order_id)
        start = (wanted.start.value, wanted.start.id)
        if not (place < start if wanted.sort.descending else place > start):
            return False
    return all(_holds(order_id if each.column == "id" else getattr(columns, each.column), each) for each in conditions)


def _holds(value: str | int | None, condition: Condition) -> bool:
    match condition:
        case OneOf():
            return value is not None and value in condition.values
        case NoneOf():
            return value is None or value not in condition.values
        case Within():
            return isinstance(value, int) and condition.first <= value <= condition.last
        case StartsWith():
            return isinstance(value, str) and value.startswith(condition.prefix)
