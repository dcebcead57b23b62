"""The way of a command: read its streams, decide, seal the events, append, and answer with what came of it.

A success is proven by the append, which accepts only the versions that were read. So a command is decided at first on
what is remembered of settings and invoices, without a look at the log; where no append proves it, as where it is
refused, it is read and decided again. So is a command that lost a race, a bounded number of times; then the caller is
told ``lock_timeout``.
"""

import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any

import msgspec

from ledger import commands as c
from ledger.appender import Appender
from ledger.batch import Answer, Append, OrderRow, Outcome
from ledger.decision import Context, Decision, NeedsNumber
from ledger.envelope import EventMapper, Metadata, SealedEvent
from ledger.errors import LedgerError, LockTimeout, ResourceNotFound
from ledger.events import DomainEvent
from ledger.ids import (
    INVOICE_STREAM,
    SETTINGS_STREAM,
    WEBHOOK_ENDPOINTS_STREAM,
    IdSource,
    Site,
    StreamId,
    Version,
    credit_note_stream,
    gift_stream,
    invoice_stream,
    order_stream,
    subscription_stream,
    system_clock_ms,
)
from ledger.known_streams import KnownStreams
from ledger.limits import COMMAND_ATTEMPTS_MAX
from ledger.locks import KeyedLocks
from ledger.order import Order, evolve
from ledger.parts import WebhookEndpoint
from ledger.preparation import prepare
from ledger.probe import NO_PROBE, Probe
from ledger.reader import StreamReader
from ledger.settings import SiteSettings
from ledger.store import Store

Shown = OrderRow | WebhookEndpoint
"""What an answer can show."""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """For whom a command runs.

    ``answer`` makes the idempotent answer of a success from what it shows; it is None without a key.
    ``before_numbers`` is awaited before numbers are taken, and may raise instead: what it raises passes through.
    ``on_sealed`` is told the events of each attempt before they are appended.
    """

    site: Site
    live: bool
    name: str
    metadata: Metadata
    business_entity_id: str | None = None
    answer: Callable[[Shown], Answer] | None = None
    before_numbers: Callable[[], Awaitable[None]] | None = None
    on_sealed: Callable[[tuple[SealedEvent, ...]], None] | None = None


class Handled(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a command: its events, and what to answer with: the row of an order, or a webhook endpoint."""

    events: tuple[SealedEvent, ...] = ()
    row: OrderRow | None = None
    endpoint: WebhookEndpoint | None = None

    @property
    def shown(self) -> Shown | None:
        """Whichever of them there is; None for invoices and the like."""
        return self.row or self.endpoint


class AnsweredAlready(Exception):
    """The idempotency key has an answer, given by another request that ran at the same time."""


class _RaceLost(Exception):
    """A stream is not at the version any more that was read. ``invoice`` is the invoice's, where it is among them."""

    def __init__(self, events: Iterable[SealedEvent]) -> None:
        super().__init__()
        streams = (event.stream for event in events)
        self.invoice = next((stream for stream in streams if stream.startswith(INVOICE_STREAM)), None)


class _Unproven(Exception):
    """What was decided on what is remembered leads to no append, which would prove it."""


class CommandHandler:
    """Runs commands.

    Args:
        row_of: makes the inline view's row of an order (``projections.order_row``).
        probe: is told of lost races.
        known: how streams are read; None remembers them for this handler alone.
    """

    def __init__(
        self,
        store: Store,
        appender: Appender,
        *,
        row_of: Callable[[Order], OrderRow],
        ids: IdSource | None = None,
        clock_ms: Callable[[], int] = system_clock_ms,
        probe: Probe = NO_PROBE,
        known: KnownStreams | None = None,
    ) -> None:
        self._store = store
        self._probe = probe
        self._appender = appender
        self._row_of = row_of
        self._ids = ids or IdSource(clock_ms)
        self._clock_ms = clock_ms
        self._mapper = EventMapper()
        self._locks = KeyedLocks()
        self._known = known or KnownStreams(store)

    async def handle(self, command: c.Command, caller: Caller) -> Handled:
        """Run one command to its end.

        Raises:
            LedgerError: it was refused, and nothing was written.
            AnsweredAlready: another request with the same idempotency key was faster.
        """
        own = _contended_stream(command)
        async with self._locks.hold((caller.site, own)):
            with contextlib.suppress(_Unproven):
                return await self._in_turns(command, caller, own, recalls=True)
            return await self._in_turns(command, caller, own)

    async def require_order(self, caller: Caller, order_id: str) -> None:
        """Raise ResourceNotFound unless the order exists for the caller."""
        await self._reader(caller).order(order_id)

    async def require_invoice(self, caller: Caller, invoice_id: str) -> None:
        """Raise ResourceNotFound unless the invoice is known and the caller may see it."""
        invoice = await self._reader(caller).invoice(invoice_id)
        if invoice.state is None or not invoice.state.facts.is_visible_to(caller.business_entity_id):
            raise ResourceNotFound

    async def settings(self, site: Site) -> SiteSettings:
        """The settings of a site in force."""
        reader = StreamReader(self._store, self._mapper, site, known=self._known)
        return (await reader.settings()).state

    async def business_entity_exists(self, site: Site, business_entity_id: str) -> bool:
        """Whether an invoice names the business entity, or the settings of the site do."""
        return (
            await self._store.business_entity_exists(site, business_entity_id)
            or business_entity_id in (await self.settings(site)).business_entities
        )

    async def keep_answer(self, site: Site, answer: Answer) -> None:
        """Keep the answer to a request that was refused.

        Raises:
            AnsweredAlready: the key has an answer already.
        """
        await self._append(Append(site=site, answer=answer))

    async def _in_turns(
        self, command: c.Command, caller: Caller, own: StreamId | object, *, recalls: bool = False
    ) -> Handled:
        try:
            return await self._attempt(command, caller, recalls=recalls)
        except _RaceLost as lost:
            shared = lost.invoice
        # Nobody here writes to its own stream meanwhile: it lost to another process, or to another order of its
        # invoice. Those take turns from now on, or each round would serve one and refuse all beyond the last.
        turn = self._locks.hold((caller.site, shared)) if shared not in {None, own} else contextlib.nullcontext()
        async with turn:
            for _ in range(COMMAND_ATTEMPTS_MAX - 1):
                with contextlib.suppress(_RaceLost):
                    return await self._attempt(command, caller)
        raise LockTimeout(retry_after_s=1)

    async def _attempt(self, command: c.Command, caller: Caller, *, recalls: bool = False) -> Handled:
        reader = self._reader(caller, recalls=recalls)
        decision = await self._decide_provably(command, caller, reader)
        rows = self._rows(decision, reader)
        events = self._seal(decision.events, rows, caller, reader)
        if caller.on_sealed:
            caller.on_sealed(events)
        shown = next((row for row in rows if row.id == decision.order_id), None)
        if shown is None and decision.order_id:
            shown = self._row_of((await reader.order(decision.order_id)).state)
        handled = Handled(events=events, row=shown, endpoint=decision.endpoint)
        answer = caller.answer(handled.shown) if caller.answer and handled.shown else None
        if events or answer:
            append = Append(
                site=caller.site,
                remembered=reader.remembered,
                events=events,
                rows=tuple(rows),
                numbers=decision.numbers,
                answer=answer,
            )
            if not await self._append(append):
                self._probe.race_lost()
                raise _RaceLost(events)
            self._known.fall_behind(caller.site, (event.stream for event in events))
        return handled

    async def _append(self, append: Append) -> bool:
        outcome = await self._appender.append(append)
        if outcome is Outcome.ANSWERED:
            raise AnsweredAlready
        return outcome is Outcome.APPENDED

    async def _decide_provably(self, command: c.Command, caller: Caller, reader: StreamReader) -> Decision:
        """The decision; one that was made on what is remembered has events, whose append proves it."""
        try:
            decision = await self._decide(command, caller, reader)
        except LedgerError:
            if reader.has_recalled:
                raise _Unproven from None
            raise
        if reader.has_recalled and not decision.events:
            raise _Unproven
        return decision

    async def _decide(self, command: c.Command, caller: Caller, reader: StreamReader) -> Decision:
        decide = await prepare(command, reader)
        context = Context(
            now_ms=self._clock_ms(),
            created_by=caller.name,
            live=caller.live,
            ids=self._ids,
            settings=(await reader.settings()).state,
            business_entity_id=caller.business_entity_id,
        )
        while True:
            try:
                return decide(context)
            except NeedsNumber as needed:
                if reader.has_recalled:
                    # A number that is taken and then not used is a gap.
                    raise _Unproven from None
                if caller.before_numbers:
                    await caller.before_numbers()
                number = await self._store.reserve_number(caller.site, needed.series, needed.start, needed.count)
                context = replace(context, numbers={**context.numbers, needed.series: number})

    def _reader(self, caller: Caller, *, recalls: bool = False) -> StreamReader:
        return StreamReader(
            self._store,
            self._mapper,
            caller.site,
            known=self._known,
            recalls=recalls,
            business_entity_id=caller.business_entity_id,
        )

    def _seal(
        self, events: tuple[DomainEvent, ...], rows: list[OrderRow], caller: Caller, reader: StreamReader
    ) -> tuple[SealedEvent, ...]:
        documents = {(row.stream, row.version): row.document for row in rows}
        leaves: dict[StreamId, bytes | None] = {}
        sealed = []
        for event in events:
            stream = StreamId(event.originator_id)
            sealed.append(
                self._mapper.seal(
                    event,
                    site=caller.site,
                    event_id=self._ids.event_id(live=caller.live),
                    previous=leaves.get(stream, reader.leaf(stream)),
                    metadata=caller.metadata,
                    document=documents.get((stream, Version(event.originator_version))),
                )
            )
            leaves[stream] = sealed[-1].leaf
        return tuple(sealed)

    def _rows(self, decision: Decision, reader: StreamReader) -> list[OrderRow]:
        orders: dict[StreamId, Order] = {}
        for event in decision.events:
            stream = StreamId(event.originator_id)
            if stream.startswith("order-"):
                orders[stream] = evolve(orders.get(stream) or reader.read_order(stream), event)
        return [self._row_of(order) for order in orders.values()]


def _contended_stream(command: c.Command) -> StreamId | object:
    """The stream that commands wait for each other over; one of its own where it is not known yet."""
    return _CONTENDED[type(command)](command)


def _born_order(command: c.CreateOrder | c.ImportOrder) -> StreamId | object:
    return order_stream(command.id) if command.id else object()


def _order(command: c.OrderCommand | c.MarkReady) -> StreamId:
    return order_stream(command.order_id)


def _invoice(command: c.RecordInvoice | c.ReconcileInvoice) -> StreamId:
    return invoice_stream(command.invoice_id)


def _webhook_endpoints(_: c.WebhookEndpointCommand) -> StreamId:
    return WEBHOOK_ENDPOINTS_STREAM


_CONTENDED: dict[type, Callable[[Any], StreamId | object]] = {
    c.CreateOrder: _born_order,
    c.ImportOrder: _born_order,
    c.UpdateOrder: _order,
    c.AssignOrderNumber: _order,
    c.CancelOrder: _order,
    c.CreateRefundableCreditNote: _order,
    c.ReopenOrder: _order,
    c.DeleteOrder: _order,
    c.ResendOrder: _order,
    c.MarkReady: _order,
    c.RecordInvoice: _invoice,
    c.ReconcileInvoice: _invoice,
    c.RecordCreditNote: lambda command: credit_note_stream(command.credit_note_id),
    c.RecordSubscription: lambda command: subscription_stream(command.subscription_id),
    c.RecordGift: lambda command: gift_stream(command.invoice_id),
    c.CreateWebhookEndpoint: _webhook_endpoints,
    c.UpdateWebhookEndpoint: _webhook_endpoints,
    c.DeleteWebhookEndpoint: _webhook_endpoints,
    c.ChangeSettings: lambda _: SETTINGS_STREAM,
}
