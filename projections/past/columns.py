"""What lists filter and sort by, as it was after each event: a fold of those members alone, read from the bodies.

The whole order is folded with ``ledger.order.evolve``. Lists of the past need fifteen of its members for every event
there ever was, and reading no more than these is what lets them be made at the speed of the log. A property test holds
this fold against the other one; ``order-ledger rebuild --view order_versions`` does so for a whole site.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

import msgspec
from eventsourcing.persistence import MapperDeserialisationError
from msgspec import UNSET, UnsetType
from msgspec.structs import asdict, replace

from ledger.envelope import EventMapper, RecordedEvent
from ledger.events import EVENT_TYPES, OrderDeleted
from ledger.ids import order_stream
from ledger.order import Order
from ledger.vocabulary import OrderStatus, OrderType, ResentStatus
from projections.rebuild.folding import StreamBroken

_ORDER = order_stream("")
_CURRENT_SCHEMAS: Mapping[str, int] = {each.TOPIC: each.class_version for each in EVENT_TYPES}
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of one version of an order, as they stand in the order view."""

    deleted: bool = False
    status: str
    order_type: str
    invoice_id: str
    subscription_id: str | None = None
    original_order_id: str | None = None
    business_entity_id: str | None = None
    resent_status: str | None = None
    is_resent: bool = False
    created_at: int
    updated_at: int
    order_date: int | None = None
    shipping_date: int | None = None
    shipped_at: int | None = None
    paid_on: int | None = None


COLUMNS: tuple[str, ...] = Columns.__struct_fields__


class _Facts(msgspec.Struct, frozen=True):
    status: OrderStatus
    order_type: OrderType
    invoice_id: str
    created_at: int
    subscription_id: str | None = None
    original_order_id: str | None = None
    business_entity_id: str | None = None
    is_resent: bool = False
    order_date: int | None = None
    shipping_date: int | None = None
    shipped_at: int | None = None
    paid_on: int | None = None


class _Changes(msgspec.Struct, frozen=True):
    status: OrderStatus | UnsetType = UNSET
    order_date: int | UnsetType | None = UNSET
    shipping_date: int | UnsetType | None = UNSET
    shipped_at: int | UnsetType | None = UNSET
    paid_on: int | UnsetType | None = UNSET


class _Data(msgspec.Struct, frozen=True):
    order: _Facts | None = None
    changes: _Changes | None = None
    resent_status: ResentStatus | UnsetType = UNSET


class _Body(msgspec.Struct, frozen=True):
    schema: int
    data: _Data


_decoder = msgspec.json.Decoder(_Body)
values_of: Callable[[Columns | Order], tuple[Any, ...]] = attrgetter(*COLUMNS)
"""The values of all columns, by ``COLUMNS``."""
_mapper = EventMapper()


def evolve_columns(columns: Columns | None, event: RecordedEvent) -> Columns:
    """The columns after the next event of an order.

    Raises:
        StreamBroken: the event cannot be read, or cannot follow.
    """
    data = _data(event)
    updated_at = event.recorded_at // 1000
    if columns is None or data.order is not None:
        if columns is not None or data.order is None or event.version != 1:
            raise StreamBroken(event, f"Event {event.position}: {event.type} cannot follow.")
        return Columns(updated_at=updated_at, **_members(data.order))
    changed: dict[str, Any] = {"updated_at": updated_at}
    if data.changes is not None:
        changed |= _members(data.changes)
    if data.resent_status is not UNSET:
        changed["resent_status"] = data.resent_status
    if event.type == OrderDeleted.TOPIC:
        changed["deleted"] = True
    return replace(columns, **changed)


def columns_of(order: Order) -> Columns:
    """The columns of an order that was folded as a whole."""
    return Columns(**dict(zip(COLUMNS, values_of(order), strict=True)))


def order_id_of(event: RecordedEvent) -> str:
    """The id of the order that the event belongs to."""
    return event.stream.removeprefix(_ORDER)


def _data(event: RecordedEvent) -> _Data:
    current = _CURRENT_SCHEMAS.get(event.type)
    if current is None or not event.type.startswith("order."):
        raise StreamBroken(event, f"Event {event.position}: orders have no events of type {event.type}.")
    try:
        body = _decoder.decode(event.body)
        if body.schema == current:
            return body.data
        return msgspec.convert(msgspec.to_builtins(_mapper.event(event.body)), _Data)
    except (*_UNREADABLE, MapperDeserialisationError) as error:
        raise StreamBroken(event, f"Event {event.position}: not a readable event: {error}.") from error


def _members(part: _Facts | _Changes) -> dict[str, Any]:
    return {name: value for name, value in asdict(part).items() if value is not UNSET}
