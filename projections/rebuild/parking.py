"""Streams that a projection cannot read are parked: listed with the reason, while all others move on."""

from typing import Any

import msgspec

from ledger.ids import Site, StreamId
from projections.rebuild.folding import StreamBroken
from projections.sql import query

ORDERS = "orders"
"""The projection that is the inline view."""


class ParkedStream(msgspec.Struct, frozen=True, kw_only=True):
    """A stream that is not followed. ``position`` and ``version`` are of the first event that cannot be read."""

    projection: str
    stream: str
    position: int
    version: int
    reason: str
    parked_at: int


async def park(database: Any, site: Site, projection: str, broken: StreamBroken, now_ms: int) -> None:
    """Park a stream, or keep it parked with what is wrong now."""
    where = (broken.stream, broken.position, broken.version)
    await database.execute(query("park"), site, projection, *where, broken.reason, now_ms)


async def unpark(database: Any, site: Site, projection: str, stream: StreamId) -> bool:
    """Take a stream back into the projection; False if it was not parked."""
    return bool(await database.execute(query("unpark"), site, projection, stream) != "DELETE 0")


async def parked(database: Any, site: Site) -> list[ParkedStream]:
    """What is parked, the longest first."""
    return [ParkedStream(**row) for row in await database.fetch(query("parked"), site)]
