"""The generation process: it follows the log and brings the orders of invoices to where the invoices have come.

For each event that bears on an invoice it runs ``ReconcileInvoice``, which reads the state and records what differs.
Its events go through the appender as those of any command; its checkpoint moves behind them. A kill in between
repeats a page, and repeating changes nothing (docs/decisions/0018).
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import asyncpg

from ledger.commands import ReconcileInvoice
from ledger.envelope import RecordedEvent, SealedEvent
from ledger.errors import LedgerError, ResourceNotFound
from ledger.handler import CommandHandler
from ledger.ids import SETTINGS_STREAM, IdSource, Site
from ledger.limits import INVOICES_RECONCILED_AT_ONCE, PARKED_INVOICES_LOOK_S, PARKED_INVOICES_RETRIED_AT_ONCE
from ledger.processes.actor import is_passing, system
from ledger.processes.bearing import Cause, cause_of, causes
from ledger.processes.parked_invoices import ParkedInvoices
from ledger.sites import Sites
from ledger.store import Store
from ledger.vocabulary import EventSource

# As it stands in a canonical body.
_TURNED_ON = b'"order_generation_enabled":true'

log = logging.getLogger(__name__)


class Generation:
    """The consumer. It writes through the handler, not through the connection that it is given."""

    name = "generation"
    pause_s = 0.1

    def __init__(
        self,
        pool: asyncpg.Pool,
        handler: CommandHandler,
        *,
        ids: IdSource,
        clock_ms: Callable[[], int],
    ) -> None:
        self._store = Store(pool)
        self._handler = handler
        self._sites = Sites(pool)
        self._ids = ids
        self._parked = ParkedInvoices(pool, clock_ms)
        self._slots = asyncio.Semaphore(INVOICES_RECONCILED_AT_ONCE)
        self._generating: set[Site] = set()
        self._settings_seen: dict[Site, int] = {}
        self._live: dict[Site, bool] = {}

    async def handle(self, connection: Any, site: Site, page: Sequence[RecordedEvent]) -> None:
        """Look at the invoices that a page bears on.

        Raises:
            LedgerError: the database is away or too busy; the page comes again.
        """
        found = await causes(connection, self._store, site, page, generates=await self._ever_generates(site))
        if not found:
            return
        await self._reconcile_or_park(site, found)

    async def retry_parked(self) -> int:
        """Try parked invoices again whose time has come, a bounded number of each site; returns how many."""
        tried = 0
        for record in await self._sites.list_sites():
            site = Site(record.site)
            due = await self._parked.due(site, PARKED_INVOICES_RETRIED_AT_ONCE)
            events = await self._store.events_at(site, [each.position for each in due])
            asked = {event.position: event for event in events}
            await self._reconcile_or_park(site, [cause_of(each.invoice_id, asked[each.position]) for each in due])
            tried += len(due)
        return tried

    async def run_retries(self) -> None:
        """Try parked invoices again, until cancelled."""
        while True:
            await asyncio.sleep(PARKED_INVOICES_LOOK_S)
            try:
                await self.retry_parked()
            except Exception as error:
                # The text of an exception may hold personal data.
                log.warning("parked invoices are not tried again at the moment: %s", type(error).__name__)

    async def reconcile(self, site: Site, cause: Cause) -> tuple[SealedEvent, ...]:
        """Bring the orders of one invoice up to date; returns what was recorded.

        Raises:
            LedgerError: it cannot be done, or not now.
        """
        caller = system(
            site,
            EventSource.SYSTEM,
            live=await self._is_live(site),
            ids=self._ids,
            causation_id=cause.event_id,
            correlation_id=cause.correlation_id,
        )
        return (await self._handler.handle(ReconcileInvoice(invoice_id=cause.invoice_id), caller)).events

    async def _reconcile_or_park(self, site: Site, found: Sequence[Cause]) -> None:
        """Bring each up to date, or park it."""
        async with asyncio.TaskGroup() as tasks:
            tried = [(cause, tasks.create_task(self._is_reconciled(site, cause))) for cause in found]
        await self._parked.unpark(site, [cause.invoice_id for cause, task in tried if task.result()])

    async def _is_reconciled(self, site: Site, cause: Cause) -> bool:
        async with self._slots:
            try:
                await self.reconcile(site, cause)
            except ResourceNotFound:
                # A credit note or a gift of an invoice that has not come yet: it is seen with the invoice.
                return True
            except Exception as error:
                if is_passing(error):
                    raise
                log.error("site %s: the orders of invoice %s: %s", site, cause.invoice_id, type(error).__name__)
                await self._parked.park(site, cause.invoice_id, cause.position, _reason(error))
                return False
            return True

    async def _ever_generates(self, site: Site) -> bool:
        """Whether the site makes orders from invoices, or ever did: invoices keep the settings that they came under."""
        if site in self._generating:
            return True
        known = self._settings_seen.get(site, 0)
        found = await self._store.load_streams(site, [SETTINGS_STREAM], after={SETTINGS_STREAM: known})
        settings = found.get(SETTINGS_STREAM, [])
        if any(_TURNED_ON in event.body for event in settings):
            self._generating.add(site)
        elif settings:
            self._settings_seen[site] = settings[-1].version
        return site in self._generating

    async def _is_live(self, site: Site) -> bool:
        if site not in self._live:
            self._live |= {Site(record.site): record.live for record in await self._sites.list_sites()}
        return self._live[site]


def _reason(error: Exception) -> str:
    """Why, without what an unforeseen error may quote."""
    return error.reason if isinstance(error, LedgerError) else f"An error of this version: {type(error).__name__}."
