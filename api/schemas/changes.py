"""The site's log: GET /ledger/changes, as a list and as a stream."""

from dataclasses import dataclass
from typing import Any

from api.field_groups import Given
from api.fields import Boolean, Choice, Integer
from api.schemas.filters import (
    EQUALITY,
    SET_OPERATORS,
    FilterField,
    SortField,
    TextFilter,
    TimestampFilter,
    with_days,
)
from api.schemas.listing import PageSchema
from ledger.errors import ParamWrongValue
from ledger.ids import Position
from ledger.limits import INTEGER_MAX, PAGE_LIMIT_DEFAULT
from ledger.vocabulary import EventSource
from projections.changes.event_types import EventType
from projections.changes.query import ChangeQuery
from projections.listing import Operator, Sort

_NEWEST_FIRST = Sort("position", descending=True)
_OF_A_PAGE = ("limit", "offset", "sort_by")


@dataclass(frozen=True, slots=True)
class ChangesRequest:
    """What is asked of the log. ``offset`` is as it was sent; ``resumed_from`` is ``last_event_id``.

    ``page_parameters`` are the names of those that were given and make sense for a page alone.
    """

    query: ChangeQuery
    offset: str | None = None
    with_differences: bool = False
    resumed_from: Position | None = None
    page_parameters: tuple[str, ...] = ()

    def stream_start(self) -> Position | None:
        """The position behind which a stream starts, None for the present end.

        Raises:
            ParamWrongValue: a parameter that a stream cannot have.
        """
        for name in self.page_parameters:
            raise ParamWrongValue("cannot be given for a stream", param=name)
        bounds = [each for each in self.query.filters if each.field == "position"]
        for each in bounds:
            if each.operator is not Operator.AFTER:
                raise ParamWrongValue("cannot be given for a stream", param=f"position[{each.operator}]")
        if self.resumed_from is not None:
            return self.resumed_from
        return max((Position(int(each.values[0])) for each in bounds), default=None)


class ChangesSchema(PageSchema[ChangesRequest]):
    """GET /ledger/changes. ``zone`` is the time zone of the site, for whole days."""

    zone = Given()
    sort_by = SortField("position")
    include_difference = Boolean()
    last_event_id = Integer(0, INTEGER_MAX)

    actor = TextFilter(*EQUALITY, *SET_OPERATORS)
    source = FilterField(Choice(EventSource), *EQUALITY, *SET_OPERATORS)
    type = FilterField(Choice(EventType), *EQUALITY, *SET_OPERATORS)
    order_id = TextFilter(*EQUALITY, *SET_OPERATORS)
    invoice_id = TextFilter(*EQUALITY, *SET_OPERATORS)
    request_id = TextFilter(*EQUALITY, *SET_OPERATORS)
    causation_id = TextFilter(*EQUALITY, *SET_OPERATORS)
    correlation_id = TextFilter(*EQUALITY, *SET_OPERATORS)
    recorded_at = TimestampFilter()
    position = FilterField(Integer(0), Operator.AFTER, Operator.BEFORE, Operator.BETWEEN)

    def build(self, members: dict[str, Any]) -> ChangesRequest:
        query = ChangeQuery(
            filters=with_days(self.filters_in(members), members["zone"]),
            descending=members.get("sort_by", _NEWEST_FIRST).descending,
            limit=members.get("limit", PAGE_LIMIT_DEFAULT),
        )
        return ChangesRequest(
            query,
            offset=members.get("offset"),
            with_differences=members.get("include_difference", False),
            resumed_from=members.get("last_event_id"),
            page_parameters=tuple(name for name in _OF_A_PAGE if members.get(name) is not None),
        )


LIST_CHANGES = ChangesSchema()
