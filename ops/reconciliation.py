"""Bringing the orders of invoices up to date by hand: what the generation process does by itself, one after another."""

from collections.abc import AsyncIterator, Sequence

import asyncpg
import msgspec
from msgspec.structs import replace

from ledger.appender import Appender
from ledger.batch import Append, Outcome
from ledger.commands import ReconcileInvoice
from ledger.envelope import RecordedEvent
from ledger.errors import LedgerError, ResourceNotFound
from ledger.handler import Caller, CommandHandler
from ledger.ids import IdSource, Site, StreamId, invoice_stream, system_clock_ms
from ledger.limits import LOG_PAGE_EVENTS, PARKED_INVOICES_SHOWN_MAX
from ledger.processes.actor import is_passing
from ledger.processes.parked_invoices import ParkedInvoice, ParkedInvoices
from ledger.sites import Sites
from ledger.sql import query
from ledger.store import Store
from ledger.vocabulary import EventSource
from ops.operator import operator
from projections.order_row import order_row

_INVOICE = invoice_stream("")


class ReconciledEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that was recorded, or would be."""

    stream: str
    type: str


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one invoice; ``reason`` where it could not be done."""

    invoice_id: str
    events: tuple[ReconciledEvent, ...] = ()
    reason: str | None = None


class Reconciliation:
    """Runs ``ReconcileInvoice`` for an operator.

    Args:
        dry_run: record nothing, and say what would be.
    """

    def __init__(self, pool: asyncpg.Pool, site: Site, *, live: bool, dry_run: bool) -> None:
        self._pool = pool
        self._site = site
        self._live = live
        self._dry_run = dry_run
        self._ids = IdSource()
        self._store = Store(pool)
        self._appender = _Preview(pool) if dry_run else Appender(pool)
        self._handler = CommandHandler(self._store, self._appender, row_of=order_row, ids=self._ids)
        self._parked = ParkedInvoices(pool, system_clock_ms)

    async def close(self) -> None:
        """Finish what waits."""
        await self._appender.close()

    async def every_invoice(self) -> AsyncIterator[str]:
        """The ids of all invoices of the site."""
        last: StreamId = _INVOICE
        while page := await self._pool.fetch(query("next_invoices"), self._site, last, LOG_PAGE_EVENTS):
            for row in page:
                yield row["stream"].removeprefix(_INVOICE)
            last = page[-1]["stream"]

    async def parked(self) -> list[ParkedInvoice]:
        """The invoices that wait to be tried again."""
        return await self._parked.all_of(self._site, PARKED_INVOICES_SHOWN_MAX)

    async def run(self, invoice_id: str) -> Reconciled:
        """Bring the orders of one invoice up to date. One that cannot be, says why, and is parked.

        Raises:
            LedgerError: the database is away, or others are too many.
        """
        latest = await self._latest_event(invoice_id)
        if latest is None:
            return Reconciled(invoice_id=invoice_id, reason="There is no such invoice.")
        try:
            handled = await self._handler.handle(ReconcileInvoice(invoice_id=invoice_id), self._caller(latest))
        except Exception as error:
            if is_passing(error):
                raise
            reason = error.reason if isinstance(error, LedgerError) else f"{type(error).__name__} in this version."
            if not self._dry_run:
                await self._parked.park(self._site, invoice_id, latest.position, reason)
            return Reconciled(invoice_id=invoice_id, reason=reason)
        if not self._dry_run:
            await self._parked.unpark(self._site, [invoice_id])
        events = tuple(ReconciledEvent(stream=event.stream, type=event.type) for event in handled.events)
        return Reconciled(invoice_id=invoice_id, events=events)

    async def _latest_event(self, invoice_id: str) -> RecordedEvent | None:
        stream = invoice_stream(invoice_id)
        records: Sequence[RecordedEvent] = (await self._store.load_streams(self._site, [stream])).get(stream, [])
        return records[-1] if records else None

    def _caller(self, cause: RecordedEvent) -> Caller:
        caller = operator(self._site, live=self._live, ids=self._ids)
        return replace(
            caller, metadata=replace(caller.metadata, source=EventSource.SYSTEM, causation_id=cause.event_id)
        )


async def reconciliation_of(pool: asyncpg.Pool, site: str, *, dry_run: bool) -> Reconciliation:
    """The reconciliation of a site.

    Raises:
        ResourceNotFound: there is no such site.
    """
    for record in await Sites(pool).list_sites():
        if record.site == site:
            return Reconciliation(pool, Site(site), live=record.live, dry_run=dry_run)
    raise ResourceNotFound(f"There is no site {site}.")


class _Preview(Appender):
    """Takes everything and writes nothing."""

    async def append(self, append: Append) -> Outcome:
        return Outcome.APPENDED
