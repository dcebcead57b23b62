"""What became of deliveries: GET /ledger/webhook_deliveries."""

from dataclasses import dataclass
from typing import Any

from api.fields import Choice, Text
from api.schemas.filters import EQUALITY, SET_OPERATORS, FilterField
from api.schemas.listing import PageSchema
from ledger.limits import PAGE_LIMIT_DEFAULT
from ledger.vocabulary import WebhookStatus
from projections.listing import Filter, Operator
from projections.webhooks.delivery_list import DeliveryQuery


@dataclass(frozen=True, slots=True)
class DeliveryList:
    """What a list call asks for. ``offset`` is as it was sent."""

    query: DeliveryQuery
    offset: str | None = None


class ListDeliveriesSchema(PageSchema[DeliveryList]):
    """GET /ledger/webhook_deliveries"""

    status = FilterField(Choice(WebhookStatus), *EQUALITY, *SET_OPERATORS)
    endpoint_id = FilterField(Text(), Operator.IS, Operator.IN)

    def build(self, members: dict[str, Any]) -> DeliveryList:
        statuses, endpoint_ids = members.get("status", ()), members.get("endpoint_id", ())
        wanted = DeliveryQuery(
            statuses=tuple(status for status in WebhookStatus if all(_holds(each, status) for each in statuses)),
            endpoint_ids=_in_all(endpoint_ids) if endpoint_ids else None,
            limit=members.get("limit", PAGE_LIMIT_DEFAULT),
        )
        return DeliveryList(wanted, members.get("offset"))


def _holds(found: Filter, status: WebhookStatus) -> bool:
    return (status in found.values) != (found.operator in {Operator.IS_NOT, Operator.NOT_IN})


def _in_all(filters: tuple[Filter, ...]) -> tuple[str, ...]:
    """The values that each of the filters names."""
    first, *others = ({str(value) for value in each.values} for each in filters)
    return tuple(sorted(first.intersection(*others)))


LIST_DELIVERIES = ListDeliveriesSchema()
