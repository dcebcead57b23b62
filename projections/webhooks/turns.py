"""When each delivery of an event is to begin: in turns, but nobody waits long, or for an endpoint that fails anyway."""

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from ledger.envelope import RecordedEvent
from ledger.limits import WEBHOOK_NEXT_ENDPOINT_S
from ledger.vocabulary import WebhookStatus
from projections.webhooks.planned import Planned

WAIT_MS = int(WEBHOOK_NEXT_ENDPOINT_S * 1000)
TOO_MANY = "too many deliveries were waiting at the endpoint"


class NewDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """A row of ``ledger.webhook_delivery`` as it begins. Times in milliseconds; without ``due_at`` it is over."""

    position: int
    endpoint_id: str
    place: int
    status: str
    recorded_at: int
    due_at: int | None
    failure_reason: str | None


class Turns:
    """Hands out turns.

    Args:
        failing: endpoints that failed lately.
        room: how many deliveries may still be added to those that wait at an endpoint; it is used up.
    """

    def __init__(self, now_ms: int, failing: frozenset[str], room: Counter[str]) -> None:
        self._now_ms = now_ms
        self._failing = failing
        self._room = room

    def deliveries(self, record: RecordedEvent, planned: Sequence[Planned]) -> Iterator[NewDelivery]:
        """The deliveries of an event. Each waits for those before it; whoever finishes calls the next one earlier."""
        due_at = self._now_ms
        for each in planned:
            status, reason, own_due_at = each.status, each.failure_reason, None
            if status is WebhookStatus.SCHEDULED:
                if self._room[each.endpoint_id] > 0:
                    self._room[each.endpoint_id] -= 1
                    own_due_at = due_at
                    due_at += 0 if each.endpoint_id in self._failing else WAIT_MS
                else:
                    status, reason = WebhookStatus.RATE_LIMITED, TOO_MANY
            yield NewDelivery(
                position=record.position,
                endpoint_id=each.endpoint_id,
                place=each.place,
                status=status,
                recorded_at=record.recorded_at,
                due_at=own_due_at,
                failure_reason=reason,
            )
