"""Invoices whose orders could not be brought up to date: listed with the reason, and tried again later."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ledger.ids import Position, Site
from ledger.limits import PARKED_INVOICE_RETRY_MS_MAX, PARKED_INVOICE_RETRY_MS_MIN
from ledger.sql import query


class ParkedInvoice(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice that waits. ``position`` is of the event that asked last; times in milliseconds."""

    invoice_id: str
    position: Position
    reason: str
    attempts: int
    parked_at: int
    next_at: int


class ParkedInvoices:
    """Keeps them. Database errors pass through.

    Args:
        database: a pool or a connection.
    """

    def __init__(self, database: Any, clock_ms: Callable[[], int]) -> None:
        self._database = database
        self._clock_ms = clock_ms

    async def park(self, site: Site, invoice_id: str, position: Position, reason: str) -> None:
        """Park an invoice, or wait longer with one that is parked."""
        pauses = (PARKED_INVOICE_RETRY_MS_MIN, PARKED_INVOICE_RETRY_MS_MAX)
        await self._database.execute(
            query("park_invoice"), site, invoice_id, position, reason, self._clock_ms(), *pauses
        )

    async def unpark(self, site: Site, invoice_ids: Sequence[str]) -> None:
        """They are up to date."""
        if invoice_ids:
            await self._database.execute(query("unpark_invoices"), site, invoice_ids)

    async def all_of(self, site: Site, limit: int) -> list[ParkedInvoice]:
        """What is parked, the longest first."""
        rows = await self._database.fetch(query("parked_invoices"), site, limit)
        return [ParkedInvoice(**row) for row in rows]

    async def due(self, site: Site, limit: int) -> list[ParkedInvoice]:
        """What is to be tried again now."""
        rows = await self._database.fetch(query("parked_invoices_due"), site, self._clock_ms(), limit)
        return [ParkedInvoice(**row) for row in rows]
