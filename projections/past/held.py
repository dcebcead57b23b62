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
from projections.past.candidates import Changed, Row
from projections.past.cut import Cut
from projections.past.version_reader import VersionReader
from projections.sql.conditions import Condition, OneOf, StartsWith

# What a try may look at: as many as a page takes where most of them are wanted; a set that is sorted in a few
# milliseconds; and as many as take the time that people still call at once.
FIRST_STEP = 400
SET_ROWS_MAX = 5_000
WALK_ROWS_MAX = 30_000
ALL_ROWS = 2**31 - 1

# A try that has found so much of a page after its first step goes on: it will be full soon.
WORTH_GOING_ON = 0.2


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
    for way in _ways(reader):
        rows = await way
        if rows is not None:
            return rows
    raise AssertionError("a set without a bound is read to its end")


def _ways(reader: VersionReader) -> Iterator[Awaitable[list[Row] | None]]:
    """What to try, one after the other: first the way that is likely to be the shorter one."""
    changed, by_update = _OfChanged(reader), _ByUpdate(reader)
    walk = changed if reader.by_creation else by_update
    is_narrow = _is_narrow(reader.conditions)
    by_status = not is_narrow and any(each.column == "status" for each in reader.conditions)
    if by_status:
        yield reader.all_that_held(SET_ROWS_MAX)
    if not reader.by_creation and is_narrow:
        yield changed.rows(FIRST_STEP, 0)
    yield walk.rows(FIRST_STEP, SET_ROWS_MAX)
    if not by_status:
        yield reader.all_that_held(SET_ROWS_MAX)
    if is_narrow or (not reader.by_creation and reader.has_range("created_at")):
        yield changed.rows(SET_ROWS_MAX, 0)
    if not reader.by_creation:
        yield by_update.rows(WALK_ROWS_MAX, 0)
    elif reader.has_range("updated_at"):
        yield reader.of_range_of_updates(WALK_ROWS_MAX)
    yield reader.all_that_held(ALL_ROWS)


def _is_narrow(conditions: Iterable[Condition]) -> bool:
    """Whether few orders can be in the list for what never changes about them."""
    narrow = {"id", "invoice_id", "subscription_id", "original_order_id"}
    return any(each.column in narrow and isinstance(each, OneOf | StartsWith) for each in conditions) or any(
        each.column in {"business_entity_id", "is_resent"} and isinstance(each, OneOf) and each.values != (False,)
        for each in conditions
    )


class _Walk:
    """Goes through versions until there are enough of a list, or no more."""

    def __init__(self, reader: VersionReader) -> None:
        self.reader = reader
        self.found: list[Row] = []
        self.is_done = False

    async def rows(self, rows_max: int, further: int) -> list[Row] | None:
        """The first rows of the list; None if more would have to be looked at.

        Args:
            rows_max: how many may be looked at.
            further: how many more where so much of the page was found that it will soon be full.
        """
        await self._go(rows_max)
        if not self.is_done and further and len(self.found) > WORTH_GOING_ON * self.reader.wanted.limit:
            await self._go(further)
        return await self._complete() if self.is_done else None

    async def _go(self, rows_max: int) -> None:
        raise NotImplementedError

    async def _complete(self) -> list[Row] | None:
        return self.found

    def _is_full(self) -> bool:
        return len(self.found) > self.reader.wanted.limit


class _OfChanged(_Walk):
    """Orders that have changed since, by creation, each looked up as it was."""

    def __init__(self, reader: VersionReader) -> None:
        super().__init__(reader)
        self._changed = Changed.of(
            reader.connection, reader.site, reader.wanted, reader.conditions, reader.cut, until=reader.until
        )

    async def _go(self, rows_max: int) -> None:
        self._changed.is_cut = False
        looked, by_creation, wanted = 0, self.reader.by_creation, self.reader.wanted.limit
        # Where most have changed and are wanted, a few more than a page are enough.
        limit = min(rows_max, wanted + 1 + wanted // 5) if by_creation else rows_max
        while not (self._changed.is_over or self._changed.is_cut) and looked + limit <= rows_max:
            # Twice over what is asked for: deleted ones and others are read apart, and each reading is bounded.
            ids = await self._changed.next(limit, max(rows_max, 4 * limit))
            looked += limit
            if ids:
                self.found += await self.reader.at(ids)
            if by_creation and (self._is_full() or len(self.found) <= WORTH_GOING_ON * wanted):
                break
        self.is_done = self._changed.is_over or (by_creation and self._is_full())

    async def _complete(self) -> list[Row] | None:
        """With the orders that were missing because something else was revised."""
        if not self._changed.needs_revised:
            return self.reader.sorted(self.found)
        revised = await self.reader.revised(SET_ROWS_MAX)
        return None if revised is None else self.reader.sorted([*self.found, *revised])


class _ByUpdate(_Walk):
    """Versions in the order of updates."""

    def __init__(self, reader: VersionReader) -> None:
        super().__init__(reader)
        self._behind: tuple[int, str, int] | None = None

    async def _go(self, rows_max: int) -> None:
        looked, step = 0, FIRST_STEP
        while looked < rows_max and not self.is_done:
            rows = await self.reader.by_update(self._behind, step)
            self.found += [
                Row(row["sort_value"], row["id"], version=row["version"]) for row in rows if row["id"] is not None
            ]
            first = rows[0]
            if first["looked"]:
                self._behind = (first["reached_at"], first["reached_id"], first["reached_version"])
            self.is_done = first["looked"] < step or self._is_full()
            looked += step
            step *= 4
