"""What became of the deliveries of one event, as the event shows it."""

from dataclasses import dataclass

from ledger.vocabulary import WebhookStatus


@dataclass(frozen=True, slots=True)
class EventDelivery:
    """One status over all endpoints, why deliveries fail if they do, and id and status of each endpoint.

    ``webhooks`` are empty until the first call of the event has finished (chargebee/events.md, section 1).
    """

    webhook_status: WebhookStatus
    webhook_failure_reason: str | None = None
    webhooks: tuple[tuple[str, WebhookStatus], ...] = ()


NOT_CONFIGURED = EventDelivery(WebhookStatus.NOT_CONFIGURED)
"""There was no endpoint when the event happened."""
