"""Orders by their words and by who changed them: GET /ledger/orders."""

from dataclasses import replace
from typing import Any

from api.fields import BLANK, Text
from api.schemas.filters import FilterField
from api.schemas.listing import ListOrdersSchema, ListRequest
from ledger.errors import ParamRequired
from ledger.limits import SEARCH_TEXT_LENGTH_MAX
from projections.listing import Filter, Operator, Sort
from projections.search.lookup import WORDS

LATEST_CHANGE_FIRST = Sort("updated_at", descending=True)


class FindOrdersSchema(ListOrdersSchema):
    """GET /ledger/orders: the filters of GET /orders and two more, and the latest changes first."""

    words = Text(SEARCH_TEXT_LENGTH_MAX)
    actor = FilterField(Text(), Operator.IS)

    def build(self, members: dict[str, Any]) -> ListRequest:
        listed = super().build({"sort_by": LATEST_CHANGE_FIRST, **members})
        if WORDS not in members:
            return listed
        if not members[WORDS]:
            # As for filters: one that silently vanishes gives the wrong list.
            raise ParamRequired(BLANK, param=WORDS)
        words = Filter(WORDS, Operator.IS, (members[WORDS],))
        return replace(listed, query=replace(listed.query, filters=(*listed.query.filters, words)))


FIND_ORDERS = FindOrdersSchema()
