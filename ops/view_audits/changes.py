"""The index of the log beside the log, as far as its consumer has come."""

from collections.abc import Sequence
from typing import Any

from ledger.envelope import RecordedEvent
from ledger.ids import Site
from ledger.transparency.log_audit import NamedFault
from ops.view_audits.comparison import Row, finding_of, first_difference, unequal
from ops.view_audits.faults import ChangeDiffers
from projections.changes.index import COLUMNS, CONSUMER
from projections.changes.remade import RemadeRows, indexed_rows


class ChangesComparison:
    """Compares the index; takes events in the order of the log.

    Args:
        position: how far the consumer has come.
    """

    view = CONSUMER

    def __init__(self, connection: Any, site: Site, position: int) -> None:
        self._connection = connection
        self._site = site
        self._remade = RemadeRows(site)
        self._after = 0
        self.position = position
        self.rows = 0
        self.parked = 0
        self.fault: NamedFault | None = None

    async def take(self, page: Sequence[RecordedEvent], *, is_last: bool) -> None:
        """Compare the rows of some events; on the last page, all that are left."""
        until = None if is_last else page[-1].position
        # Positions come once, so that a row more than there are events is one that is too many.
        shown = await indexed_rows(self._connection, self._site, self._after, until, rows_max=len(page) + 1)
        made = [event for event in page if event.position <= self.position]
        expected = await self._remade.rows(self._connection, made)
        for ours, theirs in unequal(shown, expected, lambda row: row[0]):
            self.fault = _fault(ours, theirs)
            return
        self.rows += len(expected)
        self._after = page[-1].position if page else self._after


def _fault(shown: Row | None, expected: Row | None) -> ChangeDiffers:
    position = (shown or expected or ())[0]
    return ChangeDiffers(position, finding_of(shown, expected).value, **first_difference(COLUMNS, shown, expected))
