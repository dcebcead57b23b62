"""The consumer that keeps ``ledger.order_version`` and the documents beside it up with the log."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ledger.envelope import RecordedEvent
from ledger.ids import Site, StreamId, system_clock_ms
from ledger.store import recorded
from projections.past.clock import LogClock
from projections.past.columns import COLUMNS, Columns, evolve_columns, values_of
from projections.past.kept_documents import keep_documents
from projections.past.versions import Replaced, Standing, Superseded, order_events, replaced
from projections.rebuild.folding import StreamBroken
from projections.rebuild.parking import park, parked
from projections.sql import query

CONSUMER = "order_versions"
"""The name of the consumer, and of what it makes where that is parked or rebuilt."""

ROW_COLUMNS: tuple[str, ...] = (
    "id",
    "version",
    "from_position",
    "to_position",
    "from_ms",
    "to_ms",
    "fork",
    "is_revised",
    *COLUMNS,
)


class OrderVersions:
    """Adds the versions that new events replaced, in the transaction that moves its checkpoint.

    An order whose events cannot be read is parked; its versions up to there are kept, and all other orders move on.
    """

    name = CONSUMER
    # Readers fold what is newer themselves. At 2,000 events a second this is half a page of the log.
    pause_s = 0.1

    def __init__(self, clock_ms: Callable[[], int] = system_clock_ms) -> None:
        self._clock_ms = clock_ms

    async def handle(self, connection: Any, site: Site, page: Sequence[RecordedEvent]) -> None:
        """Take a page."""
        found = replaced(page, await standing_before(connection, site, page))
        await add_versions(connection, site, found.versions)
        await keep_documents(connection, site, page)
        await self._park(connection, site, found)
        clock = (await latest_clock(connection, site)).after(page, found.born)
        await add_page(connection, site, page[-1].position, clock)

    async def _park(self, connection: Any, site: Site, found: Replaced) -> None:
        if not found.broken:
            return
        known = {each.stream for each in await parked(connection, site) if each.projection == CONSUMER}
        for stream, broken in found.broken.items():
            # Of one that is parked already, the first event that cannot be read is the one to be told.
            if stream not in known:
                await park(connection, site, CONSUMER, broken, self._clock_ms())


async def standing_before(
    database: Any, site: Site, page: Sequence[RecordedEvent]
) -> Mapping[StreamId, Standing | StreamBroken]:
    """The orders of a page as they were before it, which is what the table knows and one event of each.

    Args:
        database: a connection in the transaction that the table is read or written in.
    """
    first: dict[StreamId, RecordedEvent] = {}
    for event in order_events(page):
        first.setdefault(event.stream, event)
    changed = {stream: event for stream, event in first.items() if event.version > 1}
    if not changed:
        return {}
    versions = [event.version - 1 for event in changed.values()]
    rows = await database.fetch(query("standing_orders"), site, list(changed), versions)
    found: dict[StreamId, Standing | StreamBroken] = {row["stream"]: _standing(row) for row in rows}
    for stream, event in changed.items():
        found.setdefault(
            stream, StreamBroken(event, f"Event {event.position}: version {event.version - 1} is not there.")
        )
    return found


async def add_versions(connection: Any, site: Site, versions: Sequence[Superseded]) -> None:
    """Write versions."""
    await add_rows(connection, site, list(map(row_of, versions)))


async def add_rows(connection: Any, site: Site, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write rows of ``ledger.order_version``, by ``ROW_COLUMNS``."""
    if rows:
        await connection.copy_records_to_table(
            "order_version",
            schema_name="ledger",
            columns=["site", *ROW_COLUMNS],
            records=[(site, *row) for row in rows],
        )


async def latest_clock(database: Any, site: Site) -> LogClock:
    """What is known of the log's times as far as the consumer has come."""
    row = await database.fetchrow(query("latest_version_page"), site)
    return LogClock(**row) if row else LogClock()


async def add_page(connection: Any, site: Site, position: int, clock: LogClock) -> None:
    """Note how far the consumer has come, and what is known of the log's times up to there."""
    await connection.execute(
        query("add_version_page"), site, position, clock.latest_ms, clock.lag_ms_max, clock.lead_s_max
    )


def row_of(version: Superseded) -> tuple[Any, ...]:
    """The row of a version, by ``ROW_COLUMNS``."""
    return (
        version.order_id,
        version.version,
        version.from_position,
        version.to_position,
        version.from_ms,
        version.to_ms,
        version.fork,
        version.is_revised,
        *values_of(version.columns),
    )


def _standing(row: Any) -> Standing | StreamBroken:
    event = recorded(row)
    before = None
    if event.version > 1:
        if row["known_version"] != event.version - 1:
            return StreamBroken(event, f"Event {event.position}: the version before it could not be read.")
        before = Columns(**{name: row[name] for name in COLUMNS})
    try:
        columns = evolve_columns(before, event)
    except StreamBroken as broken:
        return broken
    return Standing(event.version, event.position, event.recorded_at, columns)
