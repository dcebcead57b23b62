"""What is to become of an event at each webhook endpoint that exists when it happens: a pure function of the log.

Endpoints of an event are called one after another: the primary one first, then by their creation (chargebee/events.md,
section 5). ``order`` events alone are delivered; there are no others that Chargebee's clients would know.
"""

from dataclasses import dataclass

from eventsourcing.persistence import MapperDeserialisationError

from ledger.envelope import EventMapper, RecordedEvent
from ledger.parts import WebhookEndpoint
from ledger.vocabulary import WebhookStatus
from ledger.webhook_endpoints import WebhookEndpoints
from projections.chargebee_events.event_types import SHOWN

UNREADABLE = "the event cannot be read"


@dataclass(frozen=True, slots=True)
class Planned:
    """The fate of an event at an endpoint, before any call. ``place`` is the endpoint's, 0 is called first."""

    endpoint_id: str
    place: int
    status: WebhookStatus
    failure_reason: str | None = None


def is_delivered(record: RecordedEvent) -> bool:
    """Whether the event is one that endpoints can be told of."""
    return record.type in SHOWN


def plan(mapper: EventMapper, record: RecordedEvent, endpoints: WebhookEndpoints) -> tuple[Planned, ...]:
    """The deliveries of an event, in the order of the calls; none where there is no endpoint.

    Args:
        record: an event that is delivered.
        endpoints: as they were when it happened.
    """
    if not endpoints.endpoints:
        return ()
    called = list(enumerate(endpoints.in_order_of_calls()))
    try:
        skipped = mapper.envelope(record.body).metadata.webhooks_disabled
    except MapperDeserialisationError:
        return tuple(Planned(each.id, place, WebhookStatus.FAILED, UNREADABLE) for place, each in called)
    return tuple(
        Planned(each.id, place, WebhookStatus.SKIPPED if skipped else _status(record, each)) for place, each in called
    )


def _status(record: RecordedEvent, endpoint: WebhookEndpoint) -> WebhookStatus:
    if endpoint.disabled:
        return WebhookStatus.DISABLED
    if endpoint.enabled_events and SHOWN[record.type] not in endpoint.enabled_events:
        return WebhookStatus.NOT_APPLICABLE
    return WebhookStatus.SCHEDULED
