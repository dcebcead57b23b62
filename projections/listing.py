"""What a list of orders can be asked for: filters, sort and page, as data (chargebee/conventions.md, section 8)."""

from dataclasses import dataclass
from enum import StrEnum


class Operator(StrEnum):
    """How a filter compares. ``between`` and ``on`` hold an inclusive pair of values."""

    IS = "is"
    IS_NOT = "is_not"
    STARTS_WITH = "starts_with"
    IN = "in"
    NOT_IN = "not_in"
    AFTER = "after"
    BEFORE = "before"
    ON = "on"
    BETWEEN = "between"


@dataclass(frozen=True, slots=True)
class Filter:
    """``field[operator]=value``. Values are a tuple also where there is one; times are seconds."""

    field: str
    operator: Operator
    values: tuple[str, ...] | tuple[int, ...] | tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Sort:
    """Attribute to sort by (``created_at`` or ``updated_at``); ties are broken by id in the same direction."""

    field: str = "created_at"
    descending: bool = False


@dataclass(frozen=True, slots=True)
class PageStart:
    """Sort value and id of the last row of the page before."""

    value: int
    id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderQuery:
    """One page of a list of orders. All filters must hold."""

    filters: tuple[Filter, ...] = ()
    sort: Sort = Sort()
    limit: int = 10
    start: PageStart | None = None
    include_deleted: bool = False
    exclude_deleted_credit_notes: bool = False
