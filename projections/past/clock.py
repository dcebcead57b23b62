"""The times of a log beside its order: what is known of them up to a position, as bounds that never fall."""

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.envelope import RecordedEvent
from projections.past.columns import evolve_columns
from projections.past.versions import Standing, order_events
from projections.rebuild.folding import StreamBroken


@dataclass(frozen=True, slots=True)
class LogClock:
    """What holds of all events up to a position.

    ``latest_ms`` is the latest time of one of them. ``lag_ms_max`` is by how much one was at most recorded before
    another that stands in front of it: commands take a moment, and clocks differ. ``lead_s_max`` is by how much the
    creation that an order names lies at most behind the time when that was recorded: imports may name any time.
    """

    latest_ms: int = 0
    lag_ms_max: int = 0
    lead_s_max: int = 0

    def after(self, page: Iterable[RecordedEvent], born: Iterable[Standing]) -> "LogClock":
        """What holds behind the next page, whose new orders are ``born``."""
        latest_ms, lag_ms_max = self.latest_ms, self.lag_ms_max
        for event in page:
            lag_ms_max = max(lag_ms_max, latest_ms - event.recorded_at)
            latest_ms = max(latest_ms, event.recorded_at)
        return LogClock(latest_ms, lag_ms_max, max(self.lead_s_max, *(each.lead_s for each in born), 0))


def born(event: RecordedEvent) -> list[Standing]:
    """The order that an event made, where it made one that can be read."""
    if event.version != 1 or not any(order_events([event])):
        return []
    try:
        columns = evolve_columns(None, event)
    except StreamBroken:
        return []
    return [Standing(event.version, event.position, event.recorded_at, columns)]
