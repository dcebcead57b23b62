"""What the index of past orders knows of the log's times, beside the times of the log."""

from collections.abc import Sequence
from typing import Any

from ledger.envelope import RecordedEvent
from ledger.ids import Site
from ledger.transparency.log_audit import NamedFault
from ops.view_audits.comparison import Row, finding_of, first_difference, unequal
from ops.view_audits.faults import VersionTimesDiffer
from projections.past.clock import LogClock, born
from projections.sql import query

COLUMNS = ("position", "latest_ms", "lag_ms_max", "lead_s_max")


class VersionTimesComparison:
    """Compares the notes of the log's times; takes events in the order of the log.

    Where the consumer's pages ended nobody knows any more, so which positions have a note is not compared; but where
    the consumer stands there must be one.

    Args:
        position: how far the consumer has come.
    """

    view = "order_version_pages"

    def __init__(self, connection: Any, site: Site, position: int) -> None:
        self._connection = connection
        self._site = site
        self._clock = LogClock()
        self._after = 0
        self.position = position
        self.rows = 0
        self.parked = 0
        self.fault: NamedFault | None = None

    async def take(self, page: Sequence[RecordedEvent], *, is_last: bool) -> None:
        """Compare the notes up to the end of the page; on the last page, all that are left."""
        until = None if is_last else page[-1].position
        shown = await self._connection.fetch(query("version_pages_until"), self._site, self._after, until)
        noted = {row["position"] for row in shown}
        expected = self._clocks(page, noted)
        for ours, theirs in unequal([tuple(row) for row in shown], expected, lambda row: row[0]):
            self.fault = _fault(ours, theirs)
            return
        self.rows += len(expected)
        self._after = page[-1].position if page else self._after

    def _clocks(self, events: Sequence[RecordedEvent], noted: set[int]) -> list[Row]:
        """What must be noted at those positions that have a note, and where the consumer stands."""
        clocks: list[Row] = []
        waiting: list[RecordedEvent] = []
        for event in events:
            waiting.append(event)
            if event.position <= self.position and (event.position in noted or event.position == self.position):
                self._go_on(waiting)
                waiting = []
                clock = self._clock
                clocks.append((event.position, clock.latest_ms, clock.lag_ms_max, clock.lead_s_max))
        self._go_on(waiting)
        return clocks

    def _go_on(self, events: Sequence[RecordedEvent]) -> None:
        self._clock = self._clock.after(events, [order for event in events for order in born(event)])


def _fault(shown: Row | None, expected: Row | None) -> VersionTimesDiffer:
    position = (shown or expected or ())[0]
    finding = finding_of(shown, expected).value
    return VersionTimesDiffer(position, finding, **first_difference(COLUMNS, shown, expected))
