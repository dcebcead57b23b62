"""One recorded event of an order as people and programs look at it: what happened, who asked, and what differs."""

from msgspec import UNSET, UnsetType

from ledger.envelope import Envelope, Metadata, RecordedEvent
from ledger.events import DomainEvent, OrderChanged, OrderImported
from ledger.order import Order
from ledger.vocabulary import OrderStatus
from projections.history.difference import MemberChange, difference, without_bookkeeping
from projections.history.event_types import OrderEventType
from projections.history.sentences import sentence
from projections.history.successive_documents import SuccessiveDocuments
from projections.order_document import Document

_TIME_OF_STATUS = {
    OrderStatus.SHIPPED: "shipped_at",
    OrderStatus.DELIVERED: "delivered_at",
    OrderStatus.CANCELLED: "cancelled_at",
}


class RequestDocument(Document, frozen=True, kw_only=True):
    """The request that caused a change; what was done on the command line has an id alone."""

    id: str
    method: str | None = None
    path: str | None = None
    idempotency_key: str | None = None
    origin_user: str | None = None
    origin_ip: str | None = None
    origin_device: str | None = None


class Change(Document, frozen=True, kw_only=True):
    """``change``: one version of an order. Times are seconds; ``occurred_at`` is there where the domain says another
    time than the recorded one. ``leaf`` is the event's leaf in the site's Merkle tree, in hex.
    """

    version: int
    position: int
    type: OrderEventType
    sentence: str
    recorded_at: int
    recorded_at_ms: int
    occurred_at: int | None = None
    actor: str
    actor_kind: str
    source: str
    correlation_id: str
    causation_id: str
    event_id: str
    leaf: str
    object: str
    request: RequestDocument
    changes: tuple[MemberChange, ...]


class Entry:
    """One event of a stream, decoded, with the order before and after it. The difference is made when it is asked.

    Entries of one stream share ``documents``, so that each state is written out once.
    """

    __slots__ = ("_differences", "_documents", "after", "before", "envelope", "event", "record")

    def __init__(
        self,
        record: RecordedEvent,
        envelope: Envelope,
        event: DomainEvent,
        before: Order | None,
        after: Order,
        *,
        documents: SuccessiveDocuments | None = None,
    ) -> None:
        self.record = record
        self.envelope = envelope
        self.event = event
        self.before = before
        self.after = after
        self._documents = documents or SuccessiveDocuments()
        self._differences: tuple[MemberChange, ...] | None = None

    @property
    def differences(self) -> tuple[MemberChange, ...]:
        """What the event changed, without what every event changes."""
        if self._differences is None:
            before = self._documents.of(self.before) if self.before else {}
            self._differences = without_bookkeeping(difference(before, self._documents.of(self.after)))
        return self._differences

    def change(self) -> Change:
        """All that is known of it."""
        record, metadata = self.record, self.envelope.metadata
        return Change(
            version=record.version,
            position=record.position,
            type=OrderEventType(record.type),
            sentence=sentence(self.event, self.before, self.after),
            recorded_at=record.recorded_at // 1000,
            recorded_at_ms=record.recorded_at,
            occurred_at=occurred_at(self.event),
            actor=metadata.actor,
            actor_kind=metadata.actor_kind,
            source=metadata.source,
            correlation_id=metadata.correlation_id,
            causation_id=metadata.causation_id,
            event_id=record.event_id,
            leaf=record.leaf.hex(),
            object="change",
            request=request_of(metadata),
            changes=self.differences,
        )


def occurred_at(event: DomainEvent) -> int | None:
    """The second at which it happened in the world, where the event says so and it was recorded at another one."""
    second: int | UnsetType | None = None
    match event:
        case OrderImported():
            second = event.order.created_at
        case OrderChanged() if event.changes.status is not UNSET:
            name = _TIME_OF_STATUS.get(event.changes.status)
            second = getattr(event.changes, name) if name else None
    return second if isinstance(second, int) and second != event.timestamp // 1000 else None


def request_of(metadata: Metadata) -> RequestDocument:
    """The request that an event's metadata tell of."""
    return RequestDocument(
        id=metadata.request_id,
        method=metadata.method,
        path=metadata.path,
        idempotency_key=metadata.idempotency_key,
        origin_user=metadata.origin_user,
        origin_ip=metadata.origin_ip,
        origin_device=metadata.origin_device,
    )
