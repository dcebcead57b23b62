"""The consumer that keeps ``ledger.change`` up with the log."""

from collections.abc import Sequence
from itertools import accumulate
from operator import attrgetter
from typing import Any

from ledger.envelope import RecordedEvent
from ledger.ids import Site
from projections.changes.row import ChangeRow, rows_of
from projections.sql import query

CONSUMER = "changes"

_FACTS = (
    "type",
    "actor",
    "source",
    "request_id",
    "order_id",
    "invoice_id",
    "business_entity_id",
    "causation_id",
    "correlation_id",
)
_facts = attrgetter(*_FACTS)

COLUMNS: tuple[str, ...] = ("position", "recorded_at", "latest_at", *_FACTS)
"""The columns of a row behind ``site``."""


class ChangeIndex:
    """Adds the rows of new events, in the transaction that moves its checkpoint."""

    name = CONSUMER
    # Readers read what is newer from the log. At 2,000 events a second this is half a page of it.
    pause_s = 0.1

    async def handle(self, connection: Any, site: Site, page: Sequence[RecordedEvent]) -> None:
        """Add a page."""
        rows = await rows_of(connection, site, page)
        before = await connection.fetchval(query("latest_change_time"), site, page[0].position - 1)
        await add_rows(connection, site, index_rows(rows, latest_before=before or 0))


async def add_rows(connection: Any, site: Site, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write rows of ``ledger.change`` by ``COLUMNS``."""
    if rows:
        await connection.execute(query("add_changes"), site, *map(list, zip(*rows, strict=True)))


def index_rows(rows: Sequence[ChangeRow], *, latest_before: int) -> list[tuple[Any, ...]]:
    """Rows of ``ledger.change`` by ``COLUMNS``.

    Args:
        latest_before: the latest time of an event before them, in milliseconds.
    """
    _, *latest = accumulate((row.recorded_at for row in rows), max, initial=latest_before)
    return [
        (row.position, row.recorded_at, latest_ms, *_facts(row)) for row, latest_ms in zip(rows, latest, strict=True)
    ]
