"""The documents of orders as they were: those that are kept, and of other versions folded from their events."""

import asyncio
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from eventsourcing.persistence import MapperDeserialisationError

from ledger.envelope import EventMapper
from ledger.errors import RecordUnreadable
from ledger.ids import Site, order_stream
from ledger.limits import FOLD_EVENTS_AT_ONCE
from ledger.order import Order, evolve
from projections.order_document import order_json
from projections.sql import query

_mapper = EventMapper()


async def past_documents(database: Any, site: Site, versions: Sequence[tuple[str, int]]) -> dict[str, bytes]:
    """The documents of orders after these versions, by order id: what the API answered with then, byte for byte.

    Args:
        versions: ids of orders, each once, and how far to fold them.

    Raises:
        RecordUnreadable: the events of an order cannot be read any more.
    """
    if not versions:
        return {}
    ids, numbers = [order_id for order_id, _ in versions], [version for _, version in versions]
    kept = await database.fetch(query("kept_documents"), site, ids, numbers)
    documents: dict[str, bytes] = {row["id"]: row["document"] for row in kept}
    return documents | await _folded_documents(database, site, [each for each in versions if each[0] not in documents])


async def _folded_documents(database: Any, site: Site, versions: Sequence[tuple[str, int]]) -> dict[str, bytes]:
    if not versions:
        return {}
    streams = [order_stream(order_id) for order_id, _ in versions]
    rows = await database.fetch(query("past_documents"), site, streams, [version for _, version in versions])
    bodies = {stream: [row["body"] for row in found] for stream, found in groupby(rows, lambda row: row["stream"])}
    documents = {}
    folded = 0
    for order_id, version in versions:
        documents[order_id] = order_json(_folded(bodies.get(order_stream(order_id), []), version))
        folded += version
        if folded >= FOLD_EVENTS_AT_ONCE:
            # Others get their turn.
            await asyncio.sleep(0)
            folded = 0
    return documents


def _folded(bodies: Sequence[bytes], version: int) -> Order:
    order: Order | None = None
    try:
        for body in bodies:
            order = evolve(order, _mapper.event(body))
    except (MapperDeserialisationError, ValueError) as error:
        raise RecordUnreadable from error
    if order is None or order.version != version:
        raise RecordUnreadable
    return order
