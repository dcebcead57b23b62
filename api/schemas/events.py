"""Events as Chargebee shows them: GET /events (chargebee/events.md, section 2)."""

from dataclasses import dataclass
from typing import Any

from api.field_groups import Given
from api.fields import Choice, Timestamp
from api.schemas.event_types import EventTypeName
from api.schemas.filters import (
    EQUALITY,
    SET_OPERATORS,
    TEXT_OPERATORS,
    FilterField,
    SortField,
    TextFilter,
    TimestampFilter,
    with_days,
)
from api.schemas.listing import PageSchema
from ledger.limits import PAGE_LIMIT_DEFAULT
from ledger.vocabulary import EventSource, WebhookStatus
from projections.chargebee_events.query import EventQuery
from projections.listing import Filter, Operator, Sort

_LATEST_FIRST = Sort("occurred_at", descending=True)


@dataclass(frozen=True, slots=True)
class EventsRequest:
    """What a list call asks for. ``offset`` is as it was sent."""

    query: EventQuery
    offset: str | None = None


class EventsSchema(PageSchema[EventsRequest]):
    """GET /events. ``zone`` is the time zone of the site, for whole days.

    ``start_time`` and ``end_time`` are older names of the first and the last second, both included.
    """

    zone = Given()
    start_time = Timestamp(clearable=False)
    end_time = Timestamp(clearable=False)
    sort_by = SortField("occurred_at")

    id = TextFilter(*TEXT_OPERATORS, *SET_OPERATORS)
    webhook_status = FilterField(Choice(WebhookStatus), *EQUALITY, *SET_OPERATORS)
    event_type = FilterField(EventTypeName(), *EQUALITY, *SET_OPERATORS)
    source = FilterField(Choice(EventSource), *EQUALITY, *SET_OPERATORS)
    occurred_at = TimestampFilter()

    def build(self, members: dict[str, Any]) -> EventsRequest:
        filters = with_days(self.filters_in(members), members["zone"])
        query = EventQuery(
            filters=(*filters, *_older_bounds(members)),
            descending=members.get("sort_by", _LATEST_FIRST).descending,
            limit=members.get("limit", PAGE_LIMIT_DEFAULT),
        )
        return EventsRequest(query, members.get("offset"))


def _older_bounds(members: dict[str, Any]) -> tuple[Filter, ...]:
    bounds = []
    if "start_time" in members:
        bounds.append(Filter("occurred_at", Operator.AFTER, (members["start_time"] - 1,)))
    if "end_time" in members:
        bounds.append(Filter("occurred_at", Operator.BEFORE, (members["end_time"] + 1,)))
    return tuple(bounds)


LIST_EVENTS = EventsSchema()
