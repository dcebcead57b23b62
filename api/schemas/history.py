"""The past of one order: its history, the order at a moment, and differences."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.field_groups import Given
from api.fields import Boolean, Choice, Integer, Scalar, Text
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
from api.schemas.moments import MomentField
from api.schemas.operation import OperationSchema
from ledger.limits import PAGE_LIMIT_DEFAULT
from ledger.vocabulary import EventSource
from projections.history.event_types import OrderEventType
from projections.history.history_query import HistoryQuery
from projections.history.moments import Moment
from projections.history.order_states import Side
from projections.listing import Operator, Sort

_BY_VERSION = Sort("version")


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """What a history call asks for. ``offset`` is as it was sent."""

    query: HistoryQuery
    offset: str | None = None
    include_requests: bool = False


class HistorySchema(PageSchema[HistoryRequest]):
    """GET /orders/{order-id}/history. ``zone`` is the time zone of the site, for whole days."""

    zone = Given()
    include_requests = Boolean()
    sort_by = SortField("version")

    type = FilterField(Choice(OrderEventType), *EQUALITY, *SET_OPERATORS)
    actor = TextFilter(*EQUALITY, *SET_OPERATORS)
    source = FilterField(Choice(EventSource), *EQUALITY, *SET_OPERATORS)
    request_id = TextFilter(*EQUALITY, *SET_OPERATORS)
    recorded_at = TimestampFilter()
    version = FilterField(Integer(1), Operator.IS, Operator.AFTER, Operator.BEFORE, Operator.BETWEEN)
    path = TextFilter(Operator.IS, Operator.STARTS_WITH)

    def build(self, members: dict[str, Any]) -> HistoryRequest:
        query = HistoryQuery(
            filters=with_days(self.filters_in(members), members["zone"]),
            descending=members.get("sort_by", _BY_VERSION).descending,
            limit=members.get("limit", PAGE_LIMIT_DEFAULT),
        )
        return HistoryRequest(query, members.get("offset"), members.get("include_requests", False))


class RetrieveOrderSchema(OperationSchema[Moment | None]):
    """GET /orders/{order-id}: None for the order as it is now."""

    as_of = MomentField()

    def build(self, members: dict[str, Any]) -> Moment | None:
        moment: Moment | None = members.get("as_of")
        return moment


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides of a comparison."""

    before: Side
    after: Side


class OtherSideField(MomentField):
    """A moment, of another order where ``order_id`` says so. Gives both, None for what is not there."""

    members: Mapping[str, Scalar[Any]] = {**MomentField.members, "order_id": Text()}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        values = self.texts(value)
        order_id = values.pop("order_id", None)
        return order_id, self.moment(str(attr), values) if values else None


class DiffSchema(OperationSchema[Sides]):
    """GET /orders/{order-id}/diff"""

    class Meta(OperationSchema.Meta):
        include = {"from": MomentField(), "to": OtherSideField()}  # noqa: RUF012  # "from" is a word of Python

    order_id = Given()

    def build(self, members: dict[str, Any]) -> Sides:
        order_id = members["order_id"]
        other, moment = members.get("to", (None, None))
        return Sides(before=Side(order_id, members.get("from")), after=Side(other or order_id, moment))


ORDER_HISTORY = HistorySchema()
RETRIEVE_ORDER = RetrieveOrderSchema()
ORDER_DIFF = DiffSchema()
