"""Conditions as SQL: fixed text, and what the caller sent as arguments."""

from typing import Any

from ledger.limits import INTEGER_MAX
from projections.sql.conditions import Condition, NoneOf, OneOf, StartsWith, Within


class Arguments:
    """The arguments of one statement, in their order."""

    def __init__(self, *first: Any) -> None:
        self.values: list[Any] = list(first)

    def add(self, value: Any) -> str:
        """The place of a value in the statement's text: ``$3``."""
        self.values.append(value)
        return f"${len(self.values)}"


def condition_sql(condition: Condition, arguments: Arguments) -> str:
    """A condition on the column of its name."""
    column = condition.column
    match condition:
        case OneOf(_, (bool(value),)):
            return column if value else f"NOT {column}"
        case OneOf(_, (value,)):
            return f"{column} = {arguments.add(value)}"
        case OneOf(_, values):
            return f"{column} = ANY ({arguments.add(list(values))})"
        case Within():
            return _within(condition, arguments)
        case StartsWith(_, prefix):
            end = f" AND {column} < {arguments.add(condition.end)}" if condition.end else ""
            return f"{column} >= {arguments.add(prefix)}{end}"
        case NoneOf(_, values):
            return f"({column} IS NULL OR {column} <> ALL ({arguments.add(list(values))}))"


def _within(condition: Within, arguments: Arguments) -> str:
    """A range, without an end that it does not have: of two ends, an index may read from the one that is no bound."""
    column, first, last = condition.column, condition.first, condition.last
    if first > -INTEGER_MAX and last < INTEGER_MAX:
        return f"{column} BETWEEN {arguments.add(first)} AND {arguments.add(last)}"
    if last < INTEGER_MAX:
        return f"{column} <= {arguments.add(last)}"
    return f"{column} >= {arguments.add(first)}"
