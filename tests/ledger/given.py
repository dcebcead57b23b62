"""Given, when, then: a ledger in memory that takes commands and says what happened or why it did not.

The handler, the decisions and the envelope are the real ones; the log behind them is a dictionary.

    ledger = given(invoice(), imported(status=OrderStatus.SHIPPED))
    happened = ledger.when(UpdateOrder(order_id="1", changes=OrderChanges(status=OrderStatus.DELIVERED)))
    assert happened.types == [("order-1", "order.delivered")]

What is given happened at ``BEFORE``, what is tried happens at ``NOW``, ten minutes later.
"""

import itertools
from collections import defaultdict
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import msgspec
import pytest

from ledger.appender import Appender
from ledger.batch import Append, NumberGiven, OrderRow, Outcome
from ledger.commands import ChangeSettings, Command, CreateOrder, ImportOrder, RecordInvoice
from ledger.envelope import EventMapper, Metadata, RecordedEvent, SealedEvent, events_of
from ledger.errors import LedgerError
from ledger.events import DomainEvent
from ledger.handler import Caller, CommandHandler
from ledger.ids import IdSource, Position, Site, StreamId, invoice_stream, order_stream
from ledger.invoice import Invoice, fold_invoice
from ledger.known_streams import FoundStream, KnownStreams
from ledger.order import Order, fold
from ledger.store import Store
from ledger.vocabulary import OrderStatus
from projections.order_row import order_row

T = TypeVar("T")

BEFORE = 1_700_000_000
NOW = BEFORE + 600
NOW_MS = NOW * 1000 + 123
CREATED = BEFORE - 86_400
PAID = BEFORE - 90_000
KEY = "full_access_key_v1"
_FROM_THE_START: Mapping[StreamId, int] = {}
METADATA = Metadata(
    actor=KEY, actor_kind="api_key", source="api", request_id="req_1", correlation_id="req_1", causation_id="req_1"
)


class Refusal(NamedTuple):
    """What a client is told."""

    http_status: int
    api_error_code: str
    param: str | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """What came of a command: its events, and the row it was answered with (none for invoices and settings)."""

    events: tuple[DomainEvent, ...]
    row: OrderRow | None

    @property
    def types(self) -> list[tuple[str, str]]:
        """Stream and type of each event, in the order of the log."""
        return [(event.originator_id, event.TOPIC) for event in self.events]

    @property
    def document(self) -> dict[str, Any]:
        """The order of the answer, as a client reads it."""
        assert self.row is not None
        document: dict[str, Any] = msgspec.json.decode(self.row.document)
        return document


class Ledger:
    """A ledger whose log is in memory and whose clock stands still."""

    def __init__(self, *, live: bool = False, business_entity_id: str | None = None) -> None:
        self.now_ms = BEFORE * 1000
        self.caller = Caller(
            site=Site("acme"), live=live, name=KEY, metadata=METADATA, business_entity_id=business_entity_id
        )
        self._mapper = EventMapper()
        self._log = _Log(self._mapper)
        store = _LogStore(self._log)
        self._handler = CommandHandler(
            store,
            _LogAppender(self._log),
            known=_StreamsAtOnce(store),
            row_of=order_row,
            ids=IdSource(lambda: self.now_ms, lambda _: next(self._log.randoms)),
            clock_ms=lambda: self.now_ms,
        )

    def given(self, *history: Command | DomainEvent) -> "Ledger":
        """Let things happen before; events are put into the log as they are."""
        for each in history:
            if isinstance(each, DomainEvent):
                self._put(each)
            else:
                at_once(self._handler.handle(each, self.caller))
        self.now_ms = NOW_MS
        return self

    def restrict(self, business_entity_id: str) -> None:
        """Let calls from now on be for one business entity."""
        self.caller = msgspec.structs.replace(self.caller, business_entity_id=business_entity_id)

    def when(self, command: Command) -> Happened:
        """Let a command happen now."""
        handled = at_once(self._handler.handle(command, self.caller))
        return Happened(tuple(events_of(self._mapper, handled.events)), handled.row)

    def refusal(self, command: Command) -> Refusal:
        """What a command is refused with; a refused command writes nothing and takes no number."""
        before = self._log.size, dict(self._log.series)
        with pytest.raises(LedgerError) as refused:
            self.when(command)
        assert (self._log.size, self._log.series) == before
        return Refusal(refused.value.http_status, refused.value.api_error_code, refused.value.param)

    def order(self, order_id: str) -> Order:
        """The order as its stream says."""
        order = fold(self._events(order_stream(order_id)))
        assert order is not None
        return order

    def invoice(self, invoice_id: str = "inv_1") -> Invoice:
        """The invoice as its stream says."""
        found = fold_invoice(self._events(invoice_stream(invoice_id)))
        assert found is not None
        return found

    def lines(self, order_id: str) -> list[str]:
        """Ids of the order's lines."""
        return [line.id for line in self.order(order_id).order_line_items]

    def recorded(self) -> list[RecordedEvent]:
        """The whole log, in order."""
        every = itertools.chain.from_iterable(self._log.streams.values())
        return sorted(every, key=lambda record: record.position)

    def _events(self, stream: StreamId) -> list[DomainEvent]:
        return events_of(self._mapper, self._log.streams[stream])

    def _put(self, event: DomainEvent) -> None:
        sealed = self._mapper.seal(
            event, site=self.caller.site, event_id=f"ev_{self._log.size}", previous=None, metadata=METADATA
        )
        self._log.add([sealed])


def given(*history: Command | DomainEvent, live: bool = False, business_entity_id: str | None = None) -> Ledger:
    """A ledger in which this happened."""
    return Ledger(live=live, business_entity_id=business_entity_id).given(*history)


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never has to wait."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("a ledger in memory never waits")


@dataclass(slots=True)
class _Log:
    mapper: EventMapper
    streams: defaultdict[StreamId, list[RecordedEvent]] = field(default_factory=lambda: defaultdict(list))
    series: dict[str, int] = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)
    size: int = 0
    randoms: "itertools.count[int]" = field(default_factory=itertools.count)

    def add(self, events: Iterable[SealedEvent]) -> None:
        for event in events:
            self.size += 1
            members = msgspec.structs.asdict(event)
            self.streams[event.stream].append(RecordedEvent(**members, position=Position(self.size)))

    def owner_of(self, document_number: str) -> str | None:
        orders = (
            fold(events_of(self.mapper, records))
            for stream, records in self.streams.items()
            if stream.startswith("order-") and records
        )
        return next((order.id for order in orders if order and order.document_number == document_number), None)


class _StreamsAtOnce(KnownStreams):
    """Shares no reads, since nobody else is there and nothing waits."""

    async def find(self, site: Site, streams: Iterable[StreamId]) -> Mapping[StreamId, FoundStream]:
        return await self._read(site, tuple(streams))


class _LogStore(Store):
    def __init__(self, log: _Log) -> None:
        self._log = log

    async def load_streams(
        self, site: Site, streams: Iterable[StreamId], *, after: Mapping[StreamId, int] = _FROM_THE_START
    ) -> dict[StreamId, list[RecordedEvent]]:
        return {stream: self._log.streams[stream][after.get(stream, 0) :] for stream in streams}

    async def load_stream_until(self, site: Site, stream: StreamId, version: int) -> list[RecordedEvent]:
        return self._log.streams[stream][:version]

    async def reserve_number(self, site: Site, series: str, start: int, count: int = 1) -> int:
        number = max(self._log.series.get(series, 0), start)
        self._log.series[series] = number + count
        return number

    async def order_ids_of_invoice(self, site: Site, invoice_id: str) -> list[str]:
        orders = (
            fold(events_of(self._log.mapper, records))
            for stream, records in self._log.streams.items()
            if stream.startswith("order-") and records
        )
        return [order.id for order in orders if order and order.invoice_id == invoice_id]

    async def note_credit_note(self, site: Site, invoice_id: str, credit_note_id: str) -> None:
        self._log.notes.append((invoice_id, credit_note_id))

    async def credit_note_ids_of_invoice(self, site: Site, invoice_id: str) -> list[str]:
        return [note for invoice, note in self._log.notes if invoice == invoice_id]

    async def note_subscriptions(self, site: Site, invoice_id: str, subscription_ids: Sequence[str]) -> None:
        """Invoices are looked for by their subscriptions elsewhere."""

    async def note_business_entity(self, site: Site, business_entity_id: str) -> None:
        """Business entities are for the door to know."""

    async def document_number_owner(self, site: Site, number: str) -> str | None:
        return self._log.owner_of(number)


class _LogAppender(Appender):
    def __init__(self, log: _Log) -> None:
        self._log = log

    async def append(self, append: Append) -> Outcome:
        if any(len(self._log.streams[each.stream]) != each.version for each in append.expected):
            return Outcome.CONFLICT
        if any(self._leaf(each.stream, each.version) != each.leaf for each in append.remembered):
            return Outcome.CONFLICT
        numbers = [(row.document_number, row.id) for row in append.rows if row.document_number]
        if any(self._log.owner_of(number) not in {None, order_id} for number, order_id in numbers):
            return Outcome.CONFLICT
        self._log.add(append.events)
        for given_number in append.numbers:
            self._take(given_number)
        return Outcome.APPENDED

    def _leaf(self, stream: StreamId, version: int) -> bytes | None:
        """The leaf of the last event of a stream, if that is the version; None of a stream that is not there."""
        events = self._log.streams[stream]
        if len(events) != version:
            return b"another version"
        return events[-1].leaf if events else None

    def _take(self, taken: NumberGiven) -> None:
        self._log.series[taken.series] = max(self._log.series.get(taken.series, 0), taken.value + 1)


# Builders: each with defaults that make a plain case, so that a test says only what it is about.


def invoice_line(line_id: str, amount: int, /, **members: Any) -> dict[str, Any]:
    """An invoice line: one piece of an addon without tax or discount."""
    return {
        "id": line_id,
        "entity_type": "addon_item_price",
        "entity_id": f"item-{line_id}",
        "description": f"Item {line_id}",
        "unit_amount": amount,
        "quantity": 1,
        "amount": amount,
    } | members


COFFEE = invoice_line("li_1", 10_000, entity_type="plan_item_price", entity_id="coffee", unit_amount=5_000, quantity=2)
GRINDER = invoice_line("li_2", 3_000, entity_id="grinder", description="Grinder")


def invoice(invoice_id: str = "inv_1", /, **members: Any) -> RecordInvoice:
    """A paid invoice over 130.00: two coffee boxes at 50.00 each and a grinder at 30.00."""
    description: dict[str, Any] = {
        "id": invoice_id,
        "status": "paid",
        "currency_code": "USD",
        "customer_id": "cust_1",
        "subscription_id": "sub_1",
        "price_type": "tax_exclusive",
        "paid_at": PAID,
        "line_items": [COFFEE, GRINDER],
        "shipping_address": {"first_name": "Ann", "city": "Walnut", "state_code": "CA", "state": "California"}
        | {"country": "US", "validation_status": "not_validated"},
        "billing_address": {"first_name": "Ann", "country": "US", "validation_status": "not_validated"},
    } | members
    total = sum(line["amount"] for line in description["line_items"])
    description.setdefault("total", total)
    description.setdefault("amount_paid", description["total"] if description["status"] == "paid" else 0)
    return RecordInvoice(invoice_id=invoice_id, description=description)


def unpaid_invoice(invoice_id: str = "inv_1", /, **members: Any) -> RecordInvoice:
    """The same invoice, of which nothing was paid."""
    return invoice(invoice_id, **{"status": "payment_due", "amount_paid": 0} | members)


def settings(**members: Any) -> ChangeSettings:
    """Settings of the site."""
    return ChangeSettings(settings=members)


def manual(order_id: str = "m", invoice_id: str = "inv_1", /, **members: Any) -> CreateOrder:
    """A manual order."""
    return CreateOrder(id=order_id, invoice_id=invoice_id, **members)


def imported(order_id: str | None = "1", invoice_id: str = "inv_1", /, **members: Any) -> ImportOrder:
    """An imported order, queued."""
    required: Mapping[str, Any] = {
        "status": OrderStatus.QUEUED,
        "created_at": CREATED,
        "order_date": CREATED,
        "shipping_date": CREATED + 86_400,
    }
    return ImportOrder(id=order_id, invoice_id=invoice_id, **{**required, **members})
