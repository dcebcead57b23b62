"""Rows of the index of the log made again from the log alone, and those that the index has."""

from collections.abc import Sequence
from typing import Any

from ledger.envelope import RecordedEvent
from ledger.ids import Site
from projections.changes.index import COLUMNS, index_rows
from projections.changes.owners import OwnersInLog
from projections.changes.row import rows_of
from projections.sql import query

Row = tuple[Any, ...]
"""By ``COLUMNS``."""

_LATEST = COLUMNS.index("latest_at")


class RemadeRows:
    """Makes the rows of a site again, page after page from the first event on. The order view is not believed."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._owners = OwnersInLog()
        self._latest = 0

    async def rows(self, database: Any, page: Sequence[RecordedEvent]) -> list[Row]:
        """The rows of the next events."""
        self._owners.remember(page)
        found = await rows_of(database, self._site, page, owners=self._owners)
        rows = index_rows(found, latest_before=self._latest)
        if rows:
            self._latest = rows[-1][_LATEST]
        return rows


async def indexed_rows(database: Any, site: Site, after: int, until: int | None, *, rows_max: int) -> list[Row]:
    """The rows that the index has behind a position and up to another, None for all that are left."""
    rows = await database.fetch(query("change_rows"), site, after, until, rows_max)
    return [tuple(row) for row in rows]
