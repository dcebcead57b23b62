"""The contents of events: each order as it was right after an event, folded from the log when it is shown."""

import asyncio
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from eventsourcing.persistence import MapperDeserialisationError

from ledger.envelope import EventMapper, Metadata, RecordedEvent
from ledger.errors import RecordUnreadable
from ledger.ids import Position, Site, StreamId
from ledger.limits import FOLD_EVENTS_AT_ONCE
from ledger.order import Order, evolve
from projections.sql import query

_mapper = EventMapper()


async def orders_after(database: Any, site: Site, records: Sequence[RecordedEvent]) -> dict[Position, Order]:
    """The orders right after events of orders, by the events' positions. Each stream is read once.

    Raises:
        RecordUnreadable: the events of an order cannot be read any more.
    """
    wanted: dict[StreamId, dict[int, Position]] = {}
    for record in records:
        wanted.setdefault(record.stream, {})[record.version] = record.position
    lengths = {stream: max(positions) for stream, positions in wanted.items()}
    rows = await database.fetch(query("past_documents"), site, list(lengths), list(lengths.values())) if wanted else []
    bodies = {stream: [row["body"] for row in found] for stream, found in groupby(rows, lambda row: row["stream"])}
    orders: dict[Position, Order] = {}
    for stream, positions in wanted.items():
        orders |= await _folded(bodies.get(stream, []), positions)
    return orders


def metadata_of(record: RecordedEvent) -> Metadata:
    """Who caused an event, and through which door.

    Raises:
        RecordUnreadable: its body is no event any more.
    """
    try:
        return _mapper.envelope(record.body).metadata
    except MapperDeserialisationError as error:
        raise RecordUnreadable from error


async def _folded(bodies: Sequence[bytes], positions: dict[int, Position]) -> dict[Position, Order]:
    """The orders after these versions of one stream."""
    found: dict[Position, Order] = {}
    order: Order | None = None
    try:
        for version, body in enumerate(bodies, 1):
            order = evolve(order, _mapper.event(body))
            if version in positions:
                found[positions[version]] = order
            if version % FOLD_EVENTS_AT_ONCE == 0:
                # Others get their turn.
                await asyncio.sleep(0)
    except (MapperDeserialisationError, ValueError) as error:
        raise RecordUnreadable from error
    if len(found) < len(positions):
        raise RecordUnreadable
    return found
