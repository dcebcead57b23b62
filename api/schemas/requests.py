"""What was asked: GET /ledger/requests and GET /ledger/requests/{request-id}."""

from dataclasses import dataclass
from typing import Any

from api.field_groups import Given, PathId
from api.fields import Integer
from api.schemas.filters import (
    EQUALITY,
    SET_OPERATORS,
    BooleanFilter,
    FilterField,
    TextFilter,
    TimestampFilter,
    with_days,
)
from api.schemas.listing import PageSchema
from api.schemas.operation import OperationSchema
from ledger.limits import INTEGER_MAX, PAGE_LIMIT_DEFAULT
from ledger.requests import Choice, RequestQuery
from projections.listing import Filter, Operator

REQUEST_ID_LENGTH_MAX = 50


@dataclass(frozen=True, slots=True)
class RequestList:
    """What a list call asks for. ``offset`` is as it was sent."""

    query: RequestQuery
    offset: str | None = None


class ListRequestsSchema(PageSchema[RequestList]):
    """GET /ledger/requests. ``zone`` is the time zone of the site, for whole days."""

    zone = Given()

    order_id = TextFilter(*EQUALITY, *SET_OPERATORS)
    actor = TextFilter(*EQUALITY, *SET_OPERATORS)
    operation = TextFilter(*EQUALITY, *SET_OPERATORS)
    status = FilterField(Integer(100, 599), *EQUALITY, *SET_OPERATORS)
    api_error_code = TextFilter(*EQUALITY, *SET_OPERATORS)
    is_refused = BooleanFilter()
    at = TimestampFilter()

    def build(self, members: dict[str, Any]) -> RequestList:
        times = [_range_ms(found) for found in with_days(members.get("at", ()), members["zone"])]
        refused = [bool(found.values[0]) for found in members.get("is_refused", ())]
        query = RequestQuery(
            first=max([0, *(first for first, _ in times)]),
            last=min([INTEGER_MAX, *(last for _, last in times)]),
            refused=refused[0] if refused else None,
            limit=members.get("limit", PAGE_LIMIT_DEFAULT),
            order_id=_choice(members.get("order_id", ())),
            actor=_choice(members.get("actor", ())),
            operation=_choice(members.get("operation", ())),
            api_error_code=_choice(members.get("api_error_code", ())),
            status=_choice(members.get("status", ())),
        )
        return RequestList(query, members.get("offset"))


class RetrieveRequestSchema(OperationSchema[str]):
    """GET /ledger/requests/{request-id}"""

    request_id = PathId(REQUEST_ID_LENGTH_MAX)

    def build(self, members: dict[str, Any]) -> str:
        request_id: str = members["request_id"]
        return request_id


def _choice(filters: tuple[Filter, ...]) -> Choice:
    """All filters of a column, joined."""
    wanted: tuple[str | int, ...] | None = None
    unwanted: tuple[str | int, ...] = ()
    for found in filters:
        if found.operator in {Operator.IS_NOT, Operator.NOT_IN}:
            unwanted += found.values
        else:
            wanted = tuple(value for value in found.values if wanted is None or value in wanted)
    return Choice(wanted=wanted, unwanted=unwanted)


def _range_ms(found: Filter) -> tuple[int, int]:
    """The first and the last millisecond of a filter in seconds."""
    first, last = int(found.values[0]), int(found.values[-1])
    match found.operator:
        case Operator.AFTER:
            return (first + 1) * 1000, INTEGER_MAX
        case Operator.BEFORE:
            return 0, first * 1000 - 1
    return first * 1000, last * 1000 + 999


LIST_REQUESTS = ListRequestsSchema()
RETRIEVE_REQUEST = RetrieveRequestSchema()
