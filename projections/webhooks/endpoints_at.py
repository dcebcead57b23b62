"""The webhook endpoints of a site as they were at a position of its log."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from ledger.envelope import EventMapper, RecordedEvent, events_of
from ledger.ids import WEBHOOK_ENDPOINTS_STREAM, Position, Site
from ledger.store import Store
from ledger.webhook_endpoints import WebhookEndpoints, evolve_webhook_endpoints


class EndpointsAt:
    """The endpoints of a site, read once, at any position.

    Args:
        records: the events of their stream, in order.

    Raises:
        MapperDeserialisationError: one cannot be read.
    """

    def __init__(self, records: Sequence[RecordedEvent], mapper: EventMapper) -> None:
        self._positions = [record.position for record in records]
        self._states = list(
            accumulate(events_of(mapper, records), evolve_webhook_endpoints, initial=WebhookEndpoints())
        )

    @classmethod
    async def read(cls, database: Any, site: Site, mapper: EventMapper) -> "EndpointsAt":
        """Those of a site, by a pool or a connection."""
        streams = await Store(database).load_streams(site, [WEBHOOK_ENDPOINTS_STREAM])
        return cls(streams.get(WEBHOOK_ENDPOINTS_STREAM, []), mapper)

    def any_until(self, position: Position) -> bool:
        """Whether there has ever been one by then."""
        return bool(self._positions) and self._positions[0] <= position

    def at(self, position: Position) -> WebhookEndpoints:
        """Those that existed when the event of a position happened."""
        return self._states[bisect_right(self._positions, position)]
