"""Versions that held at a moment and that a later one has replaced, of one list: the first of them in its order.

As with plain lists, no guess of the planner decides. Where most orders have changed since, the first ones that are
looked at are the page; where few have, all of these are soon looked at. Nobody knows beforehand which it is, so the
ways are tried in turn with growing bounds, and a page costs a small multiple of the cheaper one. The last way always
comes to an end: it looks at every version that held.
"""

from collections.abc import Awaitable, Iterable, Iterator
from typing import Any

from ledger.ids import Site
from projections.listing import OrderQuery
from projections.past.candidates import Row
from projections.past.cut import Cut
from projections.past.version_periods import VersionPeriods
from projections.past.version_reader import RESENT, VersionReader
from projections.past.walks import FIRST_STEP, ByUpdate, OfChanged
from projections.sql.conditions import Condition, OneOf, StartsWith

# What a try may look at: a set that is sorted in about a millisecond; one that is in a few; and as many as take the
# time that people still call at once.
SMALL_SET_ROWS_MAX = 2_000
SET_ROWS_MAX = 5_000
WALK_ROWS_MAX = 30_000

# By period of creation: where most versions are wanted and each was replaced a few times, and as many as a page of one
# order in twenty takes.
FIRST_PERIODS_ROWS_MAX = 2_000
PERIODS_ROWS_MAX = 10_000

# Orders that are looked up one by one take ten times as long as versions that an index has in the order of the page: as
# many as a page takes where one in five is wanted.
LOOKED_UP_MAX = 500


async def held(
    connection: Any,
    site: Site,
    wanted: OrderQuery,
    conditions: tuple[Condition, ...],
    cut: Cut,
    *,
    until: int | None = None,
    newly_changed: frozenset[str] = frozenset(),
) -> list[Row]:
    """The first rows of a list at a moment, of orders that have changed since; at least one more than a page has.

    Args:
        until: the sort value of the last row that the page can hold; what stands behind it may be left out.
        newly_changed: orders that have also changed behind what the index has.
    """
    if cut.is_present or (not cut.is_time and cut.position >= cut.indexed):
        # What has been replaced was replaced by then.
        return []
    reader = VersionReader(connection, site, wanted, conditions, cut, until=until, newly_changed=newly_changed)
    if reader.bounds.is_empty:
        return []
    for way in (_by_creation if reader.by_creation else _by_update)(reader):
        rows = await way
        if rows is not None:
            return rows
    raise AssertionError("a set without a bound is read to its end")


_Ways = Iterator[Awaitable[list[Row] | None]]


def _by_creation(reader: VersionReader) -> _Ways:
    """What to try, one after the other: first the way that is likely to be the shorter one."""
    changed, periods, is_narrow = OfChanged(reader), VersionPeriods(reader), _is_narrow(reader.conditions)
    # Of a range of updates, periods that have none of it take as long to go through as those that are read.
    has_range, of_status = reader.has_range("updated_at"), _is_of_status(reader)
    set_before_periods = of_status and has_range
    if has_range:
        yield reader.of_range_of_updates(SMALL_SET_ROWS_MAX)
    if of_status:
        yield reader.all_that_held(SET_ROWS_MAX if set_before_periods else SMALL_SET_ROWS_MAX)
    if is_narrow or not periods.are_enough:
        yield changed.rows(FIRST_STEP, LOOKED_UP_MAX)
    if periods.are_enough:
        yield periods.by_creation(PERIODS_ROWS_MAX if has_range else FIRST_PERIODS_ROWS_MAX, PERIODS_ROWS_MAX)
    if not set_before_periods:
        yield reader.all_that_held(SET_ROWS_MAX)
    if is_narrow:
        yield changed.rest(SET_ROWS_MAX)
    if periods.are_enough:
        yield periods.by_creation(WALK_ROWS_MAX, 0)
    if has_range:
        yield reader.of_range_of_updates(WALK_ROWS_MAX)
    yield reader.all_that_held(None)


def _by_update(reader: VersionReader) -> _Ways:
    """The same for a list in the order of updates."""
    changed, periods, by_update = OfChanged(reader), VersionPeriods(reader), ByUpdate(reader)
    is_narrow, of_creation = _is_narrow(reader.conditions), reader.has_range("created_at")
    if _is_of_status(reader):
        yield reader.all_that_held(SMALL_SET_ROWS_MAX)
    if is_narrow and RESENT not in reader.conditions:
        yield changed.rows(FIRST_STEP, 0)
    if of_creation and periods.are_enough and periods.are_few:
        yield periods.by_update(SET_ROWS_MAX)
    yield by_update.rows(FIRST_STEP, SET_ROWS_MAX)
    yield reader.all_that_held(SET_ROWS_MAX)
    if is_narrow or of_creation:
        yield changed.rest(SET_ROWS_MAX)
    yield by_update.rows(WALK_ROWS_MAX, 0)
    yield reader.all_that_held(None)


def _is_of_status(reader: VersionReader) -> bool:
    """Whether few may have held for their status, and the page is not bounded by orders that have not changed."""
    return reader.until is None and any(each.column == "status" for each in reader.conditions)


def _is_narrow(conditions: Iterable[Condition]) -> bool:
    """Whether few orders can be in the list for what never changes about them."""
    narrow = {"id", "invoice_id", "subscription_id", "original_order_id"}
    return any(each.column in narrow and isinstance(each, OneOf | StartsWith) for each in conditions) or any(
        each.column in {"business_entity_id", "is_resent"} and isinstance(each, OneOf) and each.values != (False,)
        for each in conditions
    )
