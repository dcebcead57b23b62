"""The webhook endpoints of a site: one stream, one state (chargebee/events.md, section 6)."""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec.structs import replace

from ledger.events import DomainEvent, WebhookEndpointCreated, WebhookEndpointDeleted, WebhookEndpointUpdated
from ledger.parts import WebhookEndpoint


class WebhookEndpoints(msgspec.Struct, frozen=True, kw_only=True):
    """All endpoints that exist, in the order of their creation."""

    endpoints: tuple[WebhookEndpoint, ...] = ()

    def find(self, endpoint_id: str) -> WebhookEndpoint | None:
        """The endpoint with an id."""
        return next((each for each in self.endpoints if each.id == endpoint_id), None)

    def in_order_of_calls(self) -> list[WebhookEndpoint]:
        """The primary one first, the others by their creation."""
        return sorted(self.endpoints, key=lambda endpoint: not endpoint.primary_url)


def fold_webhook_endpoints(events: Iterable[DomainEvent], state: WebhookEndpoints | None = None) -> WebhookEndpoints:
    """The endpoints after more events; errors as for ``evolve_webhook_endpoints``."""
    state = state or WebhookEndpoints()
    for event in events:
        state = evolve_webhook_endpoints(state, event)
    return state


def evolve_webhook_endpoints(state: WebhookEndpoints, event: DomainEvent) -> WebhookEndpoints:
    """The endpoints after one more event.

    Raises:
        ValueError: the event does not belong to endpoints.
    """
    match event:
        case WebhookEndpointCreated():
            found: Iterator[WebhookEndpoint] = iter((*state.endpoints, event.endpoint))
        case WebhookEndpointUpdated():
            found = (event.endpoint if each.id == event.endpoint.id else each for each in state.endpoints)
        case WebhookEndpointDeleted():
            found = (each for each in state.endpoints if each.id != event.endpoint_id)
        case _:
            raise ValueError(f"{event.TOPIC} cannot follow in the stream of the webhook endpoints")
    return replace(state, endpoints=tuple(found))
