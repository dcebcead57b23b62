"""Exports: a range of a site's log as JSON lines for auditors, or as a table for people, page by page."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import asyncpg

from ledger.envelope import RecordedEvent
from ledger.errors import OperationFailed, ParamWrongValue, ResourceNotFound
from ledger.ids import Position, Site
from ledger.limits import LOG_PAGE_EVENTS
from ledger.merkle.export_line import encode_export_line
from ledger.store import Store
from ledger.subscription import EventMissed, assert_none_missed
from projections.changes.document import ChangeOpener, LoggedChange
from projections.changes.reader import ChangeLog
from projections.history.moments import instant_text
from projections.visible_text import visible


class ExportFormat(StrEnum):
    """How events are written."""

    JSONL = "jsonl"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class ExportRange:
    """Positions, both included; empty where the last is below the first."""

    first: Position
    last: Position

    @property
    def count(self) -> int:
        """How many events it holds."""
        return max(0, self.last - self.first + 1)


CSV_COLUMNS = (
    "position",
    "recorded_at",
    "type",
    "sentence",
    "order_id",
    "invoice_id",
    "business_entity_id",
    "actor",
    "actor_kind",
    "source",
    "request_id",
    "method",
    "path",
    "idempotency_key",
    "origin_user",
    "origin_ip",
    "origin_device",
    "correlation_id",
    "causation_id",
    "stream",
    "version",
    "event_id",
    "leaf",
)
# Some ten megabytes: an order's events mostly come within a few thousand others.
_ORDERS_REMEMBERED_MAX = 2_000

_OF_THE_REQUEST = ("method", "path", "idempotency_key", "origin_user", "origin_ip", "origin_device")

# What spreadsheets take for the start of a formula, also in the width of Asian letters; and the mark itself, so that
# it can be taken off again.
_FORMULA_STARTS = tuple("=+-@\uff1d\uff0b\uff0d\uff20'")


async def export_range(pool: asyncpg.Pool, site: Site, first: int, last: int | None) -> ExportRange:
    """The range that was asked for, up to the present end of the log at most.

    Raises:
        ResourceNotFound: there is no such site.
        ParamWrongValue: the log does not reach so far.
    """
    head = await Store(pool).head_position(site)
    if head is None:
        raise ResourceNotFound(f"There is no site {site}.")
    if first > head + 1:
        raise ParamWrongValue(f"is beyond the last position of the log, {head}", param="--from")
    if last is not None and last > head:
        raise ParamWrongValue(f"is beyond the last position of the log, {head}", param="--to")
    return ExportRange(Position(first), head if last is None else Position(last))


async def export(
    pool: asyncpg.Pool,
    site: Site,
    wanted: ExportRange,
    form: ExportFormat,
    *,
    write: Callable[[bytes], object],
    on_event: Callable[[int], object] = lambda _: None,
) -> None:
    """Write the events of a range in their order. What is held is a page of them, however long the log is.

    Args:
        on_event: told after each page how many were written so far.

    Raises:
        OperationFailed: an event of the range is missing.
    """
    render = _jsonl if form is ExportFormat.JSONL else _Csv(pool, site).render
    if form is ExportFormat.CSV:
        write(csv_line(CSV_COLUMNS))
    done = 0
    async for page in _pages(Store(pool), site, wanted):
        write(await render(page))
        done += len(page)
        on_event(done)


async def _pages(store: Store, site: Site, wanted: ExportRange) -> AsyncIterator[Sequence[RecordedEvent]]:
    last = Position(wanted.first - 1)
    while last < wanted.last:
        page = await store.read_log(site, after=last, limit=min(LOG_PAGE_EVENTS, wanted.last - last))
        try:
            assert_none_missed(site, last, page)
        except EventMissed as missed:
            raise OperationFailed(f"The log has a gap: {missed}") from missed
        if not page:
            raise OperationFailed(f"The log of {site} ends at {last} now, before position {wanted.last}.")
        yield page
        last = page[-1].position


async def _jsonl(page: Sequence[RecordedEvent]) -> bytes:
    return b"".join(encode_export_line(event.position, event.body) for event in page)


class _Csv:
    """Rows as people read them."""

    def __init__(self, pool: asyncpg.Pool, site: Site) -> None:
        self._log = ChangeLog(pool)
        self._opener = ChangeOpener(Store(pool), remembered_max=_ORDERS_REMEMBERED_MAX)
        self._site = site

    async def render(self, page: Sequence[RecordedEvent]) -> bytes:
        events = await self._log.matching(self._site, (), page)
        changes = await self._opener.open(self._site, events)
        return b"".join(csv_line(_cells(change)) for change in changes)


def csv_line(cells: Sequence[object]) -> bytes:
    """A line of RFC 4180 in UTF-8, in which no cell begins like a formula and all stand on one line."""
    text = io.StringIO()
    csv.writer(text).writerow([_cell(cell) for cell in cells])
    return text.getvalue().encode()


def _cells(change: LoggedChange) -> list[object]:
    special = {"recorded_at": instant_text(change.recorded_at_ms), "request_id": change.request.id}
    special |= {name: getattr(change.request, name) or "" for name in _OF_THE_REQUEST}
    return [special[name] if name in special else getattr(change, name) for name in CSV_COLUMNS]


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    shown = visible(value)
    return f"'{shown}" if shown.startswith(_FORMULA_STARTS) else shown
