"""What an event has to do with others: what led to it, what it led to, and what else began with the same request."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.services import Services
from ledger.envelope import Metadata, RecordedEvent
from ledger.ids import Position, Site
from ledger.limits import CONSOLE_LINKED_EVENTS
from projections.changes.document import LoggedChange
from projections.changes.query import ChangeQuery
from projections.changes.reader import LoggedEvent
from projections.listing import Filter, Operator
from projections.webhooks.statuses import DeliveryState, delivery_states


@dataclass(frozen=True, slots=True)
class Linked:
    """Events in their order, at most ``CONSOLE_LINKED_EVENTS``; ``query`` is the filter that finds all of them."""

    changes: Sequence[LoggedChange]
    has_more: bool
    query: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Causes:
    """The links of an event. Without a ``cause`` in this log, its cause is the request, or ``foreign_cause``: an event
    of the site that sent it in.
    """

    request_id: str
    cause: LoggedChange | None
    foreign_cause: str | None
    led_to: Linked
    beside: Linked
    deliveries: Sequence[DeliveryState]
    correlation_id: str


async def causes_of(services: Services, site: Site, event: RecordedEvent, metadata: Metadata) -> Causes:
    """What led to an event and what it led to, as the list of changes answers it (``causation_id``)."""
    led_by = metadata.causation_id if metadata.causation_id != metadata.request_id else None
    cause = await services.store.find_event(site, led_by) if led_by else None
    told = await open_events(services, site, [cause.position]) if cause else []
    deliveries = await delivery_states(services.pool, site, [event.position])
    return Causes(
        request_id=metadata.request_id,
        cause=told[0] if told else None,
        foreign_cause=led_by if led_by and not told else None,
        led_to=await _linked(services, site, event, _Link("causation_id", "cause", event.event_id)),
        beside=await _linked(services, site, event, _Link("request_id", "request", metadata.request_id)),
        deliveries=deliveries.get(event.position, ()),
        correlation_id=metadata.correlation_id,
    )


async def open_events(services: Services, site: Site, positions: Sequence[Position]) -> list[LoggedChange]:
    """Events of the log as people look at them."""
    found: list[LoggedEvent] = []
    for position in positions:
        only = Filter("position", Operator.BETWEEN, (position, position))
        found += (await services.changes.page(site, ChangeQuery(filters=(only,), limit=1))).events
    return await services.change_opener.open(site, found)


async def _linked(services: Services, site: Site, event: RecordedEvent, link: "_Link") -> Linked:
    """The events that a link finds, but the event itself."""
    filters = (Filter(link.field, Operator.IS, (link.value,)),)
    wanted = ChangeQuery(filters=filters, descending=False, limit=CONSOLE_LINKED_EVENTS + 1)
    found = await services.changes.page(site, wanted)
    others = [each for each in found.events if each.record.position != event.position]
    shown = others[:CONSOLE_LINKED_EVENTS]
    return Linked(
        await services.change_opener.open(site, shown),
        found.next_start is not None or len(others) > len(shown),
        f'{link.qualifier}:"{link.value}"',
    )


@dataclass(frozen=True, slots=True)
class _Link:
    """A filter of changes, and the qualifier that means the same in the bar."""

    field: str
    qualifier: str
    value: str
