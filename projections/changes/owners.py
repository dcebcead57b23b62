"""Which invoice and business entity an order belongs to: what it was made with, for it never gets others.

The order view has them in the transaction of the order's first event. Whoever checks views must not believe one, and
reads them from the log.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from eventsourcing.persistence import MapperDeserialisationError

from ledger.envelope import EventMapper, RecordedEvent
from ledger.events import EVENT_TYPES, OrderFacts
from ledger.ids import Site, order_stream
from ledger.limits import OWNERS_REMEMBERED_MAX
from projections.sql import query


class Owner(NamedTuple):
    """The invoice of an order, and its business entity."""

    invoice_id: str | None
    business_entity_id: str | None


NO_OWNER = Owner(None, None)
_ORDER = order_stream("")

Owners = Callable[[Any, Site, set[str]], Awaitable[Mapping[str, Owner]]]
"""Finds the owners of orders of a site by their ids; handed a pool or a connection. Orders that are not there have
none."""


async def owners_in_view(database: Any, site: Site, order_ids: Iterable[str]) -> Mapping[str, Owner]:
    """As the order view has them."""
    ids = list(order_ids)
    rows = await database.fetch(query("order_owners"), site, ids) if ids else []
    return {row["id"]: Owner(row["invoice_id"], row["business_entity_id"]) for row in rows}


class _Facts(msgspec.Struct):
    invoice_id: str
    business_entity_id: str | None = None


class _Data(msgspec.Struct):
    order: _Facts


class _Birth(msgspec.Struct):
    type: str
    schema: int
    data: _Data


_birth_decoder = msgspec.json.Decoder(_Birth)
_CURRENT = frozenset((each.TOPIC, each.class_version) for each in EVENT_TYPES if "order" in each.__struct_fields__)
"""Types of events that make an order, with the schemas that can be read as they are."""


class OwnersInLog:
    """As the first events of orders have them; those of the orders that were asked for last are remembered.

    An order whose first event cannot be read keeps the row that it has in the view (``rebuild/parking.py``), and with
    it the owner.
    """

    def __init__(self, remembered_max: int = OWNERS_REMEMBERED_MAX) -> None:
        self._remembered_max = remembered_max
        self._known: OrderedDict[str, Owner] = OrderedDict()
        self._mapper = EventMapper()

    def remember(self, page: Sequence[RecordedEvent]) -> None:
        """Take the owners of new orders from their first events, so that these need not be read again."""
        for event in page:
            if event.version == 1 and event.stream.startswith(_ORDER) and (owner := self._owner(event.body)):
                self._known[event.stream.removeprefix(_ORDER)] = owner

    async def __call__(self, database: Any, site: Site, order_ids: set[str]) -> Mapping[str, Owner]:
        """The owners of orders of the one site that this is used for."""
        found = {order_id: self._known[order_id] for order_id in order_ids if order_id in self._known}
        if unknown := order_ids - found.keys():
            found |= await self._read(database, site, unknown)
        for order_id, owner in found.items():
            self._known[order_id] = owner
            self._known.move_to_end(order_id)
        while len(self._known) > self._remembered_max:
            self._known.popitem(last=False)
        return found

    async def _read(self, database: Any, site: Site, order_ids: set[str]) -> dict[str, Owner]:
        ids = {order_stream(order_id): order_id for order_id in order_ids}
        rows = await database.fetch(query("first_events"), site, list(ids))
        read = {ids[row["stream"]]: self._owner(row["body"]) for row in rows}
        unreadable = [order_id for order_id, owner in read.items() if owner is None]
        kept = await owners_in_view(database, site, unreadable)
        return {order_id: owner or kept.get(order_id, NO_OWNER) for order_id, owner in read.items()}

    def _owner(self, body: bytes) -> Owner | None:
        """As little of a body is read as is needed, and all of it where it is not of today."""
        try:
            birth = _birth_decoder.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return self._upcast_owner(body)
        if (birth.type, birth.schema) not in _CURRENT:
            return self._upcast_owner(body)
        return Owner(birth.data.order.invoice_id, birth.data.order.business_entity_id)

    def _upcast_owner(self, body: bytes) -> Owner | None:
        try:
            event = self._mapper.event(body)
        except MapperDeserialisationError:
            return None
        facts = getattr(event, "order", None)
        return Owner(facts.invoice_id, facts.business_entity_id) if isinstance(facts, OrderFacts) else None
