"""The lives of the orders of ``ops.bench.orders``: a log whose orders come to what they are there.

Each is born open and gets there by as many events as its version says, within days for most. With long lives every
order is changed once more at the end, so that all versions before it hold until then.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from ledger.batch import OrderRow
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
from ledger.vocabulary import OrderStatus, OrderType
from ops.bench.orders import DAY_S, END_S, orders
from projections.order_row import order_row

TOUCHED_S = END_S + DAY_S
"""When all orders are changed again, ten a second."""

_METADATA = Metadata(
    actor="backend",
    actor_kind="api_key",
    source="api",
    request_id="req_0OwQ0CZ4wmVt3aYbK",
    correlation_id="req_0OwQ0CZ4wmVt3aYbK",
    causation_id="req_0OwQ0CZ4wmVt3aYbK",
    method="POST",
    path="/api/v2/orders/import_order",
)


@dataclass(slots=True)
class _Life:
    """An order on its way, and what is still to come."""

    steps: list[DomainEvent]
    order: Order | None = None
    leaf: bytes | None = None


def history(site: Site, total: int, *, long_lives: bool) -> Iterator[tuple[SealedEvent, OrderRow | None]]:
    """The events of so many orders in the order of their times; with the last one of an order its row."""
    mapper = EventMapper()
    waiting: list[tuple[int, str, _Life]] = []
    for number, made in enumerate(orders(total)):
        steps = _steps(made, number, long_lives=long_lives)
        yield from _until(waiting, steps[0].timestamp, mapper, site)
        heapq.heappush(waiting, (steps[0].timestamp, made.id, _Life(steps)))
    yield from _until(waiting, None, mapper, site)


def long_life(site: Site, made: Order, count: int) -> Iterator[tuple[SealedEvent, OrderRow | None]]:
    """So many events of one order, one a minute, most of them notes."""
    born, *_ = _steps(replace(made, version=1, resource_version=made.created_at * 1000, resent_status=None), 0)
    steps = [born]
    for version in range(2, count + 1):
        steps.append(_updated(born.originator_id, steps, steps[-1].timestamp + 60_000, OrderChanges(note=f"{version}")))
    yield from _until([(0, made.id, _Life(steps))], None, EventMapper(), site)


def _until(
    waiting: list[tuple[int, str, _Life]], time_ms: int | None, mapper: EventMapper, site: Site
) -> Iterator[tuple[SealedEvent, OrderRow | None]]:
    while waiting and (time_ms is None or waiting[0][0] <= time_ms):
        _, order_id, life = heapq.heappop(waiting)
        event = life.steps.pop(0)
        life.order = evolve(life.order, event)
        row = order_row(life.order)
        sealed = mapper.seal(
            event,
            site=site,
            event_id=f"ev_{order_id}_{event.originator_version}",
            previous=life.leaf,
            metadata=_METADATA,
            document=row.document,
        )
        life.leaf = sealed.leaf
        if life.steps:
            heapq.heappush(waiting, (life.steps[0].timestamp, order_id, life))
            yield sealed, None
        else:
            yield sealed, row


def _steps(made: Order, number: int, *, long_lives: bool = False) -> list[DomainEvent]:
    """The events of one order, from its birth to what it came to."""
    stream, born_ms = order_stream(made.id), made.created_at * 1000
    is_manual = made.order_type is OrderType.MANUAL
    facts = {name: getattr(made, name) for name in OrderFacts.__struct_fields__}
    if made.version > 1:
        facts |= {"status": OrderStatus.NEW if is_manual else OrderStatus.QUEUED, "shipped_at": None}
    birth = OrderCreated if is_manual else OrderImported
    found: list[DomainEvent] = [
        birth(originator_id=stream, originator_version=1, timestamp=born_ms, order=OrderFacts(**facts))
    ]
    apart_ms = max(1, (made.resource_version - born_ms) // max(1, made.version - 1))
    for version in range(2, made.version + 1):
        changes = OrderChanges(note=f"Packed in hall {version}")
        if version == made.version:
            changes = OrderChanges(status=made.status, shipped_at=made.shipped_at)
        elif version == made.version - 1 and not is_manual:
            changes = OrderChanges(status=OrderStatus.AWAITING_SHIPMENT)
        found.append(_updated(stream, found, found[-1].timestamp + apart_ms, changes))
    if made.resent_status is not None:
        resent = ResentOrder(order_id=f"{made.id}r", amount=100)
        found.append(
            OrderResent(
                originator_id=stream,
                originator_version=len(found) + 1,
                timestamp=found[-1].timestamp + 60_000,
                resent_status=made.resent_status,
                resent_order=resent,
            )
        )
    if long_lives:
        found.append(_updated(stream, found, (TOUCHED_S * 10 + number) * 100, OrderChanges(batch_id="b_2026")))
    if made.deleted:
        last = found[-1].timestamp + 90_000
        found.append(OrderDeleted(originator_id=stream, originator_version=len(found) + 1, timestamp=last))
    return found


def _updated(stream: str, before: list[DomainEvent], time_ms: int, changes: OrderChanges) -> OrderUpdated:
    return OrderUpdated(originator_id=stream, originator_version=len(before) + 1, timestamp=time_ms, changes=changes)
