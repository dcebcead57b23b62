"""Rows of the order view that bear on a moment: orders that have not changed since, and those that have.

Everything here is read with the statements of plain lists, which get further conditions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from ledger.ids import Site
from ledger.limits import INTEGER_MAX
from projections.listing import OrderQuery, PageStart, Sort
from projections.orders import is_cut
from projections.past.cut import Cut
from projections.past.versions import REVISED
from projections.sql.conditions import Condition, NoneOf, Within
from projections.sql.reads import MERGED_PERIODS_MAX, TRY_ROWS_MAX, IndexRead, PeriodRead, Read, reads
from projections.sql.statements import statement

# What no event ever changes.
CONSTANT = frozenset(
    {
        "id",
        "invoice_id",
        "subscription_id",
        "original_order_id",
        "business_entity_id",
        "order_type",
        "is_resent",
        "created_at",
    }
)
_BY_CREATION = Sort("created_at")


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
    timed = conditions if cut.is_present else both(conditions, _until(cut, wanted))
    if timed is None:
        return []
    found: list[Row] = []
    while True:
        rows = await _read(connection, site, wanted, timed, _ways(conditions, timed, wanted.sort.field))
        found += [row for row in rows if not (cut.splits_second and _is_later(row, cut))]
        if len(rows) <= wanted.limit or len(found) > wanted.limit:
            return found[: wanted.limit + 1]
        wanted = replace(wanted, start=rows[-1].place)


@dataclass(slots=True)
class Changed:
    """Orders that changed after a moment, in the order of a list by creation, some at a time.

    They are found by what never changes, or by what seldom does: where ``needs_revised``, orders are missing of which
    that has changed. In every other way rows may be other than they were. ``is_over`` tells that there are no more,
    ``is_cut`` that going on would look at too many rows that do not matter.
    """

    connection: Any
    site: Site
    cut: Cut
    sort: Sort
    start: PageStart | None
    conditions: tuple[Condition, ...] | None
    is_over: bool = False
    is_cut: bool = False

    @classmethod
    def of(
        cls,
        connection: Any,
        site: Site,
        wanted: OrderQuery,
        conditions: tuple[Condition, ...],
        cut: Cut,
        *,
        until: int | None = None,
    ) -> "Changed":
        """Those that a list can hold; of one by updates all those from its beginning.

        Args:
            until: the sort value of the last row that the page can hold.
        """
        constant = tuple(each for each in conditions if each.column in CONSTANT or _is_kept(each))
        by_creation = wanted.sort.field == "created_at"
        found = cls(
            connection,
            site,
            cut,
            wanted.sort if by_creation else _BY_CREATION,
            wanted.start if by_creation else None,
            both(constant, [*_since(cut), *within_page(wanted.sort, until if by_creation else None)]),
        )
        found.is_over = found.conditions is None
        return found

    async def next(self, limit: int, rows_max: int = TRY_ROWS_MAX) -> list[str]:
        """Ids of the next orders, at most so many, unless more than ``rows_max`` rows would be looked at for them."""
        assert self.conditions is not None
        wanted = OrderQuery(sort=self.sort, limit=limit, start=self.start, include_deleted=True)
        first = reads(self._constant, self.sort.field)[0]
        rows = await _one(self.connection, self.site, wanted, self.conditions, _bounded(first, rows_max))
        if rows is None:
            self.is_cut = True
            return []
        self.is_over = len(rows) <= limit
        if not self.is_over:
            rows = rows[:limit]
            self.start = rows[-1].place
        return [row.id for row in rows]

    @property
    def needs_revised(self) -> bool:
        """Whether orders were looked for by what seldom changes."""
        return any(map(_is_kept, self.conditions or ()))

    @property
    def _constant(self) -> tuple[Condition, ...]:
        """Without the moment, which leads to no index that would be read in the order of the list."""
        return tuple(
            each for each in self.conditions or () if each.column not in {"created_at", "updated_at", "position"}
        )


def within_page(sort: Sort, until: int | None) -> list[Within]:
    """What holds of the rows up to the last one that a page can hold."""
    if until is None:
        return []
    return [Within(sort.field, first=until) if sort.descending else Within(sort.field, last=until)]


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


def _is_kept(condition: Condition) -> bool:
    """Whether only an order that has a value fulfils it, which it seldom loses."""
    return condition.column in REVISED and not isinstance(condition, NoneOf)


def _until(cut: Cut, wanted: OrderQuery) -> list[Within]:
    """What holds of the row of an order that has not changed since; of times this is all but for one second.

    The creation follows from the others and bounds a list in its order.
    """
    ranges = [Within("updated_at", last=cut.latest_s)]
    if wanted.sort.field == "created_at":
        ranges.append(Within("created_at", last=cut.created_s))
    found = [each for each in ranges if not _follows(each, wanted.sort, wanted.start)]
    return found if cut.is_time else [*found, Within("position", last=cut.position)]


def _follows(bound: Within, sort: Sort, start: PageStart | None) -> bool:
    """Whether a page that starts there is within the bound anyway: of two bounds an index reads from the first."""
    return sort.descending and start is not None and bound.column == sort.field and start.value <= bound.last


def _since(cut: Cut) -> list[Within]:
    """What holds of the row of an order that was there and has changed since."""
    changed = Within("updated_at", first=cut.until_ms // 1000) if cut.is_time else None
    return [Within("created_at", last=cut.created_s), changed or Within("position", first=cut.position + 1)]


def _ways(conditions: tuple[Condition, ...], timed: tuple[Condition, ...], sort: str) -> list[Read]:
    """First as a list of the present is read, where most orders have not changed; then led by the times."""
    if timed is conditions or sort == "updated_at":
        return list(reads(timed, sort))
    return [_bounded(reads(conditions, sort)[0], TRY_ROWS_MAX), *reads(timed, sort)]


def _bounded(read: Read, rows_max: int) -> Read:
    if isinstance(read, IndexRead | PeriodRead):
        return replace(read, rows_max=min(rows_max, read.rows_max or INTEGER_MAX))
    return replace(read, periods_max=MERGED_PERIODS_MAX)


async def _read(
    connection: Any, site: Site, wanted: OrderQuery, conditions: tuple[Condition, ...], ways: Sequence[Read]
) -> list[Row]:
    for way in ways:
        rows = await _one(connection, site, wanted, conditions, way)
        if rows is not None:
            return rows
    raise AssertionError("the last way of a list is never cut short")


async def _one(
    connection: Any, site: Site, wanted: OrderQuery, conditions: tuple[Condition, ...], way: Read
) -> list[Row] | None:
    """The rows of one read; None if it came to its bound."""
    made = statement(site, wanted, conditions, way)
    rows = await connection.fetch(made.text, *made.arguments)
    if is_cut(made, rows):
        return None
    return [Row(row["sort_value"], row["id"], row["document"]) for row in rows]


def _is_later(row: Row, cut: Cut) -> bool:
    assert row.document is not None
    times = _times.decode(row.document)
    return times.updated_at == cut.latest_s and times.resource_version > cut.until_ms
