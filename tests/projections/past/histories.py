"""Random histories of a few orders, written into the log as they are, and what plain Python makes of them.

Values are few, so that filters, sorts and moments meet; times of different orders cross, and orders are created before
and after they were recorded. Which order an event is about is drawn modulo what there is.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from hypothesis import strategies as st

from ledger.consumer import ConsumerCheckpoint
from ledger.envelope import EventMapper, Metadata, SealedEvent
from ledger.events import (
    DomainEvent,
    OrderChanges,
    OrderCreated,
    OrderDeleted,
    OrderFacts,
    OrderImported,
    OrderResent,
    OrderUpdated,
)
from ledger.ids import Site, order_stream
from ledger.order import Order, evolve
from ledger.parts import ResentOrder
from ledger.store import Store
from ledger.vocabulary import OrderStatus, OrderType, PriceType, ResentStatus
from projections.history.moments import AtTime
from projections.listing import OrderQuery
from projections.order_document import order_json
from projections.order_row import order_row
from projections.past.consumer import OrderVersions
from projections.past.cut import ListMoment
from tests.projections.test_order_lists import VALUES, listed, texts, times

BEGAN_MS = 1_700_000_000_000 - 2_500

METADATA = Metadata(
    actor="writer",
    actor_kind="api_key",
    source="api",
    request_id="req_1",
    correlation_id="req_1",
    causation_id="req_1",
)
_mapper = EventMapper()

Members = dict[str, Any]

some_times = st.none() | times
statuses = st.sampled_from(list(OrderStatus)[:5])
births = st.fixed_dictionaries(
    {
        "kind": st.just("birth"),
        "invoice_id": texts,
        "status": statuses,
        "order_type": st.sampled_from(OrderType),
        "created_at": times,
        "subscription_id": st.none() | texts,
        "original_order_id": st.none() | texts,
        "business_entity_id": st.none() | texts,
        "is_resent": st.booleans(),
        **dict.fromkeys(("order_date", "shipping_date", "shipped_at", "paid_on"), some_times),
    }
)
updates = st.fixed_dictionaries(
    {"kind": st.just("update")},
    optional={"status": statuses, **dict.fromkeys(("order_date", "shipping_date", "shipped_at"), some_times)},
)
resends = st.fixed_dictionaries({"kind": st.just("resend"), "resent_status": st.sampled_from(ResentStatus)})
deletions = st.just({"kind": "delete"})
steps = st.tuples(
    st.integers(0, 5),
    st.one_of(births, births, updates, updates, updates, resends, deletions),
    # How much later it was recorded than the event before it in the log.
    st.sampled_from([0, 0, 1, 1, -1, 400, -700, 1_000, 5_000, 400_000_000]),
)
ids = st.lists(texts, min_size=6, max_size=6, unique=True)


@dataclass
class History:
    """Events in the order of the log, and each order after each of its events."""

    events: list[SealedEvent] = field(default_factory=list)
    states: list[Order | None] = field(default_factory=list)

    def orders_at(self, moment: ListMoment) -> dict[str, Order]:
        """The orders as they were: their last state until the moment."""
        found: dict[str, Order] = {}
        for position, (event, state) in enumerate(zip(self.events, self.states, strict=True), 1):
            is_past = (
                event.recorded_at <= moment.until_ms if isinstance(moment, AtTime) else position <= moment.position
            )
            if is_past and state is not None:
                found[state.id] = state
        return found

    def documents_at(self, moment: ListMoment, wanted: OrderQuery) -> list[bytes]:
        """The documents of the whole list as it was."""
        orders = self.orders_at(moment)
        rows = [{name: getattr(order, name) for name in [*VALUES, "deleted"]} for order in orders.values()]
        return [order_json(orders[order_id]) for order_id in listed(rows, wanted)]


@st.composite
def histories(draw: st.DrawFn, max_size: int = 40) -> History:
    """A history that may have happened."""
    names = draw(ids)
    drawn = draw(st.lists(steps, min_size=min(8, max_size), max_size=max_size))
    return history_of((names[pick], members, later_ms) for pick, members, later_ms in drawn)


def history_of(happened: Iterable[tuple[str, Members, int]]) -> History:
    """What happened to which order and how much later than the step before; what cannot have happened is left out."""
    history, orders, clock_ms = History(), dict[str, Order](), BEGAN_MS
    for name, members, later_ms in happened:
        order = orders.get(name)
        clock_ms += later_ms
        recorded_ms = max(clock_ms, order.resource_version + 1 if order else 0)
        event = _event(name, order, members, recorded_ms)
        if event is not None:
            orders[name] = evolve(order, event)
            history.events.append(_mapper.seal(event, site=Site(""), event_id="", previous=None, metadata=METADATA))
            history.states.append(orders[name])
    return history


def _event(name: str, order: Order | None, members: Members, recorded_ms: int) -> DomainEvent | None:
    """The event of a step; None where it cannot happen."""
    members = {**members}
    kind = members.pop("kind")
    envelope: Members = {
        "originator_id": order_stream(name),
        "originator_version": order.version + 1 if order else 1,
        "timestamp": recorded_ms,
    }
    if (kind == "birth") != (order is None) or (order is not None and order.deleted):
        return None
    match kind:
        case "birth":
            made = OrderCreated if members["order_type"] is OrderType.MANUAL else OrderImported
            return made(order=OrderFacts(price_type=PriceType.TAX_EXCLUSIVE, **members), **envelope)
        case "update":
            return OrderUpdated(changes=OrderChanges(**members), **envelope)
        case "resend":
            resent = ResentOrder(order_id="r", amount=1)
            return OrderResent(resent_order=resent, **members, **envelope)
    return OrderDeleted(**envelope)


async def write(pool: asyncpg.Pool, history: History) -> Site:
    """A new site with this history, in its log and in its order view; nothing has followed it yet."""
    site = Site(f"p{os.urandom(8).hex()}")
    events = [
        (site, position, each.stream, each.version, each.type, each.recorded_at, f"e{position}", each.leaf, each.body)
        for position, each in enumerate(history.events, 1)
    ]
    last = {order.id: (position, order) for position, order in enumerate(history.states, 1) if order is not None}
    rows = [
        (site, position, *(getattr(order_row(order), name) for name in _ROW[2:])) for position, order in last.values()
    ]
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("INSERT INTO ledger.site (site, live, created_at) VALUES ($1, false, 0)", site)
        await connection.execute("INSERT INTO ledger.head (site, position) VALUES ($1, $2)", site, len(events))
        await connection.copy_records_to_table("event", schema_name="ledger", columns=_EVENT, records=events)
        await connection.copy_records_to_table("order_view", schema_name="ledger", columns=_ROW, records=rows)
    return site


_EVENT = ["site", "position", "stream", "version", "type", "recorded_at", "event_id", "leaf", "body"]
_ROW = [
    "site",
    "position",
    "id",
    "version",
    "deleted",
    "status",
    "order_type",
    "invoice_id",
    "subscription_id",
    "original_order_id",
    "document_number",
    "business_entity_id",
    "resent_status",
    "is_resent",
    "created_at",
    "updated_at",
    "order_date",
    "shipping_date",
    "shipped_at",
    "paid_on",
    "document",
]


async def follow(pool: asyncpg.Pool, site: Site, until: int, page_size: int) -> None:
    """Let the index of past orders come to a position, in pages of so many events."""
    consumer = OrderVersions()
    last = await ConsumerCheckpoint(pool, site, consumer.name).load()
    while last < until:
        page = await Store(pool).read_log(site, after=last, limit=min(page_size, until - last))
        async with pool.acquire() as connection, connection.transaction():
            checkpoint = ConsumerCheckpoint(connection, site, consumer.name)
            assert await checkpoint.advance(last, page[-1].position)
            await consumer.handle(connection, site, page)
        last = page[-1].position
