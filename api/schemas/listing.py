"""Lists of orders: GET /orders and GET /invoices/{invoice-id}/orders (chargebee/orders.md, section 6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from api.field_groups import Given, PathId
from api.fields import Boolean, Choice, Integer, Scalar, Text
from api.schemas.filters import (
    EQUALITY,
    SET_OPERATORS,
    TEXT_OPERATORS,
    BooleanFilter,
    FilterField,
    SortField,
    TextFilter,
    TimestampFilter,
    with_days,
)
from api.schemas.moments import MomentField
from api.schemas.operation import OperationSchema
from ledger.limits import OFFSET_LENGTH_MAX, PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX
from ledger.vocabulary import OrderStatus, OrderType, ResentStatus
from projections.listing import Filter, Operator, OrderQuery, Sort
from projections.past.cut import ListMoment

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What a list call asks for. ``offset`` is as it was sent; ``api.offsets`` makes it the start of the page.

    ``moment`` is when the list is wanted as it was; None for now.
    """

    query: OrderQuery
    offset: str | None = None
    moment: ListMoment | None = None


class ListMomentField(MomentField):
    """A moment of a site: an order has versions, a list has none."""

    members: Mapping[str, Scalar[Any]] = {name: MomentField.members[name] for name in ("time", "position")}


class PageSchema(OperationSchema[C], Generic[C]):
    """The page of a list."""

    limit = Integer(1, PAGE_LIMIT_MAX)
    offset = Text(OFFSET_LENGTH_MAX)

    def filters_in(self, members: dict[str, Any]) -> tuple[Filter, ...]:
        """The filters that were given, in the order in which the schema has them."""
        names = (name for name, field in self.fields.items() if isinstance(field, FilterField))
        return tuple(found for name in names for found in members.get(name, ()))


class ListOrdersSchema(PageSchema[ListRequest]):
    """GET /orders. ``zone`` is the time zone of the site, for whole days."""

    zone = Given()
    as_of = ListMomentField()
    include_deleted = Boolean()
    exclude_deleted_credit_notes = Boolean()
    sort_by = SortField("created_at", "updated_at")

    id = TextFilter(*TEXT_OPERATORS, *SET_OPERATORS)
    invoice_id = TextFilter(*TEXT_OPERATORS, *SET_OPERATORS)
    subscription_id = TextFilter(*TEXT_OPERATORS)
    status = FilterField(Choice(OrderStatus), *EQUALITY, *SET_OPERATORS)
    shipping_date = TimestampFilter()
    shipped_at = TimestampFilter()
    order_type = FilterField(Choice(OrderType), *EQUALITY, *SET_OPERATORS)
    order_date = TimestampFilter()
    paid_on = TimestampFilter()
    updated_at = TimestampFilter()
    created_at = TimestampFilter()
    resent_status = FilterField(Choice(ResentStatus), *EQUALITY, *SET_OPERATORS)
    is_resent = BooleanFilter()
    original_order_id = TextFilter(*TEXT_OPERATORS)

    def build(self, members: dict[str, Any]) -> ListRequest:
        offset = members.pop("offset", None)
        query = OrderQuery(
            filters=with_days(self.filters_in(members), members["zone"]),
            sort=members.get("sort_by", Sort()),
            limit=members.get("limit", PAGE_LIMIT_DEFAULT),
            include_deleted=members.get("include_deleted", False),
            exclude_deleted_credit_notes=members.get("exclude_deleted_credit_notes", False),
        )
        return ListRequest(query, offset, members.get("as_of"))


class OrdersForInvoiceSchema(PageSchema[ListRequest]):
    """GET /invoices/{invoice-id}/orders: the latest order first."""

    invoice_id = PathId(50)
    as_of = ListMomentField()

    def build(self, members: dict[str, Any]) -> ListRequest:
        query = OrderQuery(
            filters=(Filter("invoice_id", Operator.IS, (members["invoice_id"],)),),
            sort=Sort("created_at", descending=True),
            limit=members.get("limit", PAGE_LIMIT_DEFAULT),
        )
        return ListRequest(query, members.get("offset"), members.get("as_of"))


LIST_ORDERS = ListOrdersSchema()
ORDERS_FOR_INVOICE = OrdersForInvoiceSchema()
