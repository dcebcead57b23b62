"""The streams that one command looks at: each is read once, folded, and remembered with the place it was read at."""

import logging
from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar

from eventsourcing.persistence import MapperDeserialisationError

from ledger.batch import Remembered
from ledger.billing import CreditNote, Gift, Subscription, fold_credit_note, fold_gift, fold_subscription
from ledger.decision import Stream
from ledger.envelope import EventMapper, RecordedEvent, events_of
from ledger.errors import RecordUnreadable, ResourceNotFound
from ledger.events import DomainEvent
from ledger.ids import (
    INVOICE_STREAM,
    SETTINGS_STREAM,
    WEBHOOK_ENDPOINTS_STREAM,
    Site,
    StreamId,
    credit_note_stream,
    gift_stream,
    invoice_stream,
    order_stream,
    subscription_stream,
)
from ledger.invoice import Invoice, fold_invoice
from ledger.known_streams import FoundStream, KnownStream, KnownStreams
from ledger.order import Order, fold
from ledger.settings import SiteSettings
from ledger.settings_memory import NO_SETTINGS
from ledger.store import Store
from ledger.webhook_endpoints import WebhookEndpoints, fold_webhook_endpoints

S = TypeVar("S")

log = logging.getLogger(__name__)


class StreamReader:
    """Reads streams of one site for one attempt at a command.

    Args:
        known: what the process remembers; only changes since are read.
        recalls: whether settings and invoices that are remembered are taken as they are, without a look at the log.
            What is decided on them is to be proven by the append: it is to be told ``remembered``.
        business_entity_id: the entity that the caller is restricted to; orders of others are not found.
    """

    def __init__(
        self,
        store: Store,
        mapper: EventMapper,
        site: Site,
        *,
        known: KnownStreams | None = None,
        recalls: bool = False,
        business_entity_id: str | None = None,
    ) -> None:
        self._store = store
        self._known = known or KnownStreams(store)
        self._mapper = mapper
        self._site = site
        self._business_entity_id = business_entity_id
        self._recalls = recalls
        self._recalled: list[StreamId] = []
        self._found: dict[StreamId, FoundStream] = {}
        self._streams: dict[StreamId, Stream[Any]] = {}
        self._settings = NO_SETTINGS

    async def prefetch(self, *streams: StreamId) -> None:
        """Read several streams in one round trip."""
        missing = [stream for stream in streams if stream not in self._found]
        if missing and not self._recall(missing):
            found = await self._known.find(self._site, missing)
            self._found |= {stream: found[stream] for stream in missing}

    @property
    def remembered(self) -> tuple[Remembered, ...]:
        """The streams that were looked at as they were remembered."""
        found = ((stream, self._found[stream]) for stream in self._recalled)
        return tuple(Remembered(stream, each.version, each.leaf) for stream, each in found)

    @property
    def has_recalled(self) -> bool:
        """Whether anything was taken as it was remembered, without a look at the log."""
        return bool(self._recalled)

    async def order(self, order_id: str) -> Stream[Order]:
        """An order that exists.

        Raises:
            ResourceNotFound: there is none, it is deleted, or it belongs to another business entity.
        """
        stream = await self.any_order(order_id)
        if stream.state is None or stream.state.deleted or not self._is_visible(stream.state):
            raise ResourceNotFound
        return Stream(stream.id, stream.state, stream.version, stream.timestamp, stream.leaf)

    async def any_order(self, order_id: str) -> Stream[Order | None]:
        """The stream of an order id, whether it exists or not."""
        return await self._stream(order_stream(order_id), fold)

    async def invoice(self, invoice_id: str) -> Stream[Invoice | None]:
        """The stream of an invoice id, whether it exists or not."""
        return await self._stream(invoice_stream(invoice_id), fold_invoice)

    async def credit_note(self, credit_note_id: str) -> Stream[CreditNote | None]:
        """The stream of a credit note id, whether it exists or not."""
        return await self._stream(credit_note_stream(credit_note_id), fold_credit_note)

    async def credit_notes(self, ids: Iterable[str]) -> dict[StreamId, Stream[CreditNote | None]]:
        """The streams of credit note ids, by stream."""
        streams = [credit_note_stream(credit_note_id) for credit_note_id in ids]
        await self.prefetch(*streams)
        return {stream: await self._stream(stream, fold_credit_note) for stream in streams}

    async def subscription(self, subscription_id: str) -> Stream[Subscription | None]:
        """The stream of a subscription id, whether it exists or not."""
        return await self._stream(subscription_stream(subscription_id), fold_subscription)

    async def gift(self, invoice_id: str) -> Stream[Gift | None]:
        """The stream of the gift that an invoice pays for, whether there is one or not."""
        return await self._stream(gift_stream(invoice_id), fold_gift)

    async def settings(self) -> Stream[SiteSettings]:
        """The settings of the site."""
        read: Stream[SiteSettings] | None = self._streams.get(SETTINGS_STREAM)
        if read is not None:
            return read
        await self.prefetch(SETTINGS_STREAM)
        found = self._found[SETTINGS_STREAM]
        self._settings = found.settings.after(self._mapper, found.news)
        self._known.remember_settings(self._site, self._settings)
        self._streams[SETTINGS_STREAM] = self._settings.stream
        return self._settings.stream

    async def settings_at_start(self, stream: StreamId) -> SiteSettings:
        """The settings as they were when the first event of a stream was recorded, without their catalog."""
        await self.settings()
        first, *_ = await self._store.load_stream_until(self._site, stream, 1)
        return self._settings.before(first.position)

    async def webhook_endpoints(self) -> Stream[WebhookEndpoints]:
        """The webhook endpoints of the site."""
        return await self._stream(WEBHOOK_ENDPOINTS_STREAM, fold_webhook_endpoints)

    async def order_ids_of_invoice(self, invoice_id: str) -> list[str]:
        """Ids of all orders of an invoice, deleted ones included, the oldest first."""
        return await self._store.order_ids_of_invoice(self._site, invoice_id)

    async def credit_note_ids_of_invoice(self, invoice_id: str) -> list[str]:
        """Ids of the credit notes that say they were made for an invoice."""
        return await self._store.credit_note_ids_of_invoice(self._site, invoice_id)

    async def note_credit_note(self, invoice_id: str | None, credit_note_id: str) -> None:
        """Remember which invoice a credit note was made for."""
        if invoice_id:
            await self._store.note_credit_note(self._site, invoice_id, credit_note_id)

    async def note_subscriptions(self, invoice_id: str, subscription_ids: Collection[str]) -> None:
        """Remember which subscriptions share an invoice, where it is one of several."""
        if len(subscription_ids) > 1:
            await self._store.note_subscriptions(self._site, invoice_id, sorted(subscription_ids))

    async def note_business_entity(self, business_entity_id: str | None) -> None:
        """Remember a business entity that an invoice names."""
        if business_entity_id:
            await self._store.note_business_entity(self._site, business_entity_id)

    def leaf(self, stream: StreamId) -> bytes | None:
        """Leaf of the last event of a stream that was read, None where there is none."""
        known = self._streams.get(stream)
        return known.leaf if known else None

    def read_order(self, stream: StreamId) -> Order | None:
        """The order as it was read, None where its stream was not read or is new."""
        known = self._streams.get(stream)
        return known.state if known else None

    async def document_number_owner(self, number: str | None) -> str | None:
        """Id of the order that has a document number."""
        return await self._store.document_number_owner(self._site, number) if number else None

    def _recall(self, streams: Collection[StreamId]) -> bool:
        """Take all of these as they are remembered, if that is allowed and each is; True if so."""
        # Many commands look at these and few write to them: the append seldom finds that they have changed.
        if not self._recalls or not all(each == SETTINGS_STREAM or each.startswith(INVOICE_STREAM) for each in streams):
            return False
        found = self._known.recall(self._site, streams)
        if found is None:
            return False
        self._found |= found
        self._recalled += streams
        return True

    async def _stream(self, stream: StreamId, fold_events: Callable[[list[DomainEvent], S | None], S]) -> Stream[S]:
        if stream not in self._streams:
            await self.prefetch(stream)
            self._streams[stream] = self._folded(stream, fold_events)
        return self._streams[stream]

    def _folded(self, stream: StreamId, fold_events: Callable[[list[DomainEvent], S | None], S]) -> Stream[S]:
        known, news = self._found[stream].known, self._found[stream].news
        if not news:
            return known.stream if known else Stream(stream, fold_events([], None))
        try:
            state = fold_events(events_of(self._mapper, news), known.stream.state if known else None)
        except (MapperDeserialisationError, ValueError) as error:
            log.error("site %s: the stream of event %s cannot be read", self._site, news[0].event_id)
            raise RecordUnreadable from error
        read = _stream_at(stream, state, news[-1])
        size = sum(len(record.body) for record in news) + (known.size if known else 0)
        self._known.remember(self._site, KnownStream(read, size))
        return read

    def _is_visible(self, order: Order) -> bool:
        return self._business_entity_id in {None, order.business_entity_id}


def _stream_at(stream: StreamId, state: S, last: RecordedEvent) -> Stream[S]:
    return Stream(stream, state, last.version, last.recorded_at, last.leaf)
