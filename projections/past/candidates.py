"""Rows of the order view that bear on a moment, and of these the orders that have not changed since.

Everything here is read with the statements of plain lists, which get further conditions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from ledger.ids import Site
from ledger.limits import INTEGER_MAX
from projections.listing import OrderQuery, PageStart
from projections.orders import is_cut
from projections.past.cut import Cut
from projections.past.page_bounds import PageBounds, page_range
from projections.sql.conditions import Condition, Within
from projections.sql.reads import MERGED_PERIODS_MAX, TRY_ROWS_MAX, IndexRead, PeriodRead, Read, reads
from projections.sql.statements import statement

# Three pages: where fewer of the first orders have not changed, those that have not may be few.
FIRST_TRY_ROWS_MAX = 300


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a list: where it stands, and what it shows, as a document or as a version that is to be folded."""

    value: int
    id: str
    document: bytes | None = None
    version: int = 0

    @property
    def place(self) -> PageStart:
        """Where a page that starts behind it starts."""
        return PageStart(self.value, self.id)


class _Times(msgspec.Struct, frozen=True):
    updated_at: int
    resource_version: int


_times = msgspec.json.Decoder(_Times)


async def unchanged(
    connection: Any, site: Site, wanted: OrderQuery, conditions: tuple[Condition, ...], cut: Cut
) -> list[Row]:
    """The first rows of a list at a moment, of those orders that have not changed since; one more than a page has."""
    timed = conditions if cut.is_present else both(conditions, _until(wanted, conditions, cut))
    if timed is None:
        return []
    found: list[Row] = []
    while True:
        rows = await _read(connection, site, wanted, timed, _ways(conditions, timed, wanted.sort.field))
        found += [row for row in rows if not (cut.splits_second and _is_later(row, cut))]
        if len(rows) <= wanted.limit or len(found) > wanted.limit:
            return found[: wanted.limit + 1]
        wanted = replace(wanted, start=rows[-1].place)


def both(conditions: tuple[Condition, ...], more: Sequence[Within]) -> tuple[Condition, ...] | None:
    """The conditions with further ranges; None if no row can fulfil them."""
    joined = list(conditions)
    for each in more:
        place = next((n for n, one in enumerate(joined) if isinstance(one, Within) and one.column == each.column), None)
        if place is None:
            joined.append(each)
            continue
        one = joined[place]
        assert isinstance(one, Within)
        joined[place] = merged = Within(each.column, max(one.first, each.first), min(one.last, each.last))
        if merged.first > merged.last:
            return None
    return tuple(joined)


def _until(wanted: OrderQuery, conditions: tuple[Condition, ...], cut: Cut) -> list[Within]:
    """What holds of the row of an order that has not changed since; of times this is all but for one second.

    The creation follows from the others and bounds a list in its order.
    """
    bounds = PageBounds.of(replace(wanted, start=None), conditions, cut)
    times = [bounds.updated]
    if wanted.sort.field == "created_at":
        times = [Within("updated_at", last=cut.latest_s), bounds.created]
    found = [without_start(each, wanted) for each in times]
    return found if cut.is_time else [*found, Within("position", last=cut.position)]


def without_start(bound: Within, wanted: OrderQuery) -> Within:
    """A bound without the end that the start of the page implies: of two, an index reads from the first."""
    start = page_range(wanted, None)
    if bound.column != start.column:
        return bound
    return Within(
        bound.column,
        first=bound.first if bound.first > start.first else -INTEGER_MAX,
        last=bound.last if bound.last < start.last else INTEGER_MAX,
    )


def _ways(conditions: tuple[Condition, ...], timed: tuple[Condition, ...], sort: str) -> list[Read]:
    """First as a list of the present is read, where most orders have not changed; then led by the times."""
    if timed is conditions or sort == "updated_at":
        return list(reads(timed, sort))
    first = reads(conditions, sort)[0]
    *tries, last = reads(timed, sort)
    return [bounded(first, FIRST_TRY_ROWS_MAX), *(each for each in tries if not _repeats(each, first)), last]


def _repeats(read: Read, first: Read) -> bool:
    """Whether a try has little hope after another one of the same index."""
    return (
        isinstance(read, IndexRead)
        and isinstance(first, IndexRead)
        and read.access is first.access
        and (read.rows_max or INTEGER_MAX) <= TRY_ROWS_MAX
    )


def bounded(read: Read, rows_max: int) -> Read:
    """A read that looks at no more rows than these, or at the periods of a month."""
    if isinstance(read, IndexRead | PeriodRead):
        return replace(read, rows_max=min(rows_max, read.rows_max or INTEGER_MAX))
    return replace(read, periods_max=MERGED_PERIODS_MAX)


async def _read(
    connection: Any, site: Site, wanted: OrderQuery, conditions: tuple[Condition, ...], ways: Sequence[Read]
) -> list[Row]:
    for way in ways:
        rows = await read_rows(connection, site, wanted, conditions, way)
        if rows is not None:
            return rows
    raise AssertionError("the last way of a list is never cut short")


async def read_rows(
    connection: Any,
    site: Site,
    wanted: OrderQuery,
    conditions: tuple[Condition, ...],
    way: Read,
    *,
    with_documents: bool = True,
) -> list[Row] | None:
    """The rows of one read; None if it came to its bound."""
    made = statement(site, wanted, conditions, way, with_documents=with_documents)
    rows = await connection.fetch(made.text, *made.arguments)
    if is_cut(made, rows):
        return None
    return [Row(row["sort_value"], row["id"], row["document"]) for row in rows]


def _is_later(row: Row, cut: Cut) -> bool:
    assert row.document is not None
    times = _times.decode(row.document)
    return times.updated_at == cut.latest_s and times.resource_version > cut.until_ms
