"""The consumer that keeps ``ledger.change`` up with the log."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from ledger.envelope import RecordedEvent
from ledger.ids import Site
from projections.changes.row import ChangeRow, rows_of
from projections.sql import query

CONSUMER = "changes"


class ChangeIndex:
    """Adds the rows of new events, in the transaction that moves its checkpoint."""

    name = CONSUMER
    # Readers read what is newer from the log. At 2,000 events a second this is half a page of it.
    pause_s = 0.1

    async def handle(self, connection: Any, site: Site, page: Sequence[RecordedEvent]) -> None:
        """Add a page."""
        rows = await rows_of(connection, site, page)
        before = await connection.fetchval(query("latest_change_time"), site, page[0].position - 1)
        await connection.execute(query("add_changes"), site, *_columns(rows, latest_before=before or 0))


def _columns(rows: Sequence[ChangeRow], *, latest_before: int) -> list[list[Any]]:
    times = [row.recorded_at for row in rows]
    _, *latest = accumulate(times, max, initial=latest_before)
    return [
        [row.position for row in rows],
        times,
        latest,
        [row.type for row in rows],
        [row.actor for row in rows],
        [row.source for row in rows],
        [row.request_id for row in rows],
        [row.order_id for row in rows],
        [row.invoice_id for row in rows],
        [row.business_entity_id for row in rows],
    ]
