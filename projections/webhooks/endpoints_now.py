"""The webhook endpoints of sites as they are now. Each look reads what has changed since the last one, always."""

from typing import Any

from ledger.envelope import EventMapper, events_of
from ledger.ids import WEBHOOK_ENDPOINTS_STREAM, Site
from ledger.store import Store
from ledger.webhook_endpoints import WebhookEndpoints, fold_webhook_endpoints


class EndpointsNow:
    """Reads endpoints.

    Args:
        database: a pool.
    """

    def __init__(self, database: Any) -> None:
        self._store = Store(database)
        self._mapper = EventMapper()
        self._known: dict[Site, tuple[int, WebhookEndpoints]] = {}

    async def of(self, site: Site) -> WebhookEndpoints:
        """Those of a site.

        Raises:
            MapperDeserialisationError: their stream cannot be read.
        """
        version, state = self._known.get(site, (0, WebhookEndpoints()))
        streams = await self._store.load_streams(
            site, [WEBHOOK_ENDPOINTS_STREAM], after={WEBHOOK_ENDPOINTS_STREAM: version}
        )
        news = streams.get(WEBHOOK_ENDPOINTS_STREAM)
        if not news:
            return state
        found = news[-1].version, fold_webhook_endpoints(events_of(self._mapper, news), state)
        self._known[site] = max(self._known.get(site, found), found, key=lambda known: known[0])
        return found[1]
